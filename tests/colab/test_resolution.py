"""Installing pruneutils into an environment with Colab's versions moves none of them.

Twice: by arithmetic on the requirements of pruneutils, of what it needs, and so on (no pip, no network); and
by pip itself, with Colab's packages installed and newer versions of all of them on offer (see standin.py).
"""

import json
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, distributions

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools.colab import COLAB, FOLDER, OWN, PYTHONS, differences, pinned, site_packages

from .standin import (
    NEW,
    ROOT,
    VERSIONS,
    copy_repository,
    environment,
    index,
    normal,
    offline,
    throwaway,
    whole_list,
    with_dependency,
)

COLAB_RUNS = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux"}
EXTRAS = ("torch", "keras", "book")


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def needs(name: str) -> list[str]:
    """What a package needs, at Colab's version where that is installed; [] where it is Colab's and not here."""
    sites = [str(site_packages(FOLDER / python, python)) for python in PYTHONS]
    for package in distributions(path=sites):
        if normal(package.name) == name and package.version == pinned().get(name):
            return package.requires or []
    return [] if name in {**pinned(), **VERSIONS} else distribution(name).requires or []


def moved(requirements: list[str], has: dict[str, str], needs=needs) -> list[str]:
    """What these requirements, and those of all they need, would move in Colab or add to it."""
    complaints, seen = [], set()
    queue = [("pruneutils", line, EXTRAS) for line in requirements]
    while queue:
        parent, line, extras = queue.pop()
        requirement = Requirement(line)
        name = normal(requirement.name)
        if requirement.marker and not any(
            requirement.marker.evaluate({**COLAB_RUNS, "extra": e}) for e in ("", *extras)
        ):
            continue
        if name in has and not requirement.specifier.contains(has[name], prereleases=True):
            complaints.append(f"{parent} needs {requirement}, Colab has {has[name]}")
        elif name not in has and name not in NEW:
            complaints.append(f"{parent} needs {requirement}, which Colab lacks")
        if name not in seen:
            seen.add(name)
            queue += [(name, line, tuple(requirement.extras)) for line in needs(name)]
    return complaints


def declared() -> list[str]:
    """All that pruneutils asks for, extras included."""
    return project()["dependencies"] + [line for e in EXTRAS for line in project()["optional-dependencies"][e]]


def test_bounds_admit_what_colab_has():
    assert moved(declared(), {**pinned(), **VERSIONS}) == []
    assert SpecifierSet(project()["requires-python"]).contains(COLAB["Python"])


def test_the_walk_reaches_what_our_dependencies_need():
    """mnist1d asks for requests, scipy for numpy: were they not read, their bounds would not be checked."""
    environment(OWN)
    read = set()

    def spy(name):
        read.add(name)
        return needs(name)

    moved(declared(), {**pinned(), **VERSIONS}, spy)
    assert {"mnist1d", "requests", "scipy", "platformdirs", "urllib3", "contourpy", "traitlets", "torch"} <= read


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("numpy>=2.3", {}, "pruneutils needs numpy>=2.3, Colab has 2.1.3"),
        ("tensorflow<2.20", {}, "pruneutils needs tensorflow<2.20, Colab has 2.20.0"),
        ("pooch", {"pooch": ["platformdirs<4"]}, "pooch needs platformdirs<4, Colab has 4.11.3"),
        ("mnist1d", {"mnist1d": ["scipy>=1.17; python_version >= '3.12'"]}, "mnist1d needs scipy>=1.17; "),
        ("mnist1d", {"mnist1d": ["requests"], "requests": ["idna==2.10"]}, "requests needs idna==2.10, Colab has 3.18"),
        ("pooch[progress]", {"pooch": ["tqdm<1; extra == 'progress'"]}, "pooch needs tqdm<1; "),
        ("rigl-torch", {"rigl-torch": []}, "pruneutils needs rigl-torch, which Colab lacks"),
    ],
)
def test_a_planted_bound_is_seen(ours, theirs, expected):
    found = moved([ours], {**pinned(), **VERSIONS, "tqdm": "4.67"}, lambda name: theirs.get(name, []))
    assert len(found) == 1
    assert found[0].startswith(expected)


def test_a_bound_for_another_python_is_not_counted():
    assert moved(["numpy>=9; python_version < '3.12'", "numpy<1; extra == 'dev'"], VERSIONS, lambda name: []) == []


def unlisted(has: dict[str, str], listed: dict[str, str]) -> list[str]:
    """Versions of ours that are not those of Colab's list."""
    return [
        f"{name} {version}, Colab has {listed.get(name)}"
        for name, version in has.items()
        if listed.get(name) != version
    ]


def test_versions_are_those_of_colabs_list():
    """The dozen above and tests/colab/requirements.txt were copied once; the list may be renewed."""
    listed = whole_list()
    listed["torch"] = listed["torch"].split("+")[0]
    assert unlisted({**VERSIONS, **pinned(), "torch": COLAB["torch"]}, listed) == []
    assert unlisted({"numpy": "2.1.4", "jedi": "0.20.1"}, listed) == [
        "numpy 2.1.4, Colab has 2.1.3",
        "jedi 0.20.1, Colab has None",
    ]


def test_how_near_to_colab_the_notebooks_run():
    """All that the chapters import is at Colab's version but torch (the book's own) and, where it differs, Python."""
    environment(OWN)
    assert differences().keys() <= {"torch", "Python"}


def resolve(folder, python: str, has: dict[str, str], *requirements: str) -> dict[str, str]:
    """What pip would install for a wheel of the working tree with all its extras, where Colab's packages are."""
    environment(python)  # skips early
    root = copy_repository(folder / "book")
    for requirement in requirements:
        with_dependency(root, requirement)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, root]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("pruneutils-*.whl")
    interpreter = throwaway(folder / "environment", python, has)
    report = folder / "report.json"
    asked = f"pruneutils[{','.join(EXTRAS)}] @ {wheel.as_uri()}"
    pip = [interpreter, "-m", "pip", "install", "-q", "--dry-run", "--report", report, asked]
    finished = subprocess.run(
        pip, env=offline(index(folder / "wheels", has)), cwd=folder, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    installs = (entry["metadata"] for entry in json.loads(report.read_text())["install"])
    return {normal(entry["name"]): entry["version"] for entry in installs}


@pytest.mark.slow
@pytest.mark.parametrize("python", PYTHONS)
def test_pip_moves_none_of_the_dozen(tmp_path, python):
    assert resolve(tmp_path, python, VERSIONS).keys() == NEW


@pytest.mark.slow
def test_pip_moves_none_of_the_whole_list(tmp_path):
    """Skipped where ../shared/colab is not beside the checkout."""
    assert resolve(tmp_path, OWN, whole_list()).keys() == NEW


@pytest.mark.all
@pytest.mark.parametrize(("requirement", "name"), [("numpy>=2.3", "numpy"), ("pandas>=2.2.3.post1", "pandas")])
def test_pip_sees_a_planted_bound(tmp_path, requirement, name):
    assert name in resolve(tmp_path, OWN, VERSIONS, requirement).keys() - NEW


def test_a_missing_list_skips_with_its_reason(tmp_path):
    with pytest.raises(pytest.skip.Exception, match="whole list is not here"):
        whole_list(tmp_path)
