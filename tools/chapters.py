"""Write what several files say of all chapters, from chapters.yml: make refresh does it.

    python -m tools.chapters            write
    python -m tools.chapters --check    exit 1 if a file is not what would be written

A chapter is written as soon as its notebook is stored, and coming until then. Written here are pages/contents.md, the
chapters in _toc.yml, the table and the status in intro.md, each between two comments, and in the first section of
CHANGELOG.md the line that names the chapters that are new in it.
"""

import re
import sys
from dataclasses import dataclass, fields
from pathlib import Path

import yaml

from tools import verified

ROOT = Path(__file__).resolve().parent.parent
FILE = "chapters.yml"
SECONDS, SECONDS_WITH_REASON = 30, 45
CONTENTS = """\
# All chapters

<!-- Written by tools/chapters.py from chapters.yml and data/verified/: do not edit. -->

{written} of {all} chapters are written.
The others are listed with what they promise, in the order of the book.
Minutes are those for reading and, after the plus, for the exercises.

```{{table}}
:class: contents

| part | chapter | promise | minutes | status |
|---|---|---|---|---|
{rows}```
"""
TABLE = "| question | word | in the package | chapters |\n|---|---|---|---|\n"
NAMED = re.compile(r"\b(\d\d) \(([\w ,-]+)\)")


@dataclass(frozen=True)
class Chapter:
    """An entry of chapters.yml, and whether its notebook is there."""

    name: str
    title: str
    promise: str
    part: str
    written: bool
    question: str = ""
    seconds_because: str = ""
    seconds_allowed: int = 0

    @property
    def number(self):
        """Its number, such as 2."""
        return int(self.name[:2])

    @property
    def seconds(self):
        """The seconds that its code may run."""
        return self.seconds_allowed or (SECONDS_WITH_REASON if self.seconds_because else SECONDS)


