"""The gates on a chapter in the new form, which a box *In short* marks: what the box promises, and how much there is.

Numbers with digits count, and one by another, such as 4 of 5, counts once.
"""

import re
from collections.abc import Iterator

from tools import ledger, notebook, verified

from .chapter import NUMERAL, Chapter, markdown, tags

BOX = re.compile(r"^> \*\*In short\.\*\*.*\n?(?:>.*\n?)*", re.MULTILINE)
COUNTED = re.compile(rf"{NUMERAL.pattern}(?: of \d+)?")
BULLETS, EXERCISES = 3, 3
AMOUNTS = {"words": (1200, 2200), "lines": (60, 220), "cells": (25, 45), "claims": (5, 8), "figures": (3, 5)}
CLAIM_WORDS, CLAIM_NUMBERS, CELL_LINES = 25, 3, 12


def boxes(chapter: Chapter) -> list[str]:
    """The boxes *In short*, without their marks of quotation."""
    sources = (cell.source for cell in chapter.notebook.cells if cell.cell_type == "markdown")
    return [re.sub(r"^> ?", "", box, flags=re.MULTILINE) for source in sources for box in BOX.findall(source)]


def in_short(chapter: Chapter) -> list[str]:
    """Three results, each a number and a link to the claim of this chapter that says so."""
    found = boxes(chapter)
    if len(found) > 1:
        return [f"{len(found)} boxes In short, one is enough"]
    sentences = {claim["id"]: claim["statement"] for claim in ledger.chapter_claims(chapter.ipynb)}
    complaints = []
    for box in found:
        bullets = [token for token in markdown(box) if token.type == "inline" and token.level == 3]
        if len(bullets) != BULLETS:
            complaints.append(f"In short has {len(bullets)} bullets, expected {BULLETS}")
        complaints += [f"In short, {b.content[:40]!r}: {c}" for b in bullets for c in _bullet(b.children, sentences)]
    return complaints


def _bullet(children: list, sentences: dict[str, str]) -> Iterator[str]:
    """What is wrong with one result."""
    hrefs = [child.attrs["href"] for child in children if child.type == "link_open"]
    names = [href.removeprefix("#claim-") for href in hrefs if href.startswith("#claim-")]
    text = " ".join(child.content for child in children)
    if not names:
        yield "no link to a claim of this chapter (#claim-ID)"
    for name in names:
        if name not in sentences:
            yield f"this chapter stores no claim {name!r}"
    if not re.search(r"\d|\bper ?cent\b", text):
        yield "no number"
    stated = {number for name in names for number in NUMERAL.findall(sentences.get(name, ""))}
    if wrong := [number for number in NUMERAL.findall(text) if number not in stated]:
        yield f"{', '.join(wrong)} is not in the claim it links to"


def limits(chapter: Chapter) -> list[str]:
    """A chapter is as long as a reader's patience, and so are its claims and cells of code."""
    if not boxes(chapter):
        return []
    claims = ledger.chapter_claims(chapter.ipynb)
    outputs = [output for _, cell in chapter.code for output in cell.outputs]
    amounts = verified.size(chapter.notebook.cells) | {
        "cells": sum(not verified.HIDDEN & set(tags(cell)) for cell in chapter.notebook.cells),  # those in view
        "claims": len(claims),
        "figures": sum("image/svg+xml" in output.get("data", {}) for output in outputs),
    }
    complaints = [
        f"{amounts[what]} {what}, expected {low} to {high}"
        for what, (low, high) in AMOUNTS.items()
        if not low <= amounts[what] <= high
    ]
    if (exercises := len(notebook.exercises(chapter.ipynb))) != EXERCISES:
        complaints.append(f"{exercises} exercises, expected {EXERCISES}")
    for claim in claims:
        words, numbers = verified.words(claim["statement"]), len(COUNTED.findall(claim["statement"]))
        if words > CLAIM_WORDS:
            complaints.append(f"claim {claim['id']}: {words} words, at most {CLAIM_WORDS}")
        if numbers > CLAIM_NUMBERS:
            complaints.append(f"claim {claim['id']}: {numbers} numbers, at most {CLAIM_NUMBERS}")
    for position, cell in chapter.code:
        lines = sum(bool(line.strip()) for line in cell.source.splitlines())
        if lines > CELL_LINES and not verified.HIDDEN & set(tags(cell)):
            complaints.append(f"cell {position}: {lines} visible lines of code, at most {CELL_LINES}")
    return complaints
