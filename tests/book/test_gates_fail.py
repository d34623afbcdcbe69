"""Each gate is seen to fail: one defect is planted in a good chapter, and that gate, and no other, complains."""

from pathlib import Path

import pytest

from . import synthetic
from .book_gates import orphans, shared_claims
from .form_gate import limits
from .gates import GATES, load
from .planted import DEFECTS, replace


def complaining(path: Path) -> set[str]:
    return {gate.__name__ for gate in GATES if gate(load(path))}


def test_the_good_chapter_passes_every_gate(tmp_path):
    path = synthetic.write(tmp_path, synthetic.notebook())
    assert {gate.__name__: gate(load(path)) for gate in GATES} == {gate.__name__: [] for gate in GATES}


def test_the_good_chapter_in_the_new_form_passes_every_gate(tmp_path):
    path = synthetic.write(tmp_path, synthetic.new_form())
    assert {gate.__name__: gate(load(path)) for gate in GATES} == {gate.__name__: [] for gate in GATES}


@pytest.mark.parametrize("planted", DEFECTS, ids=lambda d: f"{d.gate}: {d.name}")
def test_a_planted_defect_is_seen_by_its_gate_only(planted, tmp_path):
    notebook = synthetic.notebook()
    planted.plant(notebook)
    path = synthetic.write(tmp_path, notebook)
    planted.spoil(tmp_path)
    found = complaining(path)
    assert planted.gate in found
    assert found <= {planted.gate} | planted.others


@pytest.mark.parametrize("planted", [d for d in DEFECTS if d.gate == "limits"], ids=lambda d: d.name)
def test_each_limit_is_seen_by_itself(planted, tmp_path):
    """A chapter that breaks two limits would pass for a test of either."""
    notebook = synthetic.notebook()
    planted.plant(notebook)
    (complaint,) = limits(load(synthetic.write(tmp_path, notebook)))
    assert planted.name.split()[0] in complaint


def test_a_claim_id_in_two_chapters_is_seen(tmp_path):
    chapter = load(synthetic.write(tmp_path, synthetic.notebook()))
    assert shared_claims([chapter]) == []
    assert shared_claims([chapter, chapter]) == ["all-finite", "most-stays", "one-is-one", "two-is-two"]


def test_an_orphan_in_the_bibliography_is_seen(tmp_path):
    path = synthetic.write(tmp_path, synthetic.notebook())
    assert orphans(tmp_path, [load(path)]) == []
    notebook = synthetic.notebook()
    replace("[LeCun, 1989](https://doi.org/10.1000/obd)", "None.")(notebook)
    assert orphans(tmp_path, [load(synthetic.write(tmp_path, notebook))]) == ["lecun1989"]
    (tmp_path / "pages" / "more.md").write_text("As {cite:t}`lecun1989` shows.")
    assert orphans(tmp_path, [load(path)]) == []


def test_every_gate_has_a_planted_defect():
    assert {gate.__name__ for gate in GATES} == {planted.gate for planted in DEFECTS}
