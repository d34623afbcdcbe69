"""What refresh measured of each chapter, in data/verified.json; the pages show it (see _ext/finding.py).

An entry holds the digest of the notebook that was stored, the date (UTC), the seconds it ran, the versions it ran
with, and how much there is to read. Seconds differ with every run: an entry is written again only if something else
in it changed, so that a second refresh on the same day changes no file; or if the run took less than four fifths of
the time, since something had slowed the former.
"""

import hashlib
import json
import re
from datetime import UTC, datetime
from importlib.metadata import version
from platform import python_version

from tools import repository

FILE = "data/verified.json"
WORDS_PER_MINUTE = 150  # technical prose, a formula in it as one word; the usual 240 is for novels
LINES_PER_MINUTE = 20  # of code that the page shows
FORMULAS_PER_MINUTE = 2  # of those that stand on a line of their own
HIDDEN = {"remove-cell", "hide-input", "hide-cell", "remove-input"}
LIBRARIES = {
    "numpy": "NumPy",
    "torch": "PyTorch",
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "tf_keras": "tf-keras",
    "tensorflow_model_optimization": "tfmot",
    "torch_pruning": "Torch-Pruning",
    "sklearn": "scikit-learn",
    "pruneutils": "pruneutils",
}
DISTRIBUTIONS = {"sklearn": "scikit-learn"}
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)
ADDRESS = re.compile(r"\]\([^)]*\)")
EXERCISE = re.compile(r"^### Exercise .*\((\d+) minutes\)$", re.MULTILINE)
IMPORT = re.compile(r"^\s*(?:import|from) +(\w+)", re.MULTILINE)


def digest(notebook, root):
    """A digest of a stored notebook that does not depend on the book's address, which `make repository` sets."""
    text = repository.replaced(notebook.read_text(encoding="utf-8"), repository.current(root), ("OWNER", "NAME"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def size(cells):
    """How much a reader meets: cells, words, formulas on their own lines, lines of shown code, exercises' minutes."""
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    shown = [c for c in cells if c["cell_type"] == "code" and not HIDDEN & set(c["metadata"].get("tags", []))]
    lines = "\n".join("".join(cell["source"]) for cell in shown).splitlines()
    return {
        "cells": len(cells),
        "words": len(re.findall(r"\w[\w'’.,-]*", ADDRESS.sub("]", FORMULA.sub(" x ", prose)))),
        "formulas": prose.count("$$") // 2,
        "lines": sum(bool(line.strip()) for line in lines),
        "exercises": sum(map(int, EXERCISE.findall(prose))),
    }


def versions(cells):
    """Python's version, and those of the libraries that the code imports itself."""
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    imported = set(IMPORT.findall(code))
    found = {LIBRARIES[name]: version(DISTRIBUTIONS.get(name, name)) for name in LIBRARIES if name in imported}
    return {"Python": python_version()} | {name: number.split("+")[0] for name, number in found.items()}


def load(root):
    """All entries by chapter, such as `02-masks`; none if there is no file yet."""
    path = root / FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def updated(entries, notebook, seconds, root):
    """The entries after a refresh of this notebook: those of chapters that exist, its own replaced if need be."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    today = datetime.now(UTC).date().isoformat()
    new = {"digest": digest(notebook, root), "date": today, "versions": versions(cells)} | size(cells)
    old = entries.get(notebook.stem, {})
    if old | new != old or seconds < 0.8 * old["seconds"]:
        new["seconds"] = round(seconds, 1)
        entries = entries | {notebook.stem: new}
    return {name: entries[name] for name in sorted(entries) if (notebook.parent / f"{name}.ipynb").exists()}


def record(notebook, seconds, root):
    """Store what a refresh of this notebook measured."""
    entries = updated(load(root), notebook, seconds, root)
    (root / FILE).parent.mkdir(exist_ok=True)
    (root / FILE).write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


def reading_minutes(entry):
    """Minutes that reading a chapter takes, to the nearest five."""
    minutes = entry["words"] / WORDS_PER_MINUTE + entry["lines"] / LINES_PER_MINUTE
    minutes += entry["formulas"] / FORMULAS_PER_MINUTE
    return 5 * max(1, round(minutes / 5))
