"""Each chapter leads to itself in Colab: by the badge below its promise, and by the launch button of its page.

The badge is text, styled on the page: Colab shows no picture by a relative path, and a remote one would break the
page offline.
"""

import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
import yaml
from book.book_gates import address
from book.chapter import ROOT
from bs4 import BeautifulSoup

from tools import release, repository

CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
TEXT = "Open this chapter in Colab"


def in_colab(root: Path, name: str) -> str:
    """The address at which Colab opens a chapter of the repository that pyproject.toml names."""
    branch = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]["branch"]
    slug = address(root).removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{slug}/blob/{branch}/chapters/{name}.ipynb"


def badge(root: Path, name: str) -> list[str]:
    """The badge stands alone below title and promise, in notebook and text, and leads to this very notebook."""
    expected, complaints = f"[{TEXT}]({in_colab(root, name)})", []
    path = root / "chapters" / f"{name}.ipynb"
    paragraphs = nbformat.read(path, as_version=4).cells[0].source.split("\n\n")
    if paragraphs[2:3] != [expected]:
        complaints.append(f"{path.name}: expected {expected} as third paragraph, found {paragraphs[2:3]}")
    for file in (path, path.with_suffix(".md")):
        if (n := file.read_text(encoding="utf-8").count("colab.research.google.com")) != 1:
            complaints.append(f"{file.name}: {n} links to Colab, expected the badge alone")
    return complaints


def page(root: Path, html: Path, name: str) -> list[str]:
    """On the page the badge is a link without a picture, and the launch button opens the notebook, not the text."""
    soup = BeautifulSoup((html / "chapters" / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    expected, complaints = in_colab(root, name), []
    links = [a for a in soup.find_all("a", href=True) if "colab.research.google.com" in a["href"]]
    complaints += [f"{name}: link to {a['href']}" for a in links if a["href"] != expected]
    badges = [a for a in links if a.find_parent("article")]
    if [a.get_text() for a in badges] != [TEXT] or badges[0].find("img"):
        complaints.append(f"{name}: {len(badges)} badges in the article, expected one of text")
    buttons = [a for a in links if a.find_parent(class_="dropdown-launch-buttons")]
    if len(buttons) != 1 or "Colab" not in buttons[0].get_text():
        complaints.append(f"{name}: {len(buttons)} launch buttons for Colab, expected one")
    return complaints


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_badge(path):
    assert badge(ROOT, path.stem) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_page(html, path):
    assert page(ROOT, html, path.stem) == []


@pytest.fixture
def clone(tmp_path):
    """What of the repository badges depend on, tracked by git."""
    for file in (ROOT / "pyproject.toml", ROOT / "_config.yml", *(ROOT / "chapters").glob("*.*")):
        target = tmp_path / file.relative_to(ROOT)
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, target)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
    return tmp_path


def test_badges_follow_the_repository(clone):
    """`make repository URL=...` rewrites every badge; until it does, none is right for the new address."""
    names = [path.stem for path in CHAPTERS]
    repository.main("https://github.com/New-Owner/other.book", clone)
    assert [badge(clone, name) for name in names] == [[] for _ in names]
    assert "/github/New-Owner/other.book/blob/" in in_colab(clone, names[0])
    with (clone / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("# only the one place of truth is changed\n")
    project = (clone / "pyproject.toml").read_text(encoding="utf-8")
    (clone / "pyproject.toml").write_text(project.replace("New-Owner", "third"), encoding="utf-8")
    assert all(badge(clone, name) for name in names)


WRONG = {
    "another chapter": ("/01-", "/02-"),
    "the text": (".ipynb)", ".md)"),
    "another ref": (f"/blob/{release.current()}/", "/blob/gone/"),
    "another owner": ("/github/your-org/", "/github/elsewhere/"),
    "no badge": (f"[{TEXT}]", "[Open]"),
    "a picture": (f"[{TEXT}]", f"[![{TEXT}](../_static/colab.svg)]"),
    "a remote picture": (f"[{TEXT}]", f"[![{TEXT}](https://colab.research.google.com/badge.svg)]"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_badge_is_seen(clone, name):
    old, new = WRONG[name]
    path = clone / "chapters" / f"{CHAPTERS[0].stem}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    link = f"[{TEXT}]({in_colab(clone, path.stem)})"
    old = old.replace("your-org", address(clone).split("/")[-2])
    assert old in link
    notebook.cells[0].source = notebook.cells[0].source.replace(link, link.replace(old, new))
    nbformat.write(notebook, path)
    assert badge(clone, path.stem)


def test_a_badge_before_the_promise_is_seen(clone):
    path = clone / "chapters" / f"{CHAPTERS[0].stem}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    title, promise, *rest = notebook.cells[0].source.split("\n\n")
    notebook.cells[0].source = "\n\n".join([title, *rest, promise])
    nbformat.write(notebook, path)
    assert badge(clone, path.stem)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [("01-prune-in-five-minutes.ipynb", "01-prune-in-five-minutes.md"), ("dropdown-launch-buttons", "gone")],
)
def test_a_wrong_page_is_seen(html, tmp_path, old, new):
    """The button leads to the .md when the table of contents omits the ending .ipynb."""
    name = CHAPTERS[0].stem
    (tmp_path / "chapters").mkdir()
    good = (html / "chapters" / f"{name}.html").read_text(encoding="utf-8")
    assert old in good
    (tmp_path / "chapters" / f"{name}.html").write_text(good.replace(old, new), encoding="utf-8")
    assert page(ROOT, tmp_path, name)
