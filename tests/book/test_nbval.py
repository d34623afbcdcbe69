"""Strict nbval, with the repository's own configuration, fails on what must fail and on nothing else."""

import copy
import re
import shutil

import nbformat
import pytest
from nbclient import NotebookClient

from .chapter import ROOT
from .workspace import COLAB, NBVAL, PINS, run

pytestmark = pytest.mark.slow
SOURCES = (
    "import sys\n\nfrom pruneutils.book.claims import claim",
    "four = 2 + 2\nprint(10 * four + 2)",
    'claim("two-and-two", f"Two and two are {four}.", holds=four == 4)',
    'print("noise", file=sys.stderr)\nfour',
)
DEFECTS = {
    "altered": ({"stored": "41\n"}, {"Cell 1"}),
    "untrue": ({"source": "four = 5\nprint(42)"}, {"Cell 2", "Cell 3"}),
    "raising": ({"source": "four = 2 + 2\nprint(42)\nraise RuntimeError"}, {"Cell 1"}),
}


@pytest.fixture(scope="module")
def control():
    """A notebook as refresh stores it; its claim's output is ignored, as measured numbers are."""
    cells = [nbformat.v4.new_code_cell(source) for source in SOURCES]
    cells[2].metadata["tags"] = ["nbval-ignore-output"]
    return NotebookClient(nbformat.v4.new_notebook(cells=cells), kernel_name="python3", record_timing=False).execute()


def spoiled(control, source=None, stored=None):
    """A copy with another source or another stored output in its second cell."""
    notebook = copy.deepcopy(control)
    cell = notebook.cells[1]
    cell.source = source or cell.source
    cell.outputs[0].text = stored or cell.outputs[0].text
    return notebook


@pytest.fixture(scope="module", params=[COLAB, PINS])
def failures(request, control, tmp_path_factory):
    """Failed cells by notebook, from one run over all notebooks in a folder laid out as the book's."""
    root = tmp_path_factory.mktemp("book")
    (root / "chapters").mkdir()
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copyfile(ROOT / name, root / name)
    quiet = copy.deepcopy(control)
    quiet.cells[3].outputs = [o for o in quiet.cells[3].outputs if o.get("name") != "stderr"]
    older, false = copy.deepcopy(control), copy.deepcopy(control)
    for notebook in (older, false):
        del notebook.cells[2].metadata["tags"]
    older.cells[2].outputs[0].data["text/markdown"] = "> **Claim.** Two and two are 4."
    false.cells[2].outputs[0].data["text/plain"] = "✔ Two and two are 5. (two-and-two)"
    notebooks = {name: spoiled(control, **changes) for name, (changes, _) in DEFECTS.items()}
    notebooks |= {"control": control, "quiet": quiet, "older": older, "false": false}
    for name, notebook in notebooks.items():
        nbformat.write(notebook, root / "chapters" / f"{name}.ipynb")
    report = run(*NBVAL, request.param, "-rA", "chapters", cwd=root, packages=ROOT).stdout
    found = {}
    for verdict, name, cell in re.findall(r"^(PASSED|FAILED|ERROR) chapters/(\w+)\.ipynb::(Cell \d)", report, re.M):
        found.setdefault(name, set()).update({cell} if verdict != "PASSED" else set())
    assert len(found) == len(notebooks), report
    return found


def test_a_good_notebook_passes(failures):
    assert failures["control"] == set()


def test_stderr_noise_does_not_fail(failures):
    """Warnings differ between machines; the stored notebook has none here, the run has one."""
    assert failures["quiet"] == set()


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_fails_in_its_cells(failures, name):
    """A stored number changed, a claim that no longer holds though its output is ignored, a cell that raises."""
    assert failures[name] == DEFECTS[name][1]


def test_a_claims_sentence_is_compared_and_not_how_it_is_shown(failures):
    """A box with a title more must not ask for every chapter to be executed again; another sentence must."""
    assert failures["older"] == set() and failures["false"] == {"Cell 2"}
