"""Each check sees the defect that it is there for: a page is spoilt once, and the check must complain of that.

The pages are those of a book with two chapters; what is looked at stands in its first pages.
"""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from . import checks
from .reader import Visit, context
from .site import Copy, chapters, serve, toc

pytestmark = pytest.mark.slow
FIRST, CHAPTER = toc()[0], chapters()[0]
END, HEAD = "</article>", "</head>"
PICTURE = '<img alt="Test accuracy against sparsity'
NARROW = 400


@pytest.fixture(scope="module")
def copy(mini, tmp_path_factory):
    return Copy.of(mini, tmp_path_factory.mktemp("spoilt") / "html")


@pytest.fixture(scope="module")
def window(browser, copy):
    with serve(copy.html) as base:
        found = context(browser, "light", NARROW)
        found.grant_permissions(["clipboard-read", "clipboard-write"])
        yield Visit(found.new_page(), base)


@pytest.fixture
def spoil(copy, window):
    """Replace a text in a file of the pages, then open a page afresh; undone after the test."""
    changed = {}

    def change(old, new, page=FIRST, file=None):
        file = file or f"{page}.html"
        changed.setdefault(file, (copy.html / file).read_text(encoding="utf-8"))
        copy.change(file, old, new)
        return window.open(f"{page}.html")

    yield change
    for file, text in changed.items():
        (copy.html / file).write_text(text, encoding="utf-8")


def seen(complaints, word):
    """The planted defect and no other: a check that complains of all and everything would pass otherwise."""
    assert complaints
    assert all(word in complaint for complaint in complaints), complaints


def test_unspoilt_pages_pass(window):
    """Else the tests below would show nothing."""
    for name in (FIRST, CHAPTER):
        visit = window.open(f"{name}.html")
        assert not checks.reading(visit, name) + checks.accessibility(visit) + checks.keyboard(visit)


@pytest.mark.parametrize(
    "old, new, word",
    [
        (HEAD, '<script>console.error("planted")</script></head>', "console: planted"),
        (HEAD, '<script>throw Error("planted")</script></head>', "script: planted"),
        (END, "<p>It costs $n^2$ bytes.</p></article>", "raw markup: It costs $"),
        (END, r"<p>It costs \(n^2\) bytes.</p></article>", r"raw markup: It costs \("),
        (END, "<p>| a | b | |---|---|</p></article>", "raw markup: |"),
        (END, '<p><span class="math">n</span></p></article>', "not set"),
        (PICTURE, '<img alt="" title="Test accuracy', "no alt text"),
        (PICTURE, '<img title="Test accuracy', "no alt text"),
        (END, '<div style="width: 3000px">wide</div></article>', "3"),
        (
            END,
            '<div style="overflow-x: auto"><p style="width: 3000px">wide</p></div></article>',
            "not with the keyboard",
        ),
        (END, '<div style="overflow: hidden"><p style="width: 3000px; text-align: right">a</p></div></article>', "cut"),
        (
            END,
            '<pre tabindex="0" style="overflow-x: auto"><b style="margin-left: -60px">before</b></pre></article>',
            "cut off",
        ),
    ],
)
def test_reading_sees(spoil, old, new, word):
    seen(checks.reading(spoil(old, new), FIRST), word)


@pytest.mark.parametrize("address", ["https://cdn.example.org/a.js", "//cdn.example.org/a.js", "http://192.0.2.1/a.js"])
def test_reading_sees_another_host(spoil, address):
    complaints = checks.reading(spoil(HEAD, f'<script async src="{address}"></script></head>'), FIRST)
    assert any(complaint.startswith("external: http") for complaint in complaints)


@pytest.mark.parametrize(
    "old, new", [('src="_images/', 'src="_images/no-'), ('href="_static/book', 'href="_static/no')]
)
def test_reading_sees_a_missing_file(spoil, old, new):
    complaints = checks.reading(spoil(old, new), FIRST)
    assert any("status 404" in complaint for complaint in complaints)


def test_reading_sees_formulas_that_are_not_set(spoil):
    complaints = checks.reading(spoil("mathjax/tex-chtml.js", "mathjax/tex-no.js", CHAPTER), CHAPTER)
    assert any("not set" in complaint for complaint in complaints)
    assert "the source has formulas, the page has none" in complaints


def test_reading_sees_a_wrong_formula(spoil):
    formula = r'<span class="math notranslate nohighlight">\(\frac{1}\)</span></article>'
    seen(checks.reading(spoil(END, formula, CHAPTER), CHAPTER), "wrong: <mjx-merror")


