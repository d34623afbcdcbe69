"""The chapters run in Colab: its versions, its first cell, an empty folder, and "Run all" twice in one kernel.

How near to Colab, which has Python 3.13: NumPy 2.1.3, SciPy 1.16.3, scikit-learn 1.6.1, Matplotlib 3.10.0, IPython
7.34.0, ipykernel 6.17.1, pip 24.1.2, TensorFlow 2.20.0, Keras 3.13.2, tf_keras 2.20.1 and all that these need are
Colab's versions. Not Colab's: torch is the book's own 2.13.0 (2.11.0 there), Python is that of .venv, and the processor
and its threads are this machine's. test_resolution.py checks these versions, and the last test here that the
kernel has them. Each chapter is executed as Colab opens it, the stored notebook with its bootstrap (see standin.py
for what that finds in place of GitHub and an index). Every claim must hold; outputs may differ from the stored ones.
"""

import copy
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from tools.colab import OWN, pinned, site_packages

from .standin import ROOT, VERSIONS, index, offline, published, throwaway

CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
PROBE = """\
import json, platform, pruneutils
from importlib.metadata import version
print(json.dumps({"Python": platform.python_version(), "pruneutils": pruneutils.__file__}
                 | {name: version(name) for name in %r}))"""


def twice(notebook, folder: Path, python: Path, variables: dict[str, str], probe: str = "") -> tuple[list[str], str]:
    """Run all cells of a notebook, and all again in the same kernel; what fails, and what the probe then prints."""
    specification = folder / "kernels" / "tested" / "kernel.json"
    specification.parent.mkdir(parents=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    specification.write_text(json.dumps({"argv": command, "display_name": "tested", "language": "python"}))
    kernels = KernelSpecManager(kernel_dirs=[str(specification.parents[1])], ensure_native_kernel=False)
    manager = AsyncKernelManager(kernel_name="tested", kernel_spec_manager=kernels)
    notebook = copy.deepcopy(notebook)
    number = len(notebook.cells)
    notebook.cells += [*copy.deepcopy(notebook.cells), nbformat.v4.new_code_cell(probe)]
    work = folder / "content"
    work.mkdir()
    client = NotebookClient(notebook, km=manager, timeout=300, resources={"metadata": {"path": str(work)}})
    with client.setup_kernel(env=variables):
        for position, cell in enumerate(notebook.cells):
            try:
                client.execute_cell(cell, position)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                run = "first" if position < number else "second"
                return [f"{run} run, cell {position % number + 1}: {error}"], ""
    return [], "".join(output.get("text", "") for output in notebook.cells[-1].outputs)


@pytest.fixture(scope="module")
def variables(tmp_path_factory):
    """Where pip and git find things, and the book's usual single thread."""
    folder = tmp_path_factory.mktemp("index")
    return offline(index(folder / "wheels", VERSIONS), published(folder / "repository"))


@pytest.mark.all
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_run_all_twice_with_colabs_versions(tmp_path, path, variables, record_property):
    """An API that is newer than Colab's, a file that only the repository has, a cell that spoils the next run."""
    python = throwaway(tmp_path / "environment", OWN, {"attrs": VERSIONS["attrs"]})
    site = site_packages(tmp_path / "environment", OWN)
    (site / "google" / "colab").mkdir(parents=True)
    (site / "google" / "colab" / "__init__.py").touch()
    (site / "preloaded.pth").write_text("import google.colab\n")
    names = [name for name in VERSIONS if name in pinned() or name == "torch"]
    complaints, printed = twice(nbformat.read(path, as_version=4), tmp_path, python, variables, PROBE % (names,))
    assert not complaints, complaints[0]
    found = json.loads(printed)
    assert found.pop("pruneutils").startswith(str(site))
    record_property(f"table: {path.stem} ran twice in Colab's stand-in", ", ".join(" ".join(p) for p in found.items()))
    assert found.pop("Python").startswith(OWN)
    assert found.pop("torch") == version("torch")
    assert found == {name: pinned()[name] for name in found}


PLANTED = {
    "first run, cell 2": ["W = [1.0, 0.0]", "assert all(W)"],
    "second run, cell 2": ["if 'W' not in globals():\n    W = [1.0, 0.0]", "W.remove(0.0)"],
    "second run, cell 1": ["assert 'masks' not in dir(), 'a name of the last run'", "masks = {}"],
}


@pytest.mark.slow
@pytest.mark.parametrize("expected", PLANTED)
def test_a_planted_cell_is_seen(tmp_path, expected):
    cells = [nbformat.v4.new_code_cell(source) for source in PLANTED[expected]]
    complaints, _ = twice(nbformat.v4.new_notebook(cells=cells), tmp_path, Path(sys.executable), dict(os.environ))
    assert len(complaints) == 1
    assert complaints[0].startswith(expected)


@pytest.mark.slow
def test_a_good_notebook_passes(tmp_path):
    cells = [nbformat.v4.new_code_cell("W = [1.0, 0.0]"), nbformat.v4.new_code_cell("W.remove(0.0)")]
    found = twice(nbformat.v4.new_notebook(cells=cells), tmp_path, Path(sys.executable), dict(os.environ), "print(W)")
    assert found == ([], "[1.0]\n")
