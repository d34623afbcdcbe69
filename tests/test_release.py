"""A release: one version, one ref for badges and bootstraps, and no chapter ahead of the package that it installs."""

import re
import subprocess

import nbformat
import pytest
import yaml

from tools import published, release, verified

CONFIG = "repository:\n  url: https://github.com/owner/book\n  branch: main\n\nsphinx:\n  branches: main\n"
BADGE = "[Open](https://colab.research.google.com/github/owner/book/blob/main/chapters/01-start.ipynb)"
BOOTSTRAP = '%pip install -q "pruneutils @ git+https://github.com/owner/book@main"'
USE = """\
from pruneutils import masks
from pruneutils.book import data
data = data.digits()
data.X_train, masks.block(data), masks.nothing_at_all
"""
CHANGELOG = "# Changelog\n\n## 0.2.0\n\n- Blocks.\n\n## 0.1.0 (2026-01-31)\n\n- Masks.\n"
MASKS = "def block(scores):\n    return scores\n"


def git(root, *arguments):
    settings = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *settings, *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout


def store(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def write_chapter(root, code=USE):
    """A chapter as text and as notebook."""
    text = f"# Start\n\nA promise.\n\n{BADGE}\n"
    blocks = [f"```{{code-cell}} ipython3\n{source}\n```\n" for source in (BOOTSTRAP, code)]
    store(root, "chapters/01-start.md", "\n".join([text, *blocks]))
    cells = [nbformat.v4.new_markdown_cell(text), *map(nbformat.v4.new_code_cell, (BOOTSTRAP, code))]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), root / "chapters" / "01-start.ipynb")


@pytest.fixture
def book(tmp_path):
    """A committed book at version 0.1.0, whose next section of the changelog is written."""
    store(tmp_path, "_config.yml", CONFIG)
    store(tmp_path, "pyproject.toml", '[project]\nversion = "0.1.0"\nRepository = "https://github.com/owner/book"\n')
    store(tmp_path, "CITATION.cff", "cff-version: 1.2.0\nversion: 0.1.0\n")
    store(tmp_path, "CHANGELOG.md", CHANGELOG)
    store(tmp_path, "pruneutils/__init__.py", '__version__ = "0.1.0"\n')
    store(tmp_path, "pruneutils/masks.py", MASKS)
    store(tmp_path, "pruneutils/book/__init__.py", "")
    store(tmp_path, "pruneutils/book/data.py", "def digits(): ...\n")
    write_chapter(tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "book")
    return tmp_path


def contents(root):
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts}


def test_release_and_the_way_back(book, capsys):
    """One forgotten place, and Colab opens a chapter with a package that it was not written for."""
    before, notebook = contents(book), book / "chapters" / "01-start.ipynb"
    digest = verified.digest(notebook, book)
    release.main("0.2.0", book)
    for path in (notebook, notebook.with_suffix(".md")):
        assert release.refs(path.read_text()) == {"v0.2.0"} and release.wrong(path, book) == []
        assert path.read_text().count("v0.2.0") == 2
    assert yaml.safe_load((book / "_config.yml").read_text()) == {
        "repository": {"url": "https://github.com/owner/book", "branch": "v0.2.0"},
        "sphinx": {"branches": "main"},
    }
    assert release.version(book) == "0.2.0"
    assert (book / "CITATION.cff").read_text() == "cff-version: 1.2.0\nversion: 0.2.0\n"
    assert (book / "pruneutils" / "__init__.py").read_text() == '__version__ = "0.2.0"\n'
    assert re.search(
        r"^## 0\.2\.0 \(20\d\d-\d\d-\d\d\)\n\n- Blocks\.\n\n## 0\.1\.0 \(", (book / "CHANGELOG.md").read_text(), re.M
    )
    assert "git tag v0.2.0" in capsys.readouterr().out
    assert verified.digest(notebook, book) == digest  # nothing was executed, nothing has to be

    git(book, "commit", "-qam", "Release 0.2.0")
    release.main("dev", book)
    after = contents(book)
    assert {p.name for p in after if after[p] != before[p]} == {
        "pyproject.toml",
        "__init__.py",
        "CITATION.cff",
        "CHANGELOG.md",
    }


