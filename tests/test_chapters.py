"""One plan of all chapters: what is written from it, what it refuses, and how long a chapter may run."""

import json
import re
from pathlib import Path

import pytest
import yaml

from tools import chapters, verified

ROOT = Path(__file__).resolve().parent.parent
PLAN = """\
questions:
  - {ask: "Which?", word: score, module: pruneutils.scores}
  - {ask: "Where?", word: mask, module: pruneutils.masks}
parts:
  - part: First steps
    chapters:
      - {name: 01-start, title: Start, promise: Begin., question: score}
      - {name: 02-masks-held, title: "Masks, held", promise: Hold., question: mask}
  - part: Further
    chapters:
      - {name: 03-blocks, title: Blocks, promise: Remove blocks., question: mask}
      - {name: 04-rows, title: Rows, promise: Remove rows., question: mask}
      - {name: 05-size, title: Size, promise: Count bytes., question: score}
      - {name: 06-speed, title: Speed, promise: Count time., question: score}
      - {name: 07-more, title: More, promise: Count., question: score}
"""
TOC = """\
root: intro
parts:
  # chapters begin: by a tool
  - caption: Old
  # chapters end
  - caption: Back matter
    chapters:
      - file: pages/contents
"""
INTRO = """\
# Book

Before.

<!-- status begin: by a tool -->
<!-- status end -->
<!-- chapters begin: by a tool -->

old

<!-- chapters end -->

After.
"""
CHANGELOG = "# Changelog\n\n## Unreleased\n\n- Better.\n\n## 0.1.0 (2026-01-31)\n\n- Chapter 01 (start).\n"


@pytest.fixture
def book(tmp_path):
    """A book of seven chapters, of which four are written."""
    for folder in ("chapters", "pages"):
        (tmp_path / folder).mkdir()
    for name, text in {"chapters.yml": PLAN, "_toc.yml": TOC, "intro.md": INTRO, "CHANGELOG.md": CHANGELOG}.items():
        (tmp_path / name).write_text(text)
    for name in ("01-start", "02-masks-held", "03-blocks", "04-rows"):
        (tmp_path / "chapters" / f"{name}.ipynb").touch()
    entry = {"words": 100, "lines": 20, "formulas": 1, "exercises": 3}
    (tmp_path / "data" / "verified").mkdir(parents=True)
    (tmp_path / "data" / "verified" / "01-start.json").write_text(json.dumps(entry))
    return tmp_path


def test_all_files_are_written_from_one_plan(book):
    """Nine edits by hand, of which one is forgotten."""
    chapters.main([], book)
    toc = yaml.safe_load((book / "_toc.yml").read_text())
    assert [part["caption"] for part in toc["parts"]] == ["First steps", "Further", "Back matter"]
    assert toc["parts"][0]["chapters"] == [{"file": f"chapters/{n}.ipynb"} for n in ("01-start", "02-masks-held")]
    rows = [line for line in (book / "pages" / "contents.md").read_text().splitlines() if line.startswith("|")]
    start, masks, *_, size, _, _ = rows[2:]
    assert start.startswith(
        '| First steps | <span id="01-start"></span>1 [Start](../chapters/01-start.ipynb) | Begin. |'
    )
    assert start.endswith("| 5 + 3 | written |") and masks.startswith(
        '|  | <span id="02-masks-held"></span>2 [Masks, held]'
    )
    assert size == '|  | <span id="05-size"></span>5 Size | Count bytes. |  | coming |'
    rows = [line for line in (book / "intro.md").read_text().splitlines() if line.startswith("|")][2:]
    assert rows == [
        "| Which? | score | `pruneutils.scores` | [1](chapters/01-start.ipynb), [5 to 7](pages/contents.md#05-size) |",
        "| Where? | mask | `pruneutils.masks` | [2](chapters/02-masks-held.ipynb) to [4](chapters/04-rows.ipynb) |",
    ]
    written = "[1](chapters/01-start.ipynb) to [4](chapters/04-rows.ipynb) of 7"
    assert (
        f"\nWritten so far: chapters {written}; [the table](pages/contents.md) has them all.\n"
        in (book / "intro.md").read_text()
    )
    assert "Before." in (book / "intro.md").read_text() and "After." in (book / "intro.md").read_text()
    first, second = (book / "CHANGELOG.md").read_text().split("\n## 0.1.0")
    assert "- Better.\n- Chapters 02 (masks held), 03 (blocks) and 04 (rows).\n" in first
    assert second == " (2026-01-31)\n\n- Chapter 01 (start).\n"


def test_writing_twice_changes_nothing(book):
    chapters.main([], book)
    before = {path: path.read_bytes() for path in book.rglob("*.*")}
    chapters.main(["--check"], book)
    chapters.main([], book)
    assert {path: path.read_bytes() for path in book.rglob("*.*")} == before


