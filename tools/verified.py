"""What refresh measured of each chapter, in data/verified/NN-name.json; the pages show it (see _ext/finding.py).

An entry holds the digest of the notebook that was stored, the date (UTC), the seconds it ran, the versions it ran
with, and how much there is to read. Seconds differ with every run: an entry is written again only if something else
in it changed, so that a second refresh on the same day changes no file; or if the run took a twentieth less than
the time, since something had slowed the former. Where only the text changed, nothing ran: date, seconds and versions
stay those of the run that the outputs are from.
"""

import hashlib
import json
import re
from datetime import UTC, datetime
from importlib.metadata import version
from platform import python_version

from tools import release, repository

FOLDER = "data/verified"
WORDS_PER_MINUTE = 100  # technical prose, a formula in it as one word; the usual 240 is for novels
LINES_PER_MINUTE = 20  # of code that the page shows
MINUTES_PER_FORMULA = 2  # of those that stand on a line of their own
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


def neutral(text, root):
    """The text without what may change unexecuted: the book's address (`make repository`) and ref (`make release`)."""
    return release.replaced(repository.replaced(text, repository.current(root), ("OWNER", "NAME")), "REF")


def digest(notebook, root):
    """A digest of a stored notebook that depends neither on the book's address nor on its ref."""
    return hashlib.sha256(neutral(notebook.read_text(encoding="utf-8"), root).encode()).hexdigest()[:16]


def code_digest(cells, root):
    """A digest of what a chapter executes: its cells of code in their order, and which of them may raise."""
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    raising = ["raises-exception" in cell["metadata"].get("tags", []) for cell in code]
    sources = [neutral("".join(cell["source"]), root) for cell in code]
    return hashlib.sha256(json.dumps([sources, raising]).encode()).hexdigest()[:16]


def words(text):
    """How many words there are to read in Markdown; a formula counts as one, addresses and marks as none."""
    return len(re.findall(r"\w[\w'’.,-]*", ADDRESS.sub("]", FORMULA.sub(" x ", text))))


def size(cells):
    """How much a reader meets: cells, words, formulas on their own lines, lines of shown code, exercises' minutes."""
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    shown = [c for c in cells if c["cell_type"] == "code" and not HIDDEN & set(c["metadata"].get("tags", []))]
    lines = "\n".join("".join(cell["source"]) for cell in shown).splitlines()
    return {
        "cells": len(cells),
        "words": words(prose),
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


def file(name, root):
    """Where the entry of a chapter such as `02-masks` is."""
    return root / FOLDER / f"{name}.json"


def load(root):
    """All entries by chapter; none if there are no files yet."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((root / FOLDER).glob("*.json"))}


def updated(old, notebook, seconds, root):
    """The entry after a refresh of this notebook, which ran so long; not at all where seconds is None."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    new = {"digest": digest(notebook, root)}
    if seconds is None:
        return old | new | size(cells)
    new |= {"date": datetime.now(UTC).date().isoformat(), "versions": versions(cells)} | size(cells)
    same = old | new == old and seconds >= 0.95 * old["seconds"]
    return old if same else new | {"seconds": round(seconds, 1)}


def record(notebook, seconds, root):
    """Store what a refresh of this notebook measured, and forget chapters that are gone."""
    path = file(notebook.stem, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(updated(old, notebook, seconds, root), indent=1) + "\n", encoding="utf-8")
    for other in path.parent.glob("*.json"):
        if not (notebook.parent / f"{other.stem}.ipynb").exists():
            other.unlink()


def minutes(entry):
    """Minutes that reading takes what `size` measured, not rounded."""
    return (
        entry["words"] / WORDS_PER_MINUTE + entry["lines"] / LINES_PER_MINUTE + entry["formulas"] * MINUTES_PER_FORMULA
    )


def reading_minutes(entry):
    """Minutes that reading a chapter takes, to the nearest five."""
    return 5 * max(1, round(minutes(entry) / 5))