@pytest.mark.parametrize("wanted", ["", "0.2", "v0.2.0", "next", "0.0.9"])
def test_a_bad_version_is_refused_and_nothing_written(book, wanted):
    """A slip of the pen must not be written into every chapter."""
    before = contents(book)
    with pytest.raises(SystemExit, match=f"VERSION='{wanted}'"):
        release.main(wanted, book)
    assert contents(book) == before


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda root: store(root, "new.md", ""), "not clean"),
        (lambda root: git(root, "tag", "v0.2.0"), "tag v0.2.0 exists"),
        (
            lambda root: commit(root, "CHANGELOG.md", CHANGELOG.replace("## 0.2.0\n\n- Blocks.\n\n", "")),
            "first section",
        ),
        (lambda root: commit(root, "CHANGELOG.md", CHANGELOG.replace("- Blocks.\n", "")), "first section"),
        (lambda root: commit(root, "CITATION.cff", "cff-version: 1.2.0\n"), "CITATION.cff: found 0"),
    ],
    ids=["not committed", "tagged", "no section", "empty section", "no version"],
)
def test_a_release_that_is_not_ready_is_refused_and_nothing_written(book, spoil, says):
    """A tag without its changelog, or over another one, cannot be taken back."""
    spoil(book)
    before = contents(book)
    with pytest.raises(SystemExit, match=says):
        release.main("0.2.0", book)
    assert contents(book) == before


def commit(root, name, text):
    store(root, name, text)
    git(root, "commit", "-qam", "change")


def test_a_version_that_is_unreleased_is_named(book):
    commit(book, "CHANGELOG.md", CHANGELOG.replace("## 0.2.0", "## Unreleased"))
    release.main("0.2.0", book)
    assert "## 0.2.0 (20" in (book / "CHANGELOG.md").read_text()


def test_a_ref_of_another_version_is_seen(book):
    """The version was changed by hand, and the ref was not."""
    release.main("0.2.0", book)
    store(book, "pyproject.toml", (book / "pyproject.toml").read_text().replace("0.2.0", "0.3.0"))
    assert release.wrong(book / "chapters" / "01-start.md", book) == [
        "_config.yml: ref v0.2.0, expected main or v0.3.0"
    ]


# chapters ahead of the package


def test_a_function_newer_than_the_tag_is_seen(book):
    """Tests run with the working tree's package; in Colab the chapter would fail until someone releases."""
    release.main("0.2.0", book)
    git(book, "commit", "-qam", "Release 0.2.0")
    assert published.newer(book) == []  # no tag yet
    git(book, "tag", "v0.2.0")
    assert published.newer(book) == []
    store(book, "pruneutils/masks.py", MASKS + "\n\ndef n_of_m(scores):\n    return scores\n")
    store(book, "pruneutils/book/plots.py", "def curve(): ...\n")
    write_chapter(book, USE + "masks.n_of_m\nfrom pruneutils.book import plots\nplots.curve()")
    found = [re.sub(", which.*", "", complaint) for complaint in published.newer(book)]
    assert found == [
        "01-start.md uses pruneutils.book.plots",
        "01-start.md uses pruneutils.book.plots.curve",
        "01-start.md uses pruneutils.masks.n_of_m",
    ]
    release.main("dev", book)
    assert published.newer(book) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from pruneutils.masks import block", {"pruneutils.masks.block"}),
        ("from pruneutils import masks as m\nm.block(1)", {"pruneutils.masks", "pruneutils.masks.block"}),
        ("import pruneutils\npruneutils.masks.block", {"pruneutils", "pruneutils.masks", "pruneutils.masks.block"}),
        ("import pruneutils.masks as m\nm.block", {"pruneutils.masks", "pruneutils.masks.block"}),
        ("%matplotlib inline\nfrom pruneutils import masks", {"pruneutils.masks"}),
        ("import torch\ntorch.nn.Linear", set()),
    ],
)
def test_what_a_chapter_uses_is_read_off_its_imports(book, code, expected):
    write_chapter(book, code)
    assert published.used(book / "chapters" / "01-start.ipynb") == expected
    assert published.used(book / "chapters" / "01-start.md") == expected


def test_names_are_found_wherever_a_module_binds_them():
    imports, tried = "import a.b\nfrom c import d as e\n", "try:\n    F = 1\nexcept E:\n    F, G = 2, 3\n"
    defined = "class H:\n    i = 1\ndef j():\n    k = 1\n"
    assert published.bound(imports + tried + defined) == {"a", "e", "F", "G", "H", "j"}


def test_the_released_package_has_what_chapters_use():
    assert published.newer() == []
