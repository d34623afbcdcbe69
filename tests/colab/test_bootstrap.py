"""The bootstrap cell: in Colab it installs the book's package and moves nothing, elsewhere it does nothing.

The same of the cells that install more, in the chapters that need it. Executed in an IPython shell of Colab's version,
on every Python that has its environment (`make environment-colabs`); see standin.py for what stands in for Colab, the
index and GitHub. torch, TensorFlow and pandas are there as metadata only, at Colab's versions.
"""

import json
import re
import subprocess
from pathlib import Path

import nbformat
import pytest

from tools import release
from tools.colab import INSTALLED_BY_CHAPTERS, OWN, PYTHONS

from . import standin
from .standin import NEW, ROOT, VERSIONS, index, offline, published, throwaway

pytestmark = pytest.mark.slow
SHELL = Path(__file__).with_name("shell.py")
IMPORT = "import pruneutils"
ADDED = {  # what further cells install, and what of its needs Colab lacks
    "tensorflow-model-optimization": {"tensorflow-model-optimization", "mock"},
    "torch-pruning": {"torch-pruning"},
}
USE = """\
from pruneutils import masks, schedules, scores
from pruneutils.book import checks, claims, data, plots
assert data.mnist1d().X_train.ndim == 2
assert masks.unstructured(scores.magnitude([3.0, -1.0]), 0.5).tolist() == [True, False]"""


def bootstrap() -> str:
    """The first code cell of the first chapter; a gate keeps it the same in all."""
    notebook = nbformat.read(min((ROOT / "chapters").glob("*.ipynb")), as_version=4)
    return next(cell.source for cell in notebook.cells if cell.cell_type == "code")


def further_installs() -> list[str]:
    """The other cells that install something, each once, whatever number of chapters has it."""
    notebooks = (nbformat.read(path, as_version=4) for path in sorted((ROOT / "chapters").glob("*.ipynb")))
    sources = [cell.source for notebook in notebooks for cell in notebook.cells if cell.cell_type == "code"]
    return list(dict.fromkeys(source for source in sources if "pip install" in source and source != bootstrap()))


def requirement(source: str) -> str:
    """The name of the package that a further cell installs."""
    return re.search(r"pip install -q ([\w-]+)==", source)[1]


def execute(folder: Path, python: str, wheels: Path, repository: Path, cells: list[str], colab: bool = True) -> dict:
    """Run cells in a throwaway environment, and return what shell.py tells of them."""
    interpreter = throwaway(folder / "environment", python, VERSIONS)
    (folder / "task.json").write_text(json.dumps({"colab": colab, "cells": cells}))
    variables = offline(wheels, repository) | {"IPYTHONDIR": str(folder / "ipython")}
    command = [interpreter, SHELL, folder / "task.json", folder / "told.json"]
    finished = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    told = json.loads((folder / "told.json").read_text())
    return {**told, "output": finished.stdout + finished.stderr, "environment": str(folder / "environment")}


def complaints(told: dict, new: set[str] = NEW) -> list[str]:
    """What the cells failed to do in Colab, and what they should not have done."""
    before, after = told["before"], told["after"]
    found = [f"cell {i}: {error}" for i, error in enumerate(told["errors"], 1) if error]
    found += [
        f"{name} moved from {before[name]} to {after.get(name)}" for name in before if after.get(name) != before[name]
    ]
    found += [f"{name} was installed" for name in sorted(after.keys() - before.keys() - new)]
    found += [f"{name} was not installed" for name in sorted(new - after.keys())]
    if not (told["pruneutils"] or "").startswith(told["environment"]):
        found.append(f"pruneutils comes from {told['pruneutils']}")
    return found


def idle(told: dict) -> list[str]:
    """What the bootstrap did where it should do nothing."""
    found = [f"{name} appeared or moved" for name in told["after"] if told["before"].get(name) != told["after"][name]]
    found += [f"the name {name} is left" for name in told["names"] if name != "sys"]
    return found + told["actions"] + [error for error in told["errors"] if error]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    return index(tmp_path_factory.mktemp("index") / "wheels", VERSIONS)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return published(tmp_path_factory.mktemp("published"))


@pytest.mark.parametrize("python", PYTHONS)
def test_in_colab_it_installs_the_package_and_moves_nothing(tmp_path, python, wheels, repository):
    told = execute(tmp_path, python, wheels, repository, [bootstrap(), USE, bootstrap()])
    assert {name: told["before"].get(name) for name in VERSIONS} == VERSIONS
    assert not complaints(told), told["output"]


@pytest.mark.parametrize("ref", ["main", "v0.1.0"])
def test_the_stand_in_has_the_ref_that_bootstraps_ask_for(tmp_path, monkeypatch, ref):
    """Were there always a tag, or always a branch, a bootstrap that asks for the other would pass or fail wrongly."""
    monkeypatch.setattr(standin, "copy_repository", lambda folder: small_repository(folder, ref))
    published(tmp_path)
    listed = subprocess.run(["git", "for-each-ref", "--format=%(refname:short)"], cwd=tmp_path, capture_output=True)
    assert set(listed.stdout.decode().split()) == {"main", ref}