@pytest.mark.parametrize(
    "new, word",
    [
        ('<p style="color: #999; background: #fff">pale</p>', "serious color-contrast"),
        ("<button></button>", "critical button-name"),
        ('<img src="_static/logo.svg">', "critical image-alt"),
    ],
)
def test_accessibility_sees(spoil, new, word):
    seen(checks.accessibility(spoil(END, new + END)), word)


@pytest.mark.parametrize(
    "old, new, word",
    [
        (END, '<button tabindex="-1">planted</button></article>', "not reached with Tab: <button"),
        (END, '<div onclick="alert()">planted</div></article>', "not reached with Tab: <div"),
        (END, '<button style="outline: none">planted</button></article>', "focus is not to be seen"),
        (END, '<button style="opacity: 0">planted</button></article>', "focus is not to be seen"),
        ('<div id="pst-skip-link"', '<a href="#end">planted</a><div id="pst-skip-link"', "first is not the skip link"),
        ("theme-switch-button", "planted", "no theme switch"),
    ],
)
def test_keyboard_sees(spoil, old, new, word):
    seen(checks.keyboard(spoil(old, new)), word)


@pytest.mark.parametrize("old, new", [("<summary", '<summary tabindex="-1"'), ("<summary", "<summary inert")])
def test_keyboard_sees_a_folded_part_out_of_reach(spoil, old, new):
    seen(checks.keyboard(spoil(old, new, CHAPTER)), "not reached with Tab: <summary")


def test_toggles_see_one_that_does_not_open(spoil):
    visit = spoil("<summary", '<summary onkeydown="event.preventDefault()"', CHAPTER)
    seen(checks.toggles(visit, checks.folded(CHAPTER)), "Enter does not open and close")


def test_toggles_see_that_none_is_there(window):
    seen(checks.toggles(window.open(f"{FIRST}.html"), 3), "0 folded parts, expected 3")


def test_copying_sees_other_text(spoil):
    script = """<script>document.addEventListener("copy", (event) => {
        event.clipboardData.setData("text/plain", "other"); event.preventDefault();
        event.stopImmediatePropagation() }, true)</script></head>"""
    seen(checks.copying(spoil(HEAD, script, CHAPTER), expected=True), "copied 'other' instead")


def test_copying_sees_that_no_button_is_there(spoil):
    seen(checks.copying(spoil("_static/copybutton.js", "_static/no.js", CHAPTER), expected=True), "no button")


def test_search_sees_an_index_that_is_not_there(spoil, window):
    term = checks.own_term(CHAPTER)
    assert not checks.search(window, term, CHAPTER)
    spoil("searchindex.js", "no.js", "search")
    assert checks.search(window, term, CHAPTER)


def test_search_sees_a_word_that_is_not_found(window):
    assert checks.search(window, "zzyzx", CHAPTER)  # nothing is found, or only what begins like it, elsewhere


def test_order_sees_a_page_passed_over(copy):
    names = [name for name in toc() if (copy.html / f"{name}.html").exists()]
    assert not checks.order(copy.html, names)
    assert checks.order(copy.html, [names[0], *names[2:]])


@pytest.mark.parametrize(
    "planted, word",
    [
        ('<a href="chapters/no.html">a</a>', "does not exist"),
        ('<a href="#no">a</a>', "no such anchor"),
        ('<a href="pages/glossary.html#no">a</a>', "no such anchor"),
        ('<a href="/pages/glossary.html">a</a>', "does not exist"),
        ('<img src="_images/no.png" alt="a">', "does not exist"),
    ],
)
def test_links_see(copy, spoil, planted, word):
    spoil(END, planted + END)
    seen(checks.links(copy.html), word)


def test_links_see_a_page_that_nothing_leads_to(copy):
    orphan = copy.html / "pages" / "orphan.html"
    orphan.write_text('<a href="../intro.html">a</a>')
    seen(checks.links(copy.html), "pages/orphan: no link leads there")
    orphan.unlink()


def test_weights_see_heavy_pages(copy, spoil, browser, window):
    big = copy.html / "_images" / "big.png"
    plt.imsave(big, np.random.default_rng(0).random((800, 800, 3)))  # noise of 2 MB, which nothing compresses
    spoil(END, '<img src="_images/big.png" alt="big"></article>')
    cold = context(browser, "light", NARROW)
    transferred, _ = checks.weigh(Visit(cold.new_page(), window.base), FIRST)
    cold.close()
    complaints = checks.too_heavy(FIRST, checks.own_bytes(copy.html, FIRST), transferred)
    big.unlink()
    assert len(complaints) == 2
