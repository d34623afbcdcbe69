"""Collect the claims of all chapters from their stored outputs into pages/claims.md.

    python -m tools.ledger            write the page
    python -m tools.ledger --check    exit 1 if the page is not what would be written

A claim is an output whose metadata hold {"claim": {"id", "statement", "holds", "answers", "verdict"}}, as
pruneutils.book.claims.claim displays it. `answers` is a key of references.bib, or None; then `verdict` is None too.
"""

import json
import sys
from functools import cache
from pathlib import Path

from pybtex.database import parse_file

from tools import tally

ROOT = Path(__file__).resolve().parent.parent
HEAD = """\
# Ledger of claims

<!-- Written by tools/ledger.py from the stored outputs of the chapters: do not edit. -->

Each row is a sentence that a chapter concludes from its measurements.
The chapter's code checks the sentence whenever it runs, and `make test` runs every chapter, so a claim that stops holding stops the book.
*Other seeds* says in how many runs on other seeds and splits it held, of those that `make reseed` has tried; a dash means none.
The last two columns say which claim of the literature it answers, and how that claim fared in the book's small experiments.
Such experiments illustrate mechanisms; they do not rank methods.

| Claim | Holds | Other seeds | Chapter | Literature | Verdict |
|---|---|---|---|---|---|
"""  # noqa: E501


def chapter_claims(path):
    """The claims of one notebook, in order, each with its chapter's file name and title."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    title = next((line[2:] for text in texts for line in text.splitlines() if line.startswith("# ")), path.stem)
    outputs = (output for cell in cells for output in cell.get("outputs", []))
    found = (output["metadata"]["claim"] for output in outputs if "claim" in output.get("metadata", {}))
    return [claim | {"file": path.name, "title": title} for claim in found]


def collect(root=ROOT):
    """The claims of all chapters; refuse an id that occurs twice."""
    claims, first = [], {}
    for path in sorted((root / "chapters").glob("*.ipynb")):
        for claim in chapter_claims(path):
            if claim["id"] in first:
                raise ValueError(f"claim id {claim['id']!r} is in {first[claim['id']]} and again in {path.name}")
            first[claim["id"]] = path.name
            claims.append(claim)
    return claims


def title(name):
    """A claim's id, spelled out: its title."""
    return name.replace("-", " ").capitalize()


@cache
def _known(root):
    entries = parse_file(str(root / "references.bib")).entries
    return {claim["id"]: claim for claim in collect(root)}, entries


def remarks(name, root=ROOT):
    """What is known of a claim beyond that it holds: how the literature's claim fared here."""
    claims, entries = _known(root)
    claim = claims.get(name, {})
    if not claim.get("answers"):
        return []
    return [f"{authors(claim['answers'], entries)}: {claim['verdict']}"]


def citation(key, entries):
    """A link with author and year, as the chapters cite."""
    return f"[{authors(key, entries)}]({entries[key].fields['url']})"


def authors(key, entries):
    """Author and year of an entry of references.bib."""
    if key not in entries:
        raise ValueError(f"answers={key!r}: no such key in references.bib")
    entry = entries[key]
    names = [" ".join(person.prelast_names + person.last_names) for person in entry.persons["author"]]
    first = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
    return f"{first.replace('{', '').replace('}', '')}, {entry.fields['year']}"


def page(root=ROOT):
    """The whole page as Markdown."""
    entries = parse_file(str(root / "references.bib")).entries
    rows, other_seeds = [], {}
    for claim in collect(root):
        chapter = claim["file"].removesuffix(".ipynb")
        if chapter not in other_seeds:
            other_seeds[chapter] = tally.column(chapter, root)
        cells = (
            f"{claim['statement']} `{claim['id']}`",
            "✔" if claim["holds"] else "✘",
            other_seeds[chapter](claim["id"]),
            f"[{claim['title']}](../chapters/{claim['file']})",
            citation(claim["answers"], entries) if claim["answers"] else "",
            claim["verdict"] or "",
        )
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return HEAD + "".join(rows)


def write(root=ROOT):
    """Write pages/claims.md."""
    (root / "pages" / "claims.md").write_text(page(root), encoding="utf-8")


def main(arguments, root=ROOT):
    """Write the page, or check that it is up to date."""
    try:
        if arguments == ["--check"]:
            if (root / "pages" / "claims.md").read_text(encoding="utf-8") != page(root):
                sys.exit("pages/claims.md is stale: run python -m tools.ledger")
        else:
            write(root)
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
