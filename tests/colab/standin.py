"""What stands in for Colab, its package index and GitHub, so that the tests need no network.

- Colab's packages: an environment of tools/colab.py, real and at Colab's versions. A throwaway environment lies on
  top of it: what pip installs lands there, and Colab's other packages are metadata in it, without code.
- The index: a folder of wheels. What Colab lacks is packed again from .venv; of every package that Colab
  has there are two newer versions besides, empty, a next one and 99, which pip would take if anything asked for them.
- GitHub: a repository made from the working tree, with the ref that bootstraps ask for, a branch or a tag; git is told
  to clone it wherever the book's address is asked for. The call of pip, its clone and its build of a wheel run
  unchanged.
- google.colab: an empty module, in sys.modules before the first cell as it is there.
"""

import os
import re
import subprocess
import zipfile
from importlib.metadata import distribution, distributions
from pathlib import Path
from urllib.parse import unquote

import pytest
from book.book_gates import address
from book.chapter import ROOT
from book.workspace import copy_repository
from packaging.version import Version

from tools import release
from tools.colab import FOLDER, built, interpreters, pinned, site_packages

LIST = ROOT.parent / "shared" / "colab"
VERSIONS = {  # those that matter, in Colab on 2026-08-19
    "numpy": "2.1.3",
    "scipy": "1.16.3",
    "scikit-learn": "1.6.1",
    "matplotlib": "3.10.0",
    "pandas": "2.2.3",
    "torch": "2.11.0",
    "tensorflow": "2.20.0",
    "keras": "3.13.2",
    "tf-keras": "2.20.1",
    "ipython": "7.34.0",
    "ipykernel": "6.17.1",
    "pooch": "1.9.0",
    "requests": "2.32.4",
    "attrs": "26.1.0",  # dm-tree, which tfmot needs, asks for it and does without
}
NEW = {"pruneutils", "mnist1d", "jedi"}  # Colab's IPython lacks jedi, which it needs; pip completes that
PACKED = ("mnist1d", "jedi", "setuptools", "tensorflow-model-optimization", "mock", "torch-pruning")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def whole_list(folder: Path = LIST) -> dict[str, str]:
    """All that Colab has, by its newest list; skips the test where there is none."""
    lists = sorted(folder.glob("pip-freeze-*.txt"))
    if not lists:
        pytest.skip(f"Colab's whole list is not here (looked for pip-freeze-*.txt in {folder})")
    found = {}
    for line in lists[-1].read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([\w.-]+)(?:==(\S+)| @ (\S+))", line):
            name, version, url = match.groups()
            packed = re.search(r"/[\w.]+-(\d[^-/]*?)(?:-[^/]*\.whl|\.tar\.gz)", unquote(url or ""))
            found[normal(name)] = version or (packed[1] if packed else "0")
    return found


def environment(python: str) -> Path:
    """The folder of Colab's packages for this Python; skips the test where it is not there."""
    if python not in interpreters():
        pytest.skip(f"this machine has no Python {python}")
    if not built(python):
        pytest.skip(f".venv-colab/{python} is not built; `make environment-colabs` builds it or says why it cannot")
    return FOLDER / python


def metadata(site: Path, name: str, version: str):
    """Make a folder of packages say that it holds one, of which there is no code."""
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (folder / "RECORD").write_text("")


def throwaway(folder: Path, python: str, others: dict[str, str]) -> Path:
    """An environment on top of that with Colab's packages, these others added as metadata; its interpreter."""
    base = environment(python)
    subprocess.run([base / "bin" / "python", "-m", "venv", "--without-pip", folder], check=True)
    site = site_packages(folder, python)
    (site / "colab.pth").write_text(f"{site_packages(base, python)}\n")
    real = {normal(d.name): d.version for d in distributions(path=[str(site_packages(base, python))])}
    for name, version in others.items():
        if real.get(name) != version:
            metadata(site, name, version)
    return folder / "bin" / "python"


def pack(name: str, folder: Path):
    """The wheel from which an installed pure-Python package came."""
    installed = distribution(name)
    path = folder / f"{name.replace('-', '_')}-{installed.version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file in installed.files:
            if ".." not in file.parts and file.suffix != ".pyc" and file.name not in ("INSTALLER", "REQUESTED"):
                wheel.write(file.locate(), str(file))


def empty(name: str, version: str, folder: Path):
    """A wheel that needs nothing and holds nothing."""
    stem = f"{name.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "")


def index(folder: Path, has: dict[str, str]) -> Path:
    """A folder of wheels in place of an index: what Colab must fetch, and newer versions of what it has."""
    folder.mkdir()
    for name in PACKED:
        pack(name, folder)
    for name, version in ({**pinned(), **has}).items():
        if name not in PACKED:
            version = Version(version)
            empty(name, f"{version.base_version}.post{(version.post or 0) + 1}", folder)
            empty(name, "99", folder)
    return folder


def with_dependency(root: Path, requirement: str):
    """Add a dependency to the package in a copy of the repository."""
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("dependencies = [", f'dependencies = [\n    "{requirement}",', 1), encoding="utf-8")


def published(folder: Path, *requirements: str) -> Path:
    """The working tree as a repository with the book's ref, these requirements added to the package."""
    copy_repository(folder)
    for requirement in requirements:
        with_dependency(folder, requirement)
    ref = release.current(folder)
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q", "-b", release.BRANCH], ["add", "-A"], ["commit", "-qm", "book"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    if ref != release.BRANCH:
        subprocess.run([*git, "tag", ref], cwd=folder, check=True)
    return folder


def offline(wheels: Path, repository: Path | None = None) -> dict[str, str]:
    """Variables under which pip takes wheels from a folder only, and git the book from a repository on the disk."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTEST_", "PYTHON", "GIT_"))}
    variables |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
    variables |= {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    addresses = {"file:///nowhere/": "https://"}  # so that no other repository is ever asked for
    if repository:
        addresses[repository.as_uri()] = address(ROOT)
    variables["GIT_CONFIG_COUNT"] = str(len(addresses))
    for number, (here, there) in enumerate(addresses.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": f"url.{here}.insteadOf", f"GIT_CONFIG_VALUE_{number}": there}
    return variables
