"""The one reader of chapters, text or notebook: cells, code as syntax trees, exercises.

    python -m tools.notebook chapters/02-masks.md    lists its exercises

A chapter is read as text with `jupytext`, as a notebook with `nbformat`; both give the same kind of cells.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

HEADING = re.compile(r"^(#{1,6}) +(.+?) *$")
FENCE = re.compile(r"^ *(```|~~~)")
EXERCISE = re.compile(r"^Exercise (\d+\.\d+): (\S.*) \((\d+) minutes\)$")


@dataclass(frozen=True)
class Exercise:
    """A triplet: the task, a stub that ends with its check, and the solution that ends with the same.

    What a chapter lacks is empty or None; the gate on anatomy says so.

    Attributes
    ----------
    heading : the heading as it stands, such as `Exercise 2.1: exact rank (8 minutes)`.
    number, title, minutes : what that heading says; '', '' and 0 where it says something else.
    task : Markdown below the heading, up to the first cell of code.
    stub, solution : cells of code.
    check : the name that the stub calls at its end, such as `checks.mask_by_rank`; '' where it is no check.
    """

    heading: str
    number: str
    title: str
    minutes: int
    task: str
    stub: nbformat.NotebookNode | None
    solution: nbformat.NotebookNode | None
    check: str


def read(path: Path) -> nbformat.NotebookNode:
    """A chapter from its text (`.md`) or its notebook (`.ipynb`)."""
    if path.suffix == ".ipynb":
        return nbformat.read(path, as_version=4)
    import jupytext  # which the environment that only builds the book lacks

    return jupytext.read(path, fmt="md:myst")


def code(notebook) -> list:
    """The cells of code, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell) -> list[str]:
    """The tags of a cell."""
    return list(cell.metadata.get("tags", []))


def tree(source: str) -> ast.Module:
    """The syntax tree of a cell, magics included; empty where it does not parse."""
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def called(node: ast.AST) -> str:
    """The dotted name that a call calls, '' for anything else."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def check(source: str) -> str:
    """The check that a cell ends with, '' where it ends with anything else."""
    body = tree(source).body
    name = called(body[-1].value) if body and isinstance(body[-1], ast.Expr) else ""
    return name if re.fullmatch(r"checks(\.\w+)+", name) else ""


def pieces(notebook) -> Iterator[tuple[int, object]]:
    """A chapter in reading order: (level, text) of a heading, (0, Markdown) below it, (0, cell) of code."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield 0, cell
            continue
        fenced, lines = False, []
        for line in cell.source.splitlines():
            fenced ^= bool(FENCE.match(line))
            heading = None if fenced else HEADING.match(line)
            if not heading:
                lines.append(line)
                continue
            yield 0, "\n".join(lines).strip()
            lines = []
            yield len(heading[1]), heading[2]
        yield 0, "\n".join(lines).strip()


def exercises(path: Path) -> list[Exercise]:
    """The exercises of a chapter, text or notebook."""
    return list(exercises_of(read(path)))


def exercises_of(notebook) -> Iterator[Exercise]:
    """The exercises of a notebook: what stands below each heading of level 3 in the section Exercises."""
    found, inside = [], False
    for level, piece in pieces(notebook):
        if level in (1, 2):
            inside = level == 2 and piece.startswith("Exercises")
        elif inside and level == 3:
            found.append((piece, []))
        elif inside and found and piece:
            found[-1][1].append(f"{'#' * level} {piece}" if level else piece)
    for heading, body in found:
        match = EXERCISE.match(heading)
        number, title, minutes = match.groups() if match else ("", "", 0)
        cells = [piece for piece in body if not isinstance(piece, str)]
        stub, solution = [*cells, None, None][:2]
        task = body[: body.index(stub)] if stub else body
        name = check(stub.source) if stub else ""
        yield Exercise(heading, number, title, int(minutes), "\n\n".join(task), stub, solution, name)


def main(arguments):
    """Print the exercises of these chapters."""
    for exercise in (e for name in arguments for e in exercises(Path(name))):
        print(f"{exercise.number:6}{exercise.minutes:3} min  {exercise.title}  ({exercise.check})")


if __name__ == "__main__":
    main(sys.argv[1:])
