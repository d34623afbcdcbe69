"""What pages say of themselves: when they were verified, how long they take, what link previews show."""

import re
import shutil
import struct
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup

from tools import artwork, verified

from .chapter import ROOT
from .workspace import copy_repository

CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))
BASE = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["html"]["baseurl"]


def soup(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def pages() -> list[str]:
    """All pages of the table of contents, the first one included."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(c["file"].removesuffix(".ipynb") for part in toc["parts"] for c in part["chapters"])]


# verified on


def unverified(root: Path) -> list[str]:
    """Chapters whose notebook is not the one that refresh stored, and entries without a chapter."""
    entries, notebooks = verified.load(root), sorted((root / "chapters").glob("*.ipynb"))
    stale = [n.stem for n in notebooks if entries.get(n.stem, {}).get("digest") != verified.digest(n, root)]
    return stale + sorted(set(entries) - {notebook.stem for notebook in notebooks})


def test_every_chapter_was_stored_by_refresh():
    """A notebook saved by hand was not executed from its text, in a fresh kernel, with these versions."""
    assert not unverified(ROOT), "run make refresh for these chapters"


def test_a_notebook_saved_by_hand_is_seen(tmp_path):
    root = copy_repository(tmp_path)
    first, second = (root / "chapters" / f"{name}.ipynb" for name in CHAPTERS[:2])
    before = unverified(root)
    first.write_text(first.read_text(encoding="utf-8").replace("execution_count", "execution_count ", 1))
    second.rename(second.with_name("99-renamed.ipynb"))
    assert set(unverified(root)) - set(before) >= {"99-renamed", second.stem}
    assert first.stem in unverified(root)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAPTERS)
def test_the_page_says_when_it_was_verified(html, name):
    """Date, seconds, versions and minutes, once, below the promise."""
    entry = verified.load(ROOT)[name]
    (line,) = soup(html / "chapters" / f"{name}.html").select("article p.verified")
    expected = [entry["date"][:4], f"{entry['seconds']:.0f} seconds", f"{verified.reading_minutes(entry)} minutes"]
    expected += [f"{library} {number}" for library, number in entry["versions"].items()]
    assert [words for words in expected if words not in line.get_text()] == []
    assert line.find_previous_sibling().name == "p" and line.find_previous_sibling("h1")


# descriptions and the card


def introduction(page: Path) -> list[str]:
    """What is wrong with how a page presents itself to search engines and in link previews."""
    head = soup(page).head
    meta = {m.get("property") or m.get("name"): m.get("content", "") for m in head.find_all("meta")}
    text, complaints = meta.get("description", ""), []
    if not 40 <= len(text) <= 200 or "\\" in text or meta.get("og:description") != text:
        complaints.append(f"description {text!r}")
    if meta.get("og:image") != f"{BASE}_static/social-card.png" or not meta.get("og:image:alt"):
        complaints.append("card")
    if meta.get("og:site_name", "").startswith("Project") or not meta.get("og:url", "").startswith(BASE):
        complaints.append("site")
    icons = [link["href"] for link in head.find_all("link", rel=re.compile("icon"))]
    broken = [href for href in icons if not (page.parent / href.split("?")[0]).is_file()]
    return complaints + broken + ([] if len(icons) == 3 else ["icons"])


@pytest.mark.slow
def test_every_page_introduces_itself(html):
    """A link in a chat shows this and nothing else."""
    assert {name: introduction(html / f"{name}.html") for name in pages()} == {name: [] for name in pages()}
    texts = [soup(html / f"{name}.html").find("meta", attrs={"name": "description"})["content"] for name in pages()]
    assert len(set(texts)) == len(texts)


@pytest.mark.slow
@pytest.mark.parametrize(
    "old, new",
    [
        (r'name="description" content="', 'name="description" content="\\\\odot '),
        (r'name="description"', 'name="other"'),
        (r"https://[\w./-]+/_static/social-card", "_static/social-card"),
        (r"icon-32", "icon-33"),
    ],
)
def test_a_page_without_introduction_is_seen(html, tmp_path, old, new):
    shutil.copytree(html / "_static", tmp_path / "_static", ignore=lambda _, names: [n for n in names if "." not in n])
    text = (html / "intro.html").read_text(encoding="utf-8")
    (tmp_path / "intro.html").write_text(re.sub(old, new, text))
    assert len(introduction(tmp_path / "intro.html")) == 1


def card_faults(path: Path) -> list[str]:
    """A preview is dropped by those that show it when it is too heavy or of another shape."""
    content = path.read_bytes()
    shape = struct.unpack(">II", content[16:24])
    return [f"{len(content)} bytes"] * (len(content) > 100 * 1024) + [f"{shape}"] * (shape != (1200, 630))


def test_card_is_light():
    assert not card_faults(ROOT / "_static" / "social-card.png")


def test_an_oversize_card_is_seen(tmp_path):
    noise = np.random.default_rng(0).random((631, 1200, 3))
    matplotlib.image.imsave(tmp_path / "card.png", noise)
    assert len(card_faults(tmp_path / "card.png")) == 2


def test_pictures_are_those_that_the_script_draws(tmp_path):
    """An edited picture would be lost when the script next runs; fonts may differ in a pixel between builds."""
    artwork.write(tmp_path)
    drawn = sorted(path.name for path in tmp_path.iterdir())
    assert drawn == ["icon-180.png", "icon-32.png", "logo.svg", "social-card.png"]
    assert (tmp_path / "logo.svg").read_text() == (ROOT / "_static" / "logo.svg").read_text()
    for name in (n for n in drawn if n.endswith(".png")):
        new, stored = (matplotlib.image.imread(folder / name) for folder in (tmp_path, ROOT / "_static"))
        assert new.shape == stored.shape and np.abs(new - stored).mean() < 0.005
