"""Every gate on every chapter, and what holds for the book as a whole."""

import pytest

from .book_gates import orphans, shared_claims
from .chapter import ROOT, load
from .gates import ALLOWED, GATES

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
    assert len(complaints) <= allowed(gate, path), "\n".join(complaints)


def allowed(gate, path):
    return ALLOWED.get(gate.__name__, {}).get(path.name[:2], 0)


def test_no_chapter_is_allowed_more_than_when_the_list_was_made():
    """The list of complaints that chapters may have shrinks, and no allowance grows."""
    first = {
        "wide_output": {"03": 2, "10": 1, "12": 2, "13": 6, "14": 1},
    }
    assert ALLOWED.keys() <= first.keys()
    assert all(number <= first[gate].get(name, 0) for gate in ALLOWED for name, number in ALLOWED[gate].items())


@pytest.mark.parametrize("gate", [gate for gate in GATES if gate.__name__ in ALLOWED], ids=lambda gate: gate.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_allowance_outlives_its_complaints(path, gate):
    """A chapter was mended: take its allowance out of gates.py."""
    assert len(gate(load(path))) >= allowed(gate, path)


def test_claim_ids_differ_across_the_book(chapters):
    """The ledger lists claims by id: two chapters must not share one."""
    assert not shared_claims(chapters)


def test_no_orphan_in_the_bibliography(chapters):
    """An entry that nothing cites is a reference nobody has checked."""
    assert not orphans(ROOT, chapters)
