"""Copies of the repository to spoil, and commands run in them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .book_gates import repository_files
from .chapter import ROOT

PYTEST = ["-m", "pytest", "-p", "no:cacheprovider"]
NBVAL = [*PYTEST, "--nbval", "--nbval-current-env", "--nbval-cell-timeout=300"]


def copy_repository(destination: Path) -> Path:
    """Copy what git would: tracked files, and new ones that it does not ignore."""
    for source in repository_files(ROOT):
        target = destination / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return destination


def run(*arguments: str, cwd: Path, packages: Path) -> subprocess.CompletedProcess:
    """Run Python in a folder, with the packages (pruneutils, tools) of another one before the installed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(packages)
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True)
