"""What a page adds to its notebook: words on folded cells, addresses of claims, links, figures in two colour modes."""

import re

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from matplotlib.colors import to_hex

from _ext import callouts, folding
from pruneutils import _themed
from pruneutils.book import plots
from tools import chapters as plan
from tools import ledger

from .chapter import ROOT, claim_calls, load

CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))
KEYED = [name for name in CHAPTERS if "key-figure" in (ROOT / "chapters" / f"{name}.md").read_text(encoding="utf-8")]
DRAWN = "slider.js", "designer.js"  # an explorer has one of the two
EXPLORED = [name for name in CHAPTERS if "tags: [explorer" in (ROOT / "chapters" / f"{name}.md").read_text("utf-8")]


@pytest.fixture
def page(html, request):
    return BeautifulSoup((html / "chapters" / f"{request.param}.html").read_text(encoding="utf-8"), "html.parser")


def chapters(*names):
    return pytest.mark.parametrize("page, name", [(name, name) for name in names or CHAPTERS], indirect=["page"])


@pytest.mark.parametrize(
    "source, has_figure, hidden, tags, words",
    [
        ("#@title Solution 1.2\nanswer = 1", False, "input", [], "Solution 1.2"),
        ("import numpy as np\nclaim('a-b', 'So.', holds=True)", False, "input", [], "Imports"),
        ('x = 1\nclaim(\n    "a-b",', False, "input", [], "How this claim is checked"),
        (
            'claim("a-b", "So.", holds=True)\nclaim("c-d", "So.", holds=True)',
            True,
            "input",
            [],
            "How these claims are checked",
        ),
        ("ax.plot(x)", True, "input", [], "Code of this figure"),
        ('slider(x)\nclaim("a-b", "So.", holds=True)', False, "input", ["tag_explorer"], "Code of this explorer"),
        ("x = 1", False, "input", [], "Code of this step"),
        ("print(x)", False, "output", [], "The answer"),
    ],
)
def test_a_folded_cell_says_what_it_holds(source, has_figure, hidden, tags, words):
    """A hundred bars that all say "Show code cell source" hide a solution like an import."""
    assert folding.label(source, has_figure, hidden, tags) == words


@pytest.mark.parametrize("bold", ["Claim: Zeros return.", "Claim."])
def test_a_claim_is_known_in_both_forms(bold):
    """Outputs that were stored before claims had titles are not executed again for that."""
    sentence = nodes.paragraph("", "", nodes.Text(""), nodes.strong("", bold), nodes.Text(" They return."))
    quote = nodes.block_quote("", sentence, nodes.paragraph("", "", nodes.literal("", "zeros-return")))
    word, (paragraph, _) = callouts.without_opening(quote, callouts.opening(quote))
    assert callouts.CLAIM.match(word) and paragraph.astext() == "They return."


@pytest.mark.slow
@chapters()
def test_a_solution_folds_with_its_output(page, name):
    """Below an exercise that is not solved yet, an open "Exercise solved" gives the solution away."""
    folded = page.select("details.hide")
    assert folded and not any("code cell" in part.summary.get_text() for part in folded)
    solutions = [part for part in folded if part.summary.get_text().strip().startswith("Solution")]
    assert len(solutions) >= 3 and all(part.select(".cell_output") for part in solutions)


@pytest.mark.slow
@chapters()
def test_a_claim_and_its_entry_in_the_ledger_link_to_each_other(page, name, html):
    ids = [
        call.args[0].value
        for _, cell in load(ROOT / "chapters" / f"{name}.ipynb").code
        for call in claim_calls(cell.source)
    ]
    entries = BeautifulSoup((html / "pages" / "claims.html").read_text(encoding="utf-8"), "html.parser")
    for identity in ids:
        box = page.find(id=f"claim-{identity}")
        assert box and ledger.title(identity) in box.select_one(".admonition-title").get_text()
        assert box.select_one(f"a[href$='pages/claims.html#ledger-{identity}']")
        entry = entries.find(id=f"ledger-{identity}").find_parent("li")
        assert entry.select_one(f"a[href$='#claim-{identity}']")


@pytest.mark.slow
@chapters()
def test_numbers_of_equations_lead_to_them(page, name, html):
    """A number is a link, and what it names is there, in this chapter or another."""
    links = page.select("article a.equation-number")
    tagged = re.findall(r"\\tag\{(\d+\.\d+)\}", page.article.get_text())
    assert links or not tagged
    for link in links:
        path, _, anchor = link["href"].partition("#")
        target = (
            page if not path else BeautifulSoup((html / "chapters" / path).read_text(encoding="utf-8"), "html.parser")
        )
        assert link.get_text().strip("()") in target.find(id=anchor).get_text()


@pytest.mark.slow
@chapters()
def test_first_uses_of_the_glossarys_words_lead_there_once(page, name):
    targets = [link["href"] for link in page.select("article a.glossary-word")]
    assert len(targets) >= 3 and len(set(targets)) == len(targets)


