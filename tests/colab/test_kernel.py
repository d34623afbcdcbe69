"""The kernel in which `make test` executes every chapter: Colab's versions, this package, and nothing to install."""

import json
import os
import subprocess
from importlib.metadata import version

import pytest

from tools.colab import INSTALLED_BY_CHAPTERS, KERNELS, OWN, differences, link, pinned

from .standin import ROOT, environment, normal
from .test_bootstrap import SHELL, bootstrap, further_installs, idle


@pytest.fixture(scope="module")
def python():
    """The interpreter that Jupyter starts for the kernel `colab`."""
    environment(OWN)
    return json.loads((KERNELS / "kernels" / "colab" / "kernel.json").read_text())["argv"][0]


@pytest.fixture(scope="module")
def told(python, tmp_path_factory):
    """What the cells of the chapters that install something do there, and what that environment holds."""
    folder = tmp_path_factory.mktemp("kernel")
    cells = [bootstrap(), *further_installs(), "import pruneutils"]
    (folder / "task.json").write_text(json.dumps({"colab": False, "cells": cells}))
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"IPYTHONDIR": str(folder / "ipython")}
    command = [python, SHELL, folder / "task.json", folder / "told.json"]
    subprocess.run(command, cwd=folder, env=variables, check=True, capture_output=True)
    return json.loads((folder / "told.json").read_text())


def test_it_imports_the_working_tree(told):
    """An installed pruneutils would be tested in place of what is being written."""
    assert told["pruneutils"] == str(ROOT / "pruneutils" / "__init__.py")


def test_it_has_colabs_versions_and_what_chapters_install(told):
    """The book's own newer packages would let a chapter use what Colab does not have."""
    expected = {**pinned(), **{name: version(name) for name in ("torch", *INSTALLED_BY_CHAPTERS)}}
    assert {normal(name): told["before"].get(normal(name)) for name in expected} == expected
    assert differences().keys() <= {"torch", "Python"}


def test_nothing_is_installed_there(told):
    """A cell that installs in any notebook but Colab's would change a reader's environment, and ask the network."""
    assert idle({**told, "names": [name for name in told["names"] if name != "pruneutils"]}) == []


def test_links_follow_a_new_version(tmp_path):
    """The metadata of the version before would be left beside the new one, and be found first."""
    for old in ("mock-0.1.dist-info", "mock"):
        (tmp_path / old).symlink_to(tmp_path / "gone")
    for _ in range(2):
        link("mock", tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {"mock", f"mock-{version('mock')}.dist-info"}
        assert all(path.is_dir() for path in tmp_path.iterdir())
