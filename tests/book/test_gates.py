"""Every gate on every chapter, and what holds for the book as a whole."""

import pytest

from .book_gates import orphans, shared_claims
from .chapter import ROOT, load
from .gates import GATES

NOTEBOOKS = sorted((ROOT / "chapters").glob("*.ipynb"))


@pytest.fixture(scope="module")
def chapters():
    return [load(path) for path in NOTEBOOKS]


def test_there_are_chapters():
    """An empty or renamed folder would let every gate pass on nothing."""
    assert NOTEBOOKS
    assert {p.stem for p in NOTEBOOKS} == {p.stem for p in (ROOT / "chapters").glob("*.md")}


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_gate(path, gate):
    complaints = gate(load(path))
    assert not complaints, "\n".join(complaints)


def test_claim_ids_differ_across_the_book(chapters):
    """The ledger lists claims by id: two chapters must not share one."""
    assert not shared_claims(chapters)


def test_no_orphan_in_the_bibliography(chapters):
    """An entry that nothing cites is a reference nobody has checked."""
    assert not orphans(ROOT, chapters)
