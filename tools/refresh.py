"""Make the executed notebooks from their texts, record what that took, then collect the ledger of claims.

    python -m tools.refresh          all chapters
    python -m tools.refresh 02 07    these

chapters/NN-name.md is what you edit; chapters/NN-name.ipynb is what this writes, always in that direction.
The same text, package and machine give the same bytes. A chapter that fails leaves the stored notebook as it was.
A figure in a cell tagged `readme-figure` is also stored as data/readme-figure.svg. Date, seconds and versions go to
data/verified.json, never into the notebook.
"""

import hashlib
import os
import sys
import time
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from tools import ledger, verified
from tools.processors import ONE_THREAD

ROOT = Path(__file__).resolve().parent.parent
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def read(text):
    """The notebook that a MyST text describes, without outputs; its cell ids depend on the cells' sources only."""
    notebook = jupytext.read(text, fmt="md:myst")
    seen = Counter()
    for cell in notebook.cells:
        cell.id = hashlib.sha256(f"{seen[cell.source]}:{cell.source}".encode()).hexdigest()[:12]
        seen[cell.source] += 1
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat_minor = 5
    return notebook


def execute(text):
    """Execute the text in a fresh single-threaded kernel, in the text's folder, and return the notebook."""
    os.environ.update(ONE_THREAD)  # inherited by the kernel, where they act only if set before it starts
    notebook = read(text)
    resources = {"metadata": {"path": str(text.parent)}}
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", record_timing=False, coalesce_streams=True, resources=resources
    ).execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


def replace(path, content):
    """Write a file whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_bytes(content)
    new.replace(path)


def readme_figure(notebook):
    """The SVG of the cell tagged `readme-figure`, or None."""
    for cell in notebook.cells:
        if "readme-figure" in cell.metadata.get("tags", []):
            for output in cell.outputs:
                if "image/svg+xml" in output.get("data", {}):
                    return output.data["image/svg+xml"].encode()
    return None


def refresh(text):
    """Execute one text and store its notebook beside it; return the seconds it took."""
    start = time.perf_counter()
    notebook = execute(text)
    replace(text.with_suffix(".ipynb"), nbformat.writes(notebook).encode() + b"\n")
    figure = readme_figure(notebook)
    if figure:
        replace(text.parent.parent / "data" / "readme-figure.svg", figure)
    return time.perf_counter() - start


def main(numbers, root=ROOT):
    """Refresh the chapters with these numbers, all if there are none; stop at the first that fails."""
    texts = [text for text in sorted((root / "chapters").glob("*.md")) if not numbers or text.name[:2] in numbers]
    missing = set(numbers) - {text.name[:2] for text in texts}
    if missing or not texts:
        sys.exit(f"no chapter {', '.join(sorted(missing))} in {root / 'chapters'}")
    total = 0
    for text in texts:
        try:
            seconds = refresh(text)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            sys.exit(f"{text.name} failed, {text.stem}.ipynb stays as it was:\n{error}")
        verified.record(text.with_suffix(".ipynb"), seconds, root)
        print(f"{text.name}  {seconds:.1f} s", flush=True)
        total += seconds
    print(f"total  {total:.1f} s")
    ledger.write(root)


if __name__ == "__main__":
    main(sys.argv[1:])