@pytest.mark.parametrize("name", ["_toc.yml", "intro.md", "CHANGELOG.md", "pages/contents.md"])
def test_a_file_edited_by_hand_is_seen(book, name):
    """The next refresh would undo it."""
    chapters.main([], book)
    path = book / name
    path.write_text(re.sub(r"03.blocks|0?4 \(rows\)|\[1\]", "05-none", path.read_text()))
    with pytest.raises(SystemExit, match=rf"^{re.escape(name)} and chapters.yml differ"):
        chapters.main(["--check"], book)


def test_a_new_notebook_makes_the_lists_stale(book):
    chapters.main([], book)
    (book / "chapters" / "05-size.ipynb").touch()
    assert set(chapters.stale(book)) == {"pages/contents.md", "_toc.yml", "intro.md", "CHANGELOG.md"}


def test_the_changelog_remembers_a_name_that_is_gone(book):
    """A chapter may be renamed between two releases, when its page is published already: a gate asks for a redirect."""
    chapters.main([], book)
    (book / "chapters" / "03-blocks.ipynb").rename(book / "chapters" / "03-tiles.ipynb")
    renamed = PLAN.replace("03-blocks, title: Blocks", "03-tiles, title: Tiles")
    (book / "chapters.yml").write_text(renamed)
    for _ in range(2):
        chapters.main([], book)
        line = "- Chapters 02 (masks held), 03 (tiles) and 04 (rows); formerly 03 (blocks).\n"
        assert line in (book / "CHANGELOG.md").read_text()


WRONG = {
    "misnumbered": ("03-blocks", "04-blocks"),
    "name and title": ("title: Blocks", "title: Rows"),
    "another question": ("question: mask}", "question: masks}"),
    "unknown field": ("promise: Begin.", "promise: Begin., status: written"),
    "no promise": (", promise: Begin.", ""),
    "missing": ("      - {name: 04-rows, title: Rows, promise: Remove rows., question: mask}\n", ""),
    "seconds without a reason": ("promise: Begin.", "promise: Begin., seconds_allowed: 50"),
    "seconds that a reason allows": ("promise: Begin.", "promise: Begin., seconds_because: So., seconds_allowed: 45"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_plan_that_is_not_as_it_says_is_refused_and_nothing_written(book, name):
    """A slip in the plan would be copied into four files."""
    before = (book / "_toc.yml").read_text()
    assert WRONG[name][0] in PLAN
    (book / "chapters.yml").write_text(PLAN.replace(*WRONG[name]))
    with pytest.raises(SystemExit, match=r"^chapters\.yml"):
        chapters.main([], book)
    assert (book / "_toc.yml").read_text() == before and not (book / "pages" / "contents.md").exists()


@pytest.mark.parametrize("name", ["_toc.yml", "intro.md"])
def test_a_file_without_its_place_is_refused(book, name):
    (book / name).write_text((book / name).read_text().replace("chapters end", ""))
    with pytest.raises(SystemExit, match=f"^{name}: found 0 places"):
        chapters.main([], book)


def test_the_lists_of_chapters_are_fresh():
    """chapters.yml or a list was edited, and the others were not written again."""
    assert chapters.stale() == [], "run python -m tools.chapters"


# how long a chapter may run


SLACK = 4 / 3  # processor time of the same code differs that much from hour to hour where a machine is shared


def slow(root, entries):
    """Chapters that ran longer than they may, and allowances that are no longer needed."""
    complaints = []
    for chapter in chapters.chapters(root):
        seconds = entries.get(chapter.name, {}).get("seconds", 0)
        if seconds > chapter.seconds * (1 if chapter.seconds_allowed else SLACK):
            complaints.append(f"{chapter.name} ran {seconds} s, at most {chapter.seconds}")
        if chapter.seconds_allowed and 0 < seconds <= chapters.SECONDS_WITH_REASON / SLACK:
            complaints.append(f"{chapter.name} ran {seconds} s: take its seconds_allowed out of chapters.yml")
    return complaints


def test_no_chapter_takes_too_long():
    """A reader waits, and every test of every commit waits again; a refresh on a busy machine must be repeated."""
    assert not slow(ROOT, verified.load(ROOT))


def test_no_chapter_is_allowed_more_than_when_the_list_was_made():
    """The list of those that may run longer shrinks, and no allowance grows."""
    first = {"01": 60, "07": 60, "11": 65, "12": 70, "13": 70, "14": 65}
    allowed = {c.name[:2]: c.seconds_allowed for c in chapters.chapters() if c.seconds_allowed}
    assert allowed.items() <= first.items()


@pytest.mark.parametrize(
    ("fields", "seconds", "complaints"),
    [
        ("", 40, 0),
        ("", 41, 1),
        (", seconds_because: So.", 60, 0),
        (", seconds_because: So.", 61, 1),
        (", seconds_because: So., seconds_allowed: 50", 50, 0),
        (", seconds_because: So., seconds_allowed: 50", 51, 1),
        (", seconds_because: So., seconds_allowed: 50", 33, 1),
    ],
)
def test_a_slow_chapter_is_seen(book, fields, seconds, complaints):
    (book / "chapters.yml").write_text(PLAN.replace("promise: Begin.", "promise: Begin." + fields))
    assert len(slow(book, {"01-start": {"seconds": seconds}})) == complaints
