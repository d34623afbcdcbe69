"""Each entry of the glossary names the chapter that introduces its word, and leads there."""

import re

import pytest

from tools import chapters

from .chapter import ROOT

ENTRY = re.compile(r"^(?P<term>[^\s`#].*)\n(?P<text>(?:  .*\n)+)", re.MULTILINE)
PLACE = re.compile(r"  \[Chapter (\d+)\]\((\S+)\)\.\n$")


def complaints(glossary):
    """Entries whose last line is no link to a chapter, by its number."""
    members = chapters.chapters(ROOT)
    targets = {c.number: f"../chapters/{c.name}.ipynb" if c.written else f"contents.md#{c.name}" for c in members}
    entries = {match["term"]: PLACE.search(match["text"]) for match in ENTRY.finditer(glossary)}
    return [term for term, place in entries.items() if place is None or targets.get(int(place[1])) != place[2]]


def test_every_entry_leads_to_the_chapter_that_introduces_its_word():
    text = (ROOT / "pages" / "glossary.md").read_text(encoding="utf-8")
    assert len(ENTRY.findall(text)) > 50 and not complaints(text)


@pytest.mark.parametrize(
    "place", ["", "  [Chapter 2](../chapters/01-prune-in-five-minutes.ipynb).\n", "  Chapter 2.\n"]
)
def test_an_entry_that_leads_nowhere_is_seen(place):
    good = "mask\n  An array.\n  [Chapter 2](../chapters/02-masks.ipynb).\n\n"
    assert complaints(f"{good}score\n  A number.\n{place}") == ["score"]
