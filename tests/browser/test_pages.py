"""Every page on a phone, a tablet and a desk, by day and by night, without a network; and what it weighs.

`make test` opens each page in one of these windows (see site.turn), `make test-all` in all.
"""

import re

import pytest
from book.chapter import ROOT

from . import checks, site
from .reader import Visit, context
from .site import chapters, pages, toc, turn

pytestmark = pytest.mark.slow
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
NAMES = [*toc(), "search", "genindex", "404"]
PARTS = 4
WINDOWS = [(mode, width) for mode in ("light", "dark") for width in (400, 768, 1400)]


def in_turn(windows: list[tuple]) -> list:
    """Parameters: every page in every window, or used in every way, of which `make test` takes one."""
    return [
        pytest.param(name, *window, marks=[] if turn(name, len(windows)) == number else pytest.mark.all)
        for name in NAMES
        for number, window in enumerate(windows)
    ]


def test_no_page_is_left_out(html):
    """A page that Sphinx or an extension adds would not be looked at."""
    assert sorted(pages(html)) == sorted(NAMES)


def test_each_page_has_one_turn_until_it_changes(monkeypatch):
    """A page that `make test` never opens; or always in the same window, whatever is written on it."""
    turns = [param.values[0] for param in in_turn(WINDOWS) if not param.marks]
    assert turns == NAMES
    monkeypatch.setattr(site, "source", lambda name: "another text")
    before = [param.values for param in in_turn(WINDOWS) if not param.marks]
    monkeypatch.setattr(site, "source", lambda name: "a third text")
    assert before != [param.values for param in in_turn(WINDOWS) if not param.marks]


@pytest.mark.parametrize("name, mode, width", in_turn(WINDOWS))
def test_page_reads_well(reader, name, mode, width):
    """Errors, missing files, raw formulas, lost pictures, text cut off; and what axe-core finds."""
    visit = reader(mode, width).open(f"{name}.html")
    assert not checks.reading(visit, name) + checks.accessibility(visit)


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.all) for part in range(1, PARTS))])
def test_weights(browser, site, html, record_property, part):
    """A page that is heavy on a slow line; the table is printed after the tests.

    What a page weighs of its own is tested for all without a browser; the theme, which all share, by a part of them.
    """
    rows, complaints = [], []
    for name in NAMES[part::PARTS]:
        window = context(browser, "light", 1400)
        transferred, unpacked = checks.weigh(Visit(window.new_page(), site), name)
        window.close()
        own = checks.own_bytes(html, name)
        complaints += checks.too_heavy(name, own, transferred)
        rows.append(f"{name:34} {own / 1000:12.0f} {transferred / 1000:12.0f} {unpacked / 1000:12.0f}")
    header = f"{'page':34} {'own':>12} {'transferred':>12} {'unpacked':>12}"
    limits = f"{'limit':34} {checks.PAGE_BYTES / 1000:12.0f} {checks.TRANSFERRED_BYTES / 1000:12.0f}"
    what = "kB of a page opened first: HTML and pictures, text as sent; all, as sent; all, unpacked"
    title = f"table: part {part + 1} of {PARTS}, {what}"
    record_property(title, "\n".join([header, *rows, limits]))
    assert not complaints


def test_authors_are_told_the_limits_that_are_tested():
    told = re.search(r"HTML and pictures take (\d+) kB at most, and a first visit ([\d.]+) MB", CONTRIBUTING)
    assert [float(told[1]) * 1e3, float(told[2]) * 1e6] == [checks.PAGE_BYTES, checks.TRANSFERRED_BYTES]


def test_links_and_anchors(html):
    """A link to a page, file or heading that is not there, and a page that no link leads to."""
    assert not checks.links(html)


def test_next_and_previous(html):
    assert not checks.order(html, toc())


def test_reading_from_first_to_last_page(reader, site):
    """Pressing Enter on the link to the next page leads through the whole book."""
    visit = reader().open("index.html")
    seen = []
    for _ in toc():
        visit.page.wait_for_load_state("load")
        seen.append(visit.page.url.removeprefix(site).removesuffix(".html"))
        link = visit.page.query_selector(".prev-next-area a.right-next")
        if link:
            with visit.page.expect_navigation():
                link.press("Enter")
    assert seen == toc()


@pytest.mark.parametrize("name", ["index", chapters()[0]])
def test_page_opens_from_the_disk(browser, html, name):
    """Someone who has downloaded the book opens index.html; browsers are stricter there."""
    window = context(browser, "light", 1400)
    visit = Visit(window.new_page(), html.as_uri() + "/").open(f"{name}.html")
    if name == "index":
        visit.page.wait_for_url(f"**/{toc()[0]}.html")
        name = toc()[0]
        visit.open(f"{name}.html")
    complaints = checks.reading(visit, name)
    complaints += checks.search(visit, checks.own_term(chapters()[0]), chapters()[0])
    window.close()
    assert not complaints
