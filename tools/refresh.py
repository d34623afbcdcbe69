"""Make the executed notebooks from their texts, record what that took, then write the lists of chapters and of claims.

    python -m tools.refresh             all chapters
    python -m tools.refresh 02 07       these
    python -m tools.refresh 02 --force  this, whatever changed

chapters/NN-name.md is what you edit; chapters/NN-name.ipynb is what this writes, always in that direction.
Only a chapter whose code changed is executed. Where text, alt texts or tags changed, the stored outputs are kept, and
with them date, seconds and versions. A change of the package executes nothing either: `make test` compares every
stored output, and --force executes again where it finds a difference.
The same text, package and machine give the same bytes. A chapter that fails leaves the stored notebook as it was.
A figure in a cell tagged `readme-figure` is also stored as data/readme-figure.svg. Date, seconds and versions go to
data/verified/NN-name.json, never into the notebook.
"""

import hashlib
import os
import sys
from collections import Counter
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from tools import chapters, ledger, notebook, release, relink, verified
from tools.processors import ONE_THREAD

ROOT = Path(__file__).resolve().parent.parent
PROCESSOR_TIME = """\
import resource
print(sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))"""
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def read(text):
    """The notebook that a MyST text describes, without outputs; its cell ids depend on the cells' sources only."""
    book = notebook.read(text)
    seen = Counter()
    for cell in book.cells:
        source = release.replaced(cell.source, "REF")  # a release changes no id
        cell.id = hashlib.sha256(f"{seen[source]}:{source}".encode()).hexdigest()[:12]
        seen[source] += 1
    book.metadata = nbformat.from_dict(METADATA)
    book.nbformat_minor = 5
    return book


def execute(text):
    """Execute the text in a fresh single-threaded kernel, in its folder; the notebook, and processor time in seconds.

    Processor time is what the kernel and the processes that it started took; unlike the time on the clock it does not
    grow while something else keeps the machine busy.
    """
    os.environ.update(ONE_THREAD)  # inherited by the kernel, where they act only if set before it starts
    book = read(text)
    resources = {"metadata": {"path": str(text.parent)}}
    book.cells.append(nbformat.v4.new_code_cell(PROCESSOR_TIME))
    NotebookClient(
        book, timeout=300, kernel_name="python3", record_timing=False, coalesce_streams=True, resources=resources
    ).execute()
    seconds = float(book.cells.pop().outputs[0].text)
    book.metadata = nbformat.from_dict(METADATA)
    return book, seconds


def with_stored_outputs(text, root):
    """The text's notebook with the stored outputs, if refresh stored them for this very code; else None."""
    path = text.with_suffix(".ipynb")
    entry = verified.load(root).get(text.stem)
    if not entry or not path.exists() or entry["digest"] != verified.digest(path, root):
        return None
    new, old = read(text), notebook.read(path)
    if verified.code_digest(new.cells, root) != verified.code_digest(old.cells, root):
        return None
    for cell, stored in zip(notebook.code(new), notebook.code(old), strict=True):
        cell.outputs, cell.execution_count = stored.outputs, stored.execution_count
    return new


def replace(path, content):
    """Write a file whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_bytes(content)
    new.replace(path)


def readme_figure(book):
    """The SVG of the cell tagged `readme-figure`, or None."""
    for cell in book.cells:
        if "readme-figure" in notebook.tags(cell):
            for output in cell.outputs:
                if "image/svg+xml" in output.get("data", {}):
                    return output.data["image/svg+xml"].encode()
    return None


def refresh(text, root, force=False):
    """Store the notebook of one text beside it, and what that measured; the seconds it ran, None where it did not."""
    book, seconds = None if force else with_stored_outputs(text, root), None
    if book is None:
        book, seconds = execute(text)
    path = text.with_suffix(".ipynb")
    replace(path, nbformat.writes(book).encode() + b"\n")
    figure = readme_figure(book)
    if figure:
        replace(root / "data" / "readme-figure.svg", figure)
    verified.record(path, seconds, root)
    return seconds


def main(arguments, root=ROOT):
    """Refresh the chapters with these numbers, all if there are none; stop at the first that fails."""
    force, numbers = "--force" in arguments, [argument for argument in arguments if argument != "--force"]
    texts = [text for text in sorted((root / "chapters").glob("*.md")) if not numbers or text.name[:2] in numbers]
    missing = set(numbers) - {text.name[:2] for text in texts}
    if missing or not texts:
        sys.exit(f"no chapter {', '.join(sorted(missing))} in {root / 'chapters'}")
    try:
        chapters.plan(root)
    except ValueError as error:
        sys.exit(str(error))  # before anything is executed for nothing
    total = 0
    for text in texts:
        try:
            seconds = refresh(text, root, force)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            sys.exit(f"{text.name} failed, {text.stem}.ipynb stays as it was:\n{error}")
        print(f"{text.name}  " + ("code unchanged" if seconds is None else f"{seconds:.1f} s"), flush=True)
        total += seconds or 0
    print(f"total  {total:.1f} s")
    for text in relink.relink(root):
        unchanged = with_stored_outputs(text, root) is not None
        if unchanged:
            refresh(text, root)
        print(f"{text.name}  links to a chapter that is written now" + ("" if unchanged else ": refresh it as well"))
    chapters.write(root)
    ledger.write(root)


if __name__ == "__main__":
    main(sys.argv[1:])
