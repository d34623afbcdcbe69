"""The gates on a chapter's anatomy: the order of its sections, its exercises, and the checks of these."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools import notebook, verified

from .chapter import Block, Chapter, blocks, called, output_text, tags

SECTIONS = (
    "You will be able to",
    "You need",
    "The question",
    "By hand",
    "The mathematics",
    "The code",
    "The experiment",
    "What can go wrong",
    "Exercises",
    "Summary",
    "References",
)
QUICK = "Five minutes"  # a section for the hasty, which a chapter may have before its question


def anatomy(chapter: Chapter) -> list[str]:
    """All chapters are read alike: promise, sections in their order, cited pitfalls, exercise triplets."""
    stream = list(blocks(chapter))
    complaints = _promise(stream)
    found = [b.text for b in stream if b.kind == "heading" and b.level == 2]
    names = [next((s for s in SECTIONS if text == s or text.startswith(f"{s}: ")), text) for text in found]
    if names[2:3] == [QUICK]:
        names.remove(QUICK)
        complaints += _quick(chapter)
    if tuple(names) != SECTIONS:
        return [*complaints, f"sections are {names}, expected {list(SECTIONS)}"]
    section = dict(zip(found, _split(stream, 2), strict=True))
    if any(re.search(r"\d+ minutes|runs in", b.text) for b in section["You need"]):
        complaints.append("'You need' states minutes, which the page measures")
    hrefs = [href for b in section["What can go wrong"] for line in b.lines for _, href in line.links]
    if not any(href.startswith("http") for href in hrefs):
        complaints.append("'What can go wrong' cites no source")
    return complaints + list(_exercises(chapter))


def _quick(chapter: Chapter) -> list[str]:
    """What is called five minutes takes no longer to read."""
    cells = chapter.notebook.cells
    titles = [cell.source.partition("\n")[0] if cell.cell_type == "markdown" else "" for cell in cells]
    start = next((i for i, title in enumerate(titles) if title == f"## {QUICK}"), None)
    if start is None:
        return [f"'{QUICK}' is not the first line of its cell"]
    end = next(i for i, title in enumerate(titles) if i > start and title.startswith("## "))
    taken = verified.minutes(verified.size(cells[start:end]))
    return [f"'{QUICK}' takes {taken:.1f} minutes to read"] if taken > 5 else []


def _promise(stream: list[Block]) -> list[str]:
    """After the title one paragraph of one sentence."""
    start = next((i for i, b in enumerate(stream) if b.kind == "heading"), None)
    following = stream[start + 1] if start is not None and start + 1 < len(stream) else None
    if following is None or following.kind != "paragraph":
        return ["no promise below the title"]
    text = " ".join(following.text.split())
    if text[-1] not in ".!?" or re.search(r"[.!?] +[A-Z]", text):
        return [f"the promise below the title is not one sentence: {text!r}"]
    return []


def _split(stream: list[Block], level: int) -> list[list[Block]]:
    """Group blocks below each heading of a level, the heading first; what stands before the first is left out."""
    groups = []
    for block in stream:
        if block.kind == "heading" and block.level == level:
            groups.append([block])
        elif groups:
            groups[-1].append(block)
    return groups


def _exercises(chapter: Chapter) -> Iterator[str]:
    exercises = list(notebook.exercises_of(chapter.notebook))
    if len(exercises) < 3:
        yield f"{len(exercises)} exercises, at least three are needed"
    for k, exercise in enumerate(exercises, 1):
        name = f"{chapter.number}.{k}"
        if exercise.number != name:
            yield f"heading {exercise.heading!r}, expected 'Exercise {name}: title (n minutes)'"
        if not exercise.task:
            yield f"exercise {name} has no task text"
        if exercise.solution is None:
            yield f"exercise {name} lacks a code cell, expected a stub and a solution"
        else:
            yield from _triplet(name, exercise)


def _triplet(name: str, exercise: notebook.Exercise) -> Iterator[str]:
    """Stub and solution end with the same check, which says 'not solved yet' and 'solved'."""
    stub, solution = exercise.stub, exercise.solution
    checks = [notebook.check(stub.source), notebook.check(solution.source)]
    if not checks[0] or checks[0] != checks[1]:
        yield f"exercise {name}: stub ends with {checks[0] or 'no check'}, solution with {checks[1] or 'no check'}"
    if "not solved yet" not in output_text(stub):
        yield f"exercise {name}: the stub's stored output does not say 'not solved yet'"
    verdict = output_text(solution)
    if "solved" not in verdict or "not solved" in verdict:
        yield f"exercise {name}: the solution's stored output does not say 'solved'"
    if "hide-input" not in tags(solution) or solution.metadata.get("cellView") != "form":
        yield f"exercise {name}: the solution is not hidden (tag hide-input, cellView: form)"
    if not re.match(rf"#@title Solution {re.escape(name)}\b", solution.source):
        yield f"exercise {name}: the solution does not begin with '#@title Solution {name}'"


def registered_checks(chapter: Chapter) -> list[str]:
    """The check of each exercise is the one that the chapter's module registers under its number, and none is left."""
    path = chapter.root / "pruneutils" / "book" / "checks" / f"chapter_{chapter.number:02}.py"
    if not path.exists():
        return [f"{path.relative_to(chapter.root)} is missing"]
    registered = list(_registered(path))
    asked = [(e.number, e.check.removeprefix("checks.")) for e in notebook.exercises_of(chapter.notebook)]
    if sorted(registered) == sorted(asked):
        return []
    return [
        *(f"exercise {n} asks for {name!r}, which {path.name} lacks" for n, name in sorted({*asked} - {*registered})),
        *(f"{path.name} has {name!r} for {n}, no such exercise" for n, name in sorted({*registered} - {*asked})),
    ] or [f"{path.name}: a check is registered, or asked for, twice"]


def _registered(path: Path) -> Iterator[tuple[str, str]]:
    """Number and name of each function that a module decorates with `check`."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
            if called(decorator) == "check":
                number = decorator.args[0] if decorator.args else None
                yield (number.value if isinstance(number, ast.Constant) else ""), node.name