def slug(title):
    """A title as names of files and anchors have it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def plan(root=ROOT):
    """The four questions, and all parts with their chapters; ValueError where chapters.yml is not as it says."""
    content = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))
    parts = {}
    for part in content["parts"]:
        parts[part["part"]] = [entry(given, part["part"], root) for given in part["chapters"]]
    chapters = [chapter for part in parts.values() for chapter in part]
    words = {question["word"] for question in content["questions"]}
    for chapter in chapters:
        if chapter.question not in {"", *words}:
            raise ValueError(
                f"{FILE}: {chapter.name} has question {chapter.question!r}, expected one of {sorted(words)}"
            )
    if (numbers := [chapter.number for chapter in chapters]) != list(range(1, len(chapters) + 1)):
        raise ValueError(f"{FILE}: the chapters are numbered {numbers}, expected 1 to {len(numbers)} in order")
    strays = {path.stem for path in (root / "chapters").glob("[0-9]*.*")} - {chapter.name for chapter in chapters}
    if strays:
        raise ValueError(f"{FILE} lacks {', '.join(sorted(strays))}, of which chapters/ has files")
    return content["questions"], parts


def entry(given, part, root):
    """One chapter, its fields checked."""
    known = {field.name for field in fields(Chapter)} - {"part", "written"}
    if set(given) - known or {"name", "title", "promise"} - set(given):
        raise ValueError(f"{FILE}: {given.get('name', given)} has {sorted(given)}, expected fields of {sorted(known)}")
    name, title = given["name"], given["title"]
    if not re.fullmatch(rf"\d\d-{re.escape(slug(title))}", name):
        raise ValueError(f"{FILE}: {name} has the title {title!r}, expected the name NN-{slug(title)}")
    if given.get("seconds_allowed", SECONDS_WITH_REASON + 1) <= SECONDS_WITH_REASON or (
        "seconds_allowed" in given and not given.get("seconds_because")
    ):
        raise ValueError(f"{FILE}: {name}: seconds_allowed is for more than {SECONDS_WITH_REASON}, and says why")
    return Chapter(part=part, written=(root / "chapters" / f"{name}.ipynb").exists(), **given)


def chapters(root=ROOT):
    """All chapters in their order."""
    return [chapter for part in plan(root)[1].values() for chapter in part]


def contents(parts, root):
    """pages/contents.md: one table, whose rows have the addresses to which chapters link."""
    times, rows = verified.load(root), []
    for part, members in parts.items():
        for c in members:
            title = f"[{c.title}](../chapters/{c.name}.ipynb)" if c.written else c.title
            entry = times.get(c.name) if c.written else None
            minutes = f"{verified.reading_minutes(entry)} + {entry['exercises']}" if entry else ""
            cells = (
                part if c is members[0] else "",
                f'<span id="{c.name}"></span>{c.number} {title}',
                c.promise,
                minutes,
                "written" if c.written else "coming",
            )
            rows.append("| " + " | ".join(cells) + " |\n")
    members = [c for part in parts.values() for c in part]
    return CONTENTS.format(written=sum(c.written for c in members), all=len(members), rows="".join(rows))


def toc(parts):
    """The chapters of _toc.yml: what is written."""
    lines = []
    for part, members in parts.items():
        names = [c.name for c in members if c.written]
        if names:
            lines += [f"  - caption: {part}", "    chapters:"]
            lines += [f"      - file: chapters/{name}.ipynb" for name in names]
    return "\n".join(lines) + "\n"


def table(questions, parts):
    """The table of intro.md: each question with the chapters that answer it."""
    rows = []
    for question in questions:
        members = [c for part in parts.values() for c in part if c.question == question["word"]]
        cells = (question["ask"], question["word"], f"`{question['module']}`", ", ".join(runs(members)))
        rows.append("| " + " | ".join(cells) + " |\n")
    return "\n" + TABLE + "".join(rows) + "\n"


def status(parts):
    """The line of intro.md that says which chapters are written."""
    members = [c for part in parts.values() for c in part]
    written = ", ".join(runs([c for c in members if c.written]))
    return f"Written so far: chapters {written} of {len(members)}; [the table](pages/contents.md) has them all.\n"


def runs(members):
    """Links to chapters; three and more in a row, all written or all coming, are one, from the first to the last."""
    groups = []
    for chapter in members:
        last = groups[-1][-1] if groups else None
        if last and last.number == chapter.number - 1 and last.written == chapter.written:
            groups[-1].append(chapter)
        else:
            groups.append([chapter])
    for group in groups:
        if len(group) < 3:
            yield from (f"[{c.number}]({target(c)})" for c in group)
        elif group[0].written:
            yield f"[{group[0].number}]({target(group[0])}) to [{group[-1].number}]({target(group[-1])})"
        else:
            yield f"[{group[0].number} to {group[-1].number}]({target(group[0])})"


def target(chapter):
    """Where a link from intro.md to a chapter leads."""
    return f"chapters/{chapter.name}.ipynb" if chapter.written else f"pages/contents.md#{chapter.name}"


def changelog(text, parts):
    """CHANGELOG.md with the line, in its first section, on the written chapters that no other section names.

    A name that this line has had and that is no chapter any more stays: someone may have bookmarked it.
    """
    head, first, rest = re.fullmatch(r"(?s)(.*?\n## [^\n]+\n)(.*?)((?:\n## .*)?)", text).groups()
    line = re.search(r"(?m)^- Chapters? \d\d \(.*\n", first)
    before, after = (first[: line.start()], first[line.end() :]) if line else (first.rstrip("\n") + "\n", "")
    older, names = names_in(rest), [c.name for part in parts.values() for c in part if c.written]
    gone = sorted(names_in(line[0] if line else "") - set(names))
    new = listed([name for name in names if name not in older])
    words = [f"Chapter{'s' * (' and ' in new)} {new}"] * bool(new) + [f"formerly {listed(gone)}"] * bool(gone)
    return head + before + (f"- {'; '.join(words)}.\n" if words else "") + after + rest


def names_in(text):
    """The names of chapters that a text of CHANGELOG.md has, such as 02-masks for `02 (masks)`."""
    return {f"{number}-{slug(name)}" for number, name in NAMED.findall(text)}


def listed(names):
    """Names as CHANGELOG.md has them: 01 (start), 02 (masks) and 03 (blocks)."""
    texts = [f"{name[:2]} ({name[3:].replace('-', ' ')})" for name in names]
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def between(text, comment, new, name):
    """The text with what stands between the lines `comment begin` and `comment end` replaced."""
    begin, end = (re.escape(comment.replace("...", word)) + r"[^\n]*\n" for word in ("begin", "end"))
    found = re.findall(rf"(?ms)^ *{begin}.*?^ *{end}", text)
    if len(found) != 1:
        raise ValueError(f"{name}: found {len(found)} places between the comments {comment!r}, expected one")
    return re.sub(rf"(?ms)(^ *{begin}).*?(^ *{end})", lambda match: match[1] + new + match[2], text)


def texts(root=ROOT):
    """The new text of each file."""
    questions, parts = plan(root)
    old = {name: (root / name).read_text(encoding="utf-8") for name in ("_toc.yml", "intro.md", "CHANGELOG.md")}
    return {
        "pages/contents.md": contents(parts, root),
        "_toc.yml": between(old["_toc.yml"], "# chapters ...", toc(parts), "_toc.yml"),
        "intro.md": between(
            between(old["intro.md"], "<!-- chapters ...", table(questions, parts), "intro.md"),
            "<!-- status ...",
            status(parts),
            "intro.md",
        ),
        "CHANGELOG.md": changelog(old["CHANGELOG.md"], parts),
    }


def stale(root=ROOT):
    """The files that are not what would be written."""
    new = texts(root)
    return [n for n in new if not (root / n).exists() or (root / n).read_text(encoding="utf-8") != new[n]]


def write(root=ROOT):
    """Write all of them, or none."""
    for name, text in texts(root).items():
        (root / name).write_text(text, encoding="utf-8")


def main(arguments, root=ROOT):
    """Write, or check that all is up to date."""
    try:
        if arguments != ["--check"]:
            write(root)
        elif found := stale(root):
            sys.exit(f"{', '.join(found)} and {FILE} differ: run python -m tools.chapters")
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
