"""No address ever given leads nowhere: index, 404 page, renamed chapters; and the whole book as one PDF."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest

from _ext import signposts
from tools import browser, chapters, pdf, verified

from .chapter import ROOT
from .test_finding import BASE, CHAPTERS, soup
from .workspace import build, copy_repository, mini_book, run, verify


@pytest.mark.parametrize(
    "text",
    ["one.html", "a.html b.html c.html", "../a.html b.html", "a.html https://b.org/c.html", "/a.html b.html", "a b"],
)
def test_a_malformed_redirect_is_refused(text):
    with pytest.raises(ValueError, match="expected two pages"):
        signposts.redirects(text)


def test_a_wrong_redirect_is_seen():
    """It would hide a page, send readers in circles, or to nowhere."""
    pages = {"a.html", "b/c.html"}
    assert signposts.redirects("# old new\n\nold.html b/c.html#part\n") == [("old.html", "b/c.html#part")]
    assert signposts.wrong([("old.html", "b/c.html#part")], pages) == []
    for pairs in ([("a.html", "b/c.html")], [("old.html", "older.html")], [("old.html", "a.html")] * 2):
        assert len(signposts.wrong(pairs, pages)) == 1


def lost(root: Path) -> list[str]:
    """Chapters that the changelog names and that are neither pages nor redirected; pages that it does not name."""
    published = chapters.names_in((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    written = {path.stem for path in (root / "chapters").glob("*.ipynb")}
    moved = {old for old, _ in signposts.redirects((root / signposts.FILE).read_text(encoding="utf-8"))}
    gone = [name for name in published - written if f"chapters/{name}.html" not in moved]
    return sorted(gone) + [f"{name} is not in CHANGELOG.md" for name in sorted(written - published)]


def test_every_chapter_ever_published_can_be_reached():
    """Someone has bookmarked it."""
    assert not lost(ROOT)


def rename(root: Path, old: str, new: str) -> None:
    """Rename a chapter as an author would, short of the redirect; names are a number and one word."""
    for path in [*root.glob("chapters/*"), *root.glob("pages/*"), root / "intro.md", root / "chapters.yml"]:
        text = path.read_text(encoding="utf-8").replace(old, new)
        text = text.replace(f"title: {old[3:].title()}\n", f"title: {new[3:].title()}\n")
        path.write_text(text, encoding="utf-8")
    for path in root.glob(f"chapters/{old}.*"):
        path.rename(path.with_stem(new))
    chapters.write(root)
    verify(root)


@pytest.mark.slow
def test_a_renamed_chapter_is_still_reached(tmp_path):
    """The gate asks for the redirect, and the build writes it."""
    root = mini_book(tmp_path)
    others = lost(root)
    rename(root, "02-masks", "02-multiply")
    assert set(lost(root)) - set(others) == {"02-masks"}
    with (root / signposts.FILE).open("a", encoding="utf-8") as file:
        file.write("chapters/02-masks.html chapters/02-multiply.html\n")
    assert lost(root) == others
    finished, html = build(root)
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr
    page = soup(html / "chapters" / "02-masks.html")
    assert page.a["href"] == "02-multiply.html" and (html / "chapters" / page.a["href"]).is_file()
    assert page.html["lang"] and page.title.string
    assert page.find("link", rel="canonical")["href"] == f"{BASE}chapters/02-multiply.html"


@pytest.mark.slow
def test_the_build_stops_at_what_leads_nowhere_and_at_what_was_not_verified(tmp_path):
    """A dead redirect, a chapter that refresh never stored, and one that was changed since."""
    root = mini_book(tmp_path)
    (root / signposts.FILE).write_text("chapters/old.html chapters/none.html\n")
    verified.file(CHAPTERS[0], root).unlink()
    path = root / "chapters" / f"{CHAPTERS[1]}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].source += "\n\nOne more sentence."
    nbformat.write(notebook, path)
    finished, _ = build(root)
    log = " ".join((finished.stdout + finished.stderr).split())
    assert finished.returncode != 0
    assert "chapters/old.html leads to chapters/none.html, which is no page" in log
    assert f"chapter {CHAPTERS[0]} has no entry" in log
    assert f"chapter {CHAPTERS[1]} is not the notebook that `make refresh` stored" in log


@pytest.mark.slow
def test_the_index_leads_to_the_first_page(html):
    """With a script, without one, and for a reader who must click."""
    text = (html / "index.html").read_text(encoding="utf-8")
    assert 'location.replace("intro.html"' in text and 'url=intro.html"' in text and 'href="intro.html"' in text


def astray(html: Path) -> list[str]:
    """Links and files of 404.html that are not found from an address below the root of the published book."""
    prefix, attributes = urlsplit(BASE).path, ("href", "src", "action")
    found = [e.get(a, "") for e in soup(html / "404.html").find_all(True) for a in attributes if e.get(a)]
    inside = [address for address in found if not re.match(r"#|[a-z]+:", address)]
    files = [address.removeprefix(prefix).split("?")[0].split("#")[0] for address in inside]
    return [
        a for a, file in zip(inside, files, strict=True) if a[: len(prefix)] != prefix or not (html / file).exists()
    ]


@pytest.mark.slow
def test_404_works_at_any_address(html, tmp_path):
    """The server shows it for /pruning-book/chapters/none.html, from where a relative link leads astray."""
    assert astray(html) == []
    page = soup(html / "404.html")
    assert page.find("link", rel="stylesheet") and page.find("meta", attrs={"name": "robots"})
    prefix = urlsplit(BASE).path
    links = {link["href"].removeprefix(prefix) for link in page.article.find_all("a")}
    assert {"intro.html", "search.html", "pages/contents.html"} <= links
    (tmp_path / "404.html").write_text('<a href="intro.html">relative</a><a href="#here">here</a>')
    assert astray(tmp_path) == ["intro.html"]


# the whole book as one PDF


@pytest.mark.all
@pytest.mark.skipif(not browser.find(), reason="no Chromium: make browser")
def test_the_book_prints(tmp_path):
    """All chapters on A4, nothing of the machine that printed them."""
    finished = run("-m", "tools.pdf", cwd=copy_repository(tmp_path), packages=tmp_path)
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr
    content = (tmp_path / pdf.PDF).read_bytes()
    assert content.startswith(b"%PDF") and len(re.findall(rb"/Type /Page\b", content)) > 10 * len(CHAPTERS)
    assert b"file:/" not in content and str(tmp_path).encode() not in content


def test_printing_without_a_browser_says_what_is_missing(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "none")
    with pytest.raises(SystemExit, match="prints with Chromium or Chrome, and found none"):
        pdf.main()