@pytest.mark.slow
@chapters(*KEYED)
def test_the_key_figure_stands_below_the_promise(page, name):
    """Once more at the place where it is made, to which its caption leads."""
    key = page.find(id="key-figure")
    assert key.find_previous("p") is page.article.find("h1").find_next("p")
    made = page.find(id=key.select_one("figcaption a")["href"].removeprefix("#"))
    assert made.svg["aria-label"] == key.svg["aria-label"]


@pytest.mark.slow
def test_the_first_page_has_three_ways_in(html):
    """A reader who wants to understand, one who has a model, and one who teaches each find where to begin."""
    article = BeautifulSoup((html / "intro.html").read_text(encoding="utf-8"), "html.parser").article
    cards = article.select(".sd-card")
    ways = {card.select_one(".sd-card-title").get_text().strip(): card.select("a[href]") for card in cards}
    assert list(ways) == ["I want to understand", "I must make a model smaller", "I teach"]
    assert all(len(links) >= 3 and not {a["href"][:4] for a in links} & {"http"} for links in ways.values())


@pytest.mark.slow
def test_all_chapters_are_in_one_table(html):
    """Links to a chapter that is coming lead to its row."""
    page = BeautifulSoup((html / "pages" / "contents.html").read_text(encoding="utf-8"), "html.parser")
    (table,) = page.article.select("table.contents")
    rows = {row.select_one("[id]")["id"]: row for row in table.select("tbody tr")}
    assert list(rows) == [chapter.name for chapter in plan.chapters(ROOT)]
    assert all(bool(rows[c.name].select("a")) == c.written for c in plan.chapters(ROOT))


def test_some_chapter_has_a_key_figure():
    assert KEYED


def test_every_colour_of_the_figures_has_one_for_dark_pages():
    """A colour that plots.py gets and the page does not know would stay as it is by night."""
    constants = {name: value for name, value in vars(plots).items() if name.isupper() and isinstance(value, str)}
    colours = {to_hex(value) for value in constants.values()}
    assert len(colours) >= 8 and colours <= set(_themed.COLOURS)
    sheet = (ROOT / "_static" / "figures.css").read_text(encoding="utf-8")
    variables = {value[4:-1] for value in _themed.COLOURS.values() if value.startswith("var(")}
    assert all(len(re.findall(rf"{variable}: #", sheet)) == 2 for variable in variables)


def test_explorers_have_the_colours_of_the_figures():
    """Two blues side by side, or an explorer that keeps by night the blue of the day."""
    sheets = [ROOT / "_static" / "figures.css", ROOT / "pruneutils" / "book" / "card.css"]
    figures, card = (re.findall(r"(--figure-\w+): (#\w+)", sheet.read_text(encoding="utf-8")) for sheet in sheets)
    assert figures and figures == card


def stale(html):
    """The files of style and script that a stored explorer has not, or not as they are today."""
    book = ROOT / "pruneutils" / "book"
    text = {name: (book / name).read_text(encoding="utf-8") for name in ("card.css", "card.js", *DRAWN)}
    missing = [name for name in ("card.css", "card.js") if text[name] not in html]
    return missing + ([] if any(text[name] in html for name in DRAWN) else [" or ".join(DRAWN)])


@pytest.mark.parametrize("name", EXPLORED)
def test_stored_explorers_have_the_present_style_and_script(name):
    """No cell changes with them, so that a refresh without force keeps the old ones."""
    outputs = [o for _, cell in load(ROOT / "chapters" / f"{name}.ipynb").code for o in cell.outputs]
    stored = [o.data["text/html"] for o in outputs if "explorer-card" in o.get("data", {}).get("text/html", "")]
    assert stored and not [stale(html) for html in stored if stale(html)]


@pytest.mark.parametrize(
    "old, new, file",
    [("--ink", "--text", "card.css"), ("replaceState", "pushState", "card.js"), ("const draw", "let draw", DRAWN[0])],
)
def test_an_explorer_of_yesterday_is_seen(old, new, file):
    made = {name: (ROOT / "pruneutils" / "book" / name).read_text(encoding="utf-8") for name in ("card.css", "card.js")}
    html = "".join(made.values()) + (ROOT / "pruneutils" / "book" / DRAWN[0]).read_text(encoding="utf-8")
    assert not stale(html) and old in html
    assert [file in name for name in stale(html.replace(old, new))] == [True]


def test_a_figure_keeps_its_words_and_loses_its_ground():
    svg = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" width="75pt" height="30pt" viewBox="0 0 75 30">
<metadata>Matplotlib</metadata><path id="p1" style="fill: #ffffff"/><path style="fill: none; stroke: #1a1a1a"/>
<g clip-path="url(#p1)"><text style="font-size: 9px; font-family: 'DejaVu Sans'; fill: #ffffff">50 %</text></g></svg>"""
    drawn = _themed.themed(svg, 'A "mask"')
    assert 'aria-label="A &quot;mask&quot;"' in drawn and 'style="width: 100px; --drawn: 75"' in drawn
    assert "#1a1a1a" not in drawn and "currentcolor" in drawn and "Matplotlib" not in drawn
    assert 'style="fill: none"' in drawn and 'fill: #ffffff">50 %</text>' in drawn  # white words on a dark cell stay
    (identity,) = re.findall(r'\bid="([^"]+)"', drawn)
    assert identity != "p1" and f"url(#{identity})" in drawn
