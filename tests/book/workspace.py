"""Copies of the repository to spoil, whole or with two chapters, and commands run in them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools import chapters as chapters_of_book
from tools import verified
from tools.colab import KERNELS

from .book_gates import repository_files
from .chapter import ROOT

PYTEST = ["-m", "pytest", "-p", "no:cacheprovider"]
NBVAL = [*PYTEST, "--nbval", "--nbval-cell-timeout=300"]
PINS, COLAB = "--nbval-current-env", "--nbval-kernel-name=colab"  # the kernels of make test-pins and make test


def copy_repository(destination: Path) -> Path:
    """Copy what git would: tracked files, and new ones that it does not ignore."""
    for source in repository_files(ROOT):
        target = destination / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return destination


def mini_book(destination: Path, chapters: int = 2) -> Path:
    """Copy the repository with its first chapters only, which is built sooner; links to the others lead elsewhere."""
    root = copy_repository(destination)
    gone = [path.stem for path in sorted((root / "chapters").glob("*.ipynb"))[chapters:]]
    for path in root.glob("chapters/*"):
        if path.stem in gone:
            path.unlink()
    chapters_of_book.write(root)
    (root / "redirects.txt").write_text("", encoding="utf-8")
    link = re.compile(rf"\]\([^()\s]*({'|'.join(gone)})\.(ipynb|md)[^()\s]*\)")
    for path in [root / "intro.md", *root.glob("pages/*.md"), *root.glob("chapters/*")]:
        path.write_text(link.sub("](https://example.org/)", path.read_text(encoding="utf-8")), encoding="utf-8")
    verify(root)
    return root


def verify(root: Path) -> None:
    """Let every notebook count as stored by refresh, as it is."""
    for notebook in sorted((root / "chapters").glob("*.ipynb")):
        verified.record(notebook, 1, root)


def run(*arguments: str, cwd: Path, packages: Path) -> subprocess.CompletedProcess:
    """Run Python in a folder, with the packages (pruneutils, tools) of another one before the installed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": str(packages), "JUPYTER_PATH": str(KERNELS)}
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True)


def build(root: Path) -> tuple[subprocess.CompletedProcess, Path]:
    """Build the book as `make book` does, from stored outputs; finished process and folder of the pages."""
    options = ["-W", "-n", "--keep-going", "--path-output", str(root / "out")]
    program = "from jupyter_book.cli.main import main; main()"
    return run("-c", program, "build", *options, ".", cwd=root, packages=root), root / "out" / "_build" / "html"
