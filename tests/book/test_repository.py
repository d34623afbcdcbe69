"""The repository as a whole: one address everywhere, a fresh ledger, nothing of the machine it was made on."""

import subprocess
import sys

import pytest

from . import synthetic
from .book_gates import (
    MACHINE_PATHS,
    REGISTRIES,
    address,
    forbidden,
    missing_addresses,
    other_addresses,
    repository_files,
)
from .chapter import ROOT


@pytest.fixture(scope="module")
def files():
    return repository_files(ROOT)


def test_every_place_that_needs_the_address_has_it():
    """A reader who follows the README, the Colab button or the citation must reach the same repository."""
    assert not missing_addresses(ROOT)


def test_no_place_has_another_address(files):
    """`make repository URL=...` missed a place."""
    assert not other_addresses(ROOT, files)


def test_no_registry_host(files):
    """A registry's host would bind the book to one index; pip's own configuration decides."""
    assert not forbidden(ROOT, files, REGISTRIES)


def test_no_machine_path(files):
    """A path of the author's machine in a file or a stored output works nowhere else."""
    assert not forbidden(ROOT, files, MACHINE_PATHS)


def test_nothing_is_left_to_do(files):
    """What `make chapter` leaves open is marked TODO; a reader would find it."""
    parts = {ROOT / "chapters", ROOT / "pages", ROOT / "pruneutils"}
    read = [path for path in files if parts & set(path.parents) or path.name in ("chapters.yml", "intro.md")]
    assert not forbidden(ROOT, read, ["TODO"])


def test_ledger_is_fresh():
    """The claims page was not collected again after a chapter's outputs changed."""
    run = subprocess.run([sys.executable, "-m", "tools.ledger", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture
def small_book(tmp_path):
    """The synthetic book, with an address in all the places that need it."""
    synthetic.write(tmp_path, synthetic.notebook())
    url = "https://github.com/owner/book"
    (tmp_path / "pyproject.toml").write_text(f'[project]\n[project.urls]\nRepository = "{url}"\n')
    for name in ("README.md", "_config.yml", "CITATION.cff"):
        (tmp_path / name).write_text(f"See {url}.\n")
    for path in tmp_path.glob("chapters/*"):
        path.write_text(path.read_text().replace("https://example.org/book", url))
    return tmp_path


def test_a_place_without_the_address_is_seen(small_book):
    assert address(small_book) == "https://github.com/owner/book"
    assert missing_addresses(small_book) == []
    (small_book / "CITATION.cff").write_text("See elsewhere.\n")
    assert missing_addresses(small_book) == ["CITATION.cff"]


@pytest.mark.parametrize(
    "other", ["https://github.com/them/book", "https://them.github.io/book/", "x/github/them/book/y"]
)
def test_another_address_is_seen(small_book, other):
    page = small_book / "README.md"
    assert other_addresses(small_book, [page]) == []
    page.write_text(page.read_text() + other)
    assert len(other_addresses(small_book, [page])) == 1


@pytest.mark.parametrize("word", [*REGISTRIES, *MACHINE_PATHS])
def test_a_forbidden_word_is_seen(tmp_path, word):
    page = tmp_path / "page.md"
    page.write_text(f"Take it from {word} today.")
    assert forbidden(tmp_path, [page], [*REGISTRIES, *MACHINE_PATHS]) == [f"page.md: {word}"]