def small_repository(folder: Path, ref: str) -> None:
    (folder / "_config.yml").write_text(f"repository:\n  branch: {ref}\n")


@pytest.mark.parametrize("python", PYTHONS)
def test_elsewhere_it_does_nothing(tmp_path, python, wheels, repository):
    """No process, no connection, no file, no package, no name but `sys`."""
    cells = [bootstrap(), *further_installs()]
    assert idle(execute(tmp_path, python, wheels, repository, cells, colab=False)) == []


@pytest.mark.parametrize("source", further_installs(), ids=requirement)
def test_in_colab_a_further_cell_installs_its_package_and_moves_nothing(tmp_path, source, wheels, repository):
    """One chapter's toolkit would upgrade what all others run with; or the cell stopped installing it."""
    told = execute(tmp_path, OWN, wheels, repository, [bootstrap(), source, bootstrap(), IMPORT])
    assert not complaints(told, NEW | ADDED[requirement(source)]), told["output"]


def test_every_further_cell_is_known():
    """A chapter installs what tools/colab.py does not link: in `make test`, its kernel would lack it."""
    assert {requirement(source) for source in further_installs()} == ADDED.keys()
    assert set().union(*ADDED.values()) <= set(INSTALLED_BY_CHAPTERS)


WORSE = {
    "eager upgrade": ("-q", "-q --upgrade --upgrade-strategy eager", "numpy moved from 2.1.3 to 99"),
    "a version that does not exist": ("==", "==9", "{} was not installed"),
    "never in Colab": ('"google.colab" in', '"google.collab" in', "{} was not installed"),
    "one package too many": ("-q", "-q pruneutils-extra", "pruneutils-extra was installed"),
}


@pytest.mark.all
@pytest.mark.parametrize("name", WORSE)
def test_a_planted_further_cell_is_seen(tmp_path, name, repository):
    old, new, expected = WORSE[name]
    source = further_installs()[0]
    package = requirement(source)
    assert old in source
    wheels = index(tmp_path / "wheels", {**VERSIONS, "pruneutils-extra": "0"})
    told = execute(tmp_path, OWN, wheels, repository, [bootstrap(), source.replace(old, new), IMPORT])
    assert expected.format(package) in complaints(told, NEW | ADDED[package]), told["output"]


def test_what_it_does_in_colab_is_seen(tmp_path, wheels, repository):
    """Were the watch blind, the test above would prove nothing."""
    seen = idle(execute(tmp_path, OWN, wheels, repository, [bootstrap()]))
    assert any(action.startswith(("subprocess.", "os.")) for action in seen)
    assert "pruneutils appeared or moved" in seen


PLANTED = {
    "upgrades numpy": (("-q", "-q --upgrade numpy"), "numpy moved from 2.1.3 to 2.1.3.post1"),
    "eager upgrade": (("-q", "-q --upgrade --upgrade-strategy eager"), "requests moved from 2.32.4 to 99"),
    "one package too many": (("-q", "-q pruneutils-extra"), "pruneutils-extra was installed"),
    "without dependencies": (("-q", "-q --no-deps"), "mnist1d was not installed"),
    "a ref that does not exist": ((f"@{release.current()}", "@gone"), "pruneutils was not installed"),
    "another repository": (("//github.com/", "//github.com/not-"), "pruneutils was not installed"),
    "never in Colab": (('"google.colab" in', '"google.collab" in'), "pruneutils was not installed"),
}


@pytest.mark.all
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bootstrap_is_seen(tmp_path, name, repository):
    change, expected = PLANTED[name]
    assert change[0] in bootstrap()
    wheels = index(tmp_path / "wheels", {**VERSIONS, "pruneutils-extra": "0"})
    told = execute(tmp_path, OWN, wheels, repository, [bootstrap().replace(*change), IMPORT])
    assert expected in complaints(told), told["output"]


@pytest.mark.all
def test_a_dependency_that_colab_does_not_meet_is_seen(tmp_path, wheels):
    repository = published(tmp_path / "repository", "numpy>=2.3")
    told = execute(tmp_path, OWN, wheels, repository, [bootstrap(), IMPORT])
    assert "numpy moved from 2.1.3 to 99" in complaints(told), told["output"]


def test_a_missing_environment_skips_with_its_reason(monkeypatch):
    with pytest.raises(pytest.skip.Exception, match=r"this machine has no Python 3\.10"):
        standin.environment("3.10")
    monkeypatch.setattr(standin, "built", lambda python: False)
    with pytest.raises(pytest.skip.Exception, match=r"is not built; `make environment-colabs` builds it"):
        standin.environment(OWN)
