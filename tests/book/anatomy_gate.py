"""The gate on a chapter's anatomy: the order of its sections, and its exercises."""

import ast
import re
from collections.abc import Iterator

from .chapter import Block, Chapter, blocks, called, output_text, tags, tree

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
EXERCISE = re.compile(r"^Exercise (\d+)\.(\d+): \S.* \((\d+) minutes\)$")


def anatomy(chapter: Chapter) -> list[str]:
    """All chapters are read alike: promise, sections in their order, minutes, cited pitfalls, exercise triplets."""
    stream = list(blocks(chapter))
    complaints = _promise(stream)
    found = [b.text for b in stream if b.kind == "heading" and b.level == 2]
    names = [next((s for s in SECTIONS if text == s or text.startswith(f"{s}: ")), text) for text in found]
    if tuple(names) != SECTIONS:
        return [*complaints, f"sections are {names}, expected {list(SECTIONS)}"]
    section = dict(zip(SECTIONS, _split(stream, 2), strict=True))
    if not any(re.search(r"\d+ minutes", b.text) for b in section["You need"]):
        complaints.append("'You need' states no minutes")
    hrefs = [href for b in section["What can go wrong"] for line in b.lines for _, href in line.links]
    if not any(href.startswith("http") for href in hrefs):
        complaints.append("'What can go wrong' cites no source")
    return complaints + list(_exercises(chapter.number, section["Exercises"]))


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


def _exercises(number: int, section: list[Block]) -> Iterator[str]:
    exercises = _split(section, 3)
    if len(exercises) < 3:
        yield f"{len(exercises)} exercises, at least three are needed"
    for k, (heading, *body) in enumerate(exercises, 1):
        name, match = f"{number}.{k}", EXERCISE.match(heading.text)
        if not match or f"{match[1]}.{match[2]}" != name:
            yield f"heading {heading.text!r}, expected 'Exercise {name}: title (n minutes)'"
        if not body or body[0].kind != "paragraph":
            yield f"exercise {name} has no task text"
        cells = [b.cell for b in body if b.kind == "code"]
        if len(cells) < 2:
            yield f"exercise {name} has {len(cells)} code cells, expected a stub and a solution"
            continue
        yield from _triplet(name, *cells[:2])


def _triplet(name: str, stub, solution) -> Iterator[str]:
    """Stub and solution end with the same check, which says 'not solved yet' and 'solved'."""
    checks = [_check(stub.source), _check(solution.source)]
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


def _check(source: str) -> str:
    """The check that a cell ends with, '' where it ends with anything else."""
    body = tree(source).body
    name = called(body[-1].value) if body and isinstance(body[-1], ast.Expr) else ""
    return name if re.fullmatch(r"checks(\.\w+)+", name) else ""
