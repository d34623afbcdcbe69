"""The built pages: complete, self-contained, light, and a broken link stops the build."""

import gzip
import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from .chapter import PAGE_BYTES, ROOT, load, tags
from .workspace import build, mini_book

pytestmark = pytest.mark.slow
CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))
CALL_OUT = re.compile(r"^> \*\*(Note|Pitfall|Try it)\.\*\*", re.MULTILINE)
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
NOT_LOADED = {"canonical", "author", "license", "next", "prev", "search", "index"}


def article(page: Path) -> BeautifulSoup:
    """What the page itself says, without navigation."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find("article")


def words(text: str) -> str:
    """Words and digits only: how marks and quotes are typeset does not matter."""
    return " ".join(re.findall(r"\w+", text))


def shown(chapter) -> list:
    """Outputs of the cells that are on the page."""
    return [o for _, cell in chapter.code if "remove-cell" not in tags(cell) for o in cell.outputs]


@pytest.mark.parametrize("name", CHAPTERS)
def test_figures_are_on_the_page(html, name):
    """A figure may be lost between notebook and page, or its alt text with it."""
    page = html / "chapters" / f"{name}.html"
    chapter = load(ROOT / "chapters" / f"{name}.ipynb")
    pictures = article(page).select("svg.figure")
    assert len(pictures) >= sum("image/svg+xml" in o.get("data", {}) for o in shown(chapter))
    expected = {c.metadata["mystnb"]["image"]["alt"] for _, c in chapter.code if "mystnb" in c.metadata}
    assert expected <= {picture.get("aria-label") for picture in pictures}


@pytest.mark.parametrize("name", CHAPTERS)
def test_figures_follow_light_and_dark(html, name):
    """A colour that is no variable stays as it is on a dark page, where dark ink cannot be read."""
    page = (html / "chapters" / f"{name}.html").read_text(encoding="utf-8")
    figures = re.findall(r'<svg[^>]* class="figure".*?</svg>', page, re.DOTALL)
    assert figures
    assert {c for f in figures for c in re.findall(r"(?:fill|stroke): (#1a1a1a|#000000|black)", f)} == set()
    assert all(len(set(ids)) == len(ids) for ids in [re.findall(r'\bid="([^"]+)"', "".join(dict.fromkeys(figures)))])


@pytest.mark.parametrize("name", CHAPTERS)
def test_claims_are_on_the_page(html, name):
    """A claim's output may be dropped for a MIME type that the page does not prefer."""
    text = words(article(html / "chapters" / f"{name}.html").get_text(" "))
    records = [
        o.metadata["claim"]
        for o in shown(load(ROOT / "chapters" / f"{name}.ipynb"))
        if "claim" in o.get("metadata", {})
    ]
    assert records
    assert [r["id"] for r in records if words(r["statement"]) not in text] == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_callouts_became_admonitions(html, name):
    """Blockquotes that start with Note, Pitfall or Try it are plain quotes again if the transform is not loaded."""
    notebook = nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4)
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    expected = Counter(kind for source in prose for kind in CALL_OUT.findall(source))
    titles = article(html / "chapters" / f"{name}.html").select(".admonition > .admonition-title")
    assert expected <= Counter(title.get_text().strip() for title in titles)


@pytest.mark.parametrize("name", CHAPTERS)
def test_page_is_light(html, name):
    """Own weight of a page: its HTML, compressed as servers send it, and its pictures."""
    page = html / "chapters" / f"{name}.html"
    pictures = {page.parent / i["src"] for i in article(page).select("img[src*='_images/']")}
    sent = len(gzip.compress(page.read_bytes(), 6))
    assert sent + sum(picture.stat().st_size for picture in pictures) < PAGE_BYTES


def remote(html: Path) -> list[str]:
    """What pages and stylesheets below a folder would fetch from another host."""
    found = []
    for page in html.rglob("*.html"):
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for element in soup.find_all(list(LOADED)):
            address = element.get(LOADED[element.name], "")
            if re.match(r"(https?:)?//", address) and not NOT_LOADED & set(element.get("rel", [])):
                found.append(f"{page.relative_to(html)}: {address}")
    for sheet in [*html.rglob("*.css"), *html.rglob("*.html")]:
        addresses = re.findall(
            r"(?:\burl\(|@import)\s*[\"']?((?:https?:)?//[^\s\"')]+)", sheet.read_text(encoding="utf-8")
        )
        found += [f"{sheet.relative_to(html)}: {address}" for address in addresses]
    return found


def test_no_page_loads_anything_from_elsewhere(html):
    """Offline, a remote script, stylesheet, font or picture is missing; online, it tells a third party who reads."""
    assert not remote(html)


@pytest.mark.parametrize(
    "planted",
    [
        '<script src="https://example.org/a.js"></script>',
        '<link rel="stylesheet" href="//example.org/a.css">',
        '<link rel="preload" as="font" href="https://example.org/a.woff2">',
        '<img src="https://example.org/badge.svg" alt="badge">',
        "<style>@font-face { src: url('https://example.org/a.woff2') }</style>",
    ],
)
def test_a_remote_address_is_seen(tmp_path, planted):
    good = '<link rel="canonical" href="https://example.org/"><a href="https://example.org/">link</a>'
    (tmp_path / "page.html").write_text(good)
    assert remote(tmp_path) == []
    (tmp_path / "page.html").write_text(good + planted)
    assert len(remote(tmp_path)) == 1


@pytest.mark.parametrize("name", CHAPTERS)
def test_mathematics_is_set_by_the_book_itself(html, name):
    """Pages with formulas load MathJax, and find it in the book."""
    page = html / "chapters" / f"{name}.html"
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    scripts = [s["src"].split("?")[0] for s in soup.find_all("script", src=re.compile("mathjax"))]
    assert soup.select(".math")
    assert scripts
    assert all((page.parent / script).is_file() for script in scripts)


def test_a_broken_link_stops_the_build(tmp_path):
    """Without -W, or with the warning silenced, a link to nowhere would be published."""
    root = mini_book(tmp_path)
    path = root / "chapters" / f"{CHAPTERS[0]}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source += "\n\nSee [nothing](99-nowhere.ipynb)."
    nbformat.write(notebook, path)
    finished, _ = build(root)
    assert finished.returncode != 0
    assert "99-nowhere" in finished.stdout + finished.stderr
