"""Collect the claims of all chapters from their stored outputs into pages/claims.md.

    python -m tools.ledger            write the page
    python -m tools.ledger --check    exit 1 if the page is not what would be written

A claim is an output whose metadata hold {"claim": {"id", "statement", "holds", "answers", "verdict"}}, as
pruneutils.book.claims.claim displays it. `answers` is a key of references.bib, or None; then `verdict` is None too.
"""

import json
import re
import sys
from functools import cache
from pathlib import Path

from pybtex.database import parse_file

from pruneutils._titles import title
from tools import tally

ROOT = Path(__file__).resolve().parent.parent
HEAD = """\
# Ledger of claims

<!-- Written by tools/ledger.py from the stored outputs of the chapters: do not edit. -->

{all} sentences that the chapters conclude from their measurements.
Each has a condition that is checked whenever its chapter runs: where it fails the chapter stops, and nothing is published until the sentence or the code is mended.
So this page shows only what held; *on other seeds* says how often, in runs of the same code on other seeds and splits of the data.
{tried} were tried so; {robust} of them held in at least nine of ten runs.
{answers} answer a claim of the literature: {none} did not show at this scale, {partly} showed in part, {reproduced} were reproduced.
Such experiments illustrate mechanisms; they do not rank methods.
"""  # noqa: E501
ROBUST = 0.9  # share of runs on other seeds in which a claim has to hold
FAILED = "not at this scale"
VERDICTS = {
    FAILED: "Claims of the literature that did not show here",
    "partly": "Claims of the literature that showed in part",
    "reproduced": "Claims of the literature that were reproduced",
}
FARED = {FAILED: "not reproduced at this scale", "partly": "reproduced in part", "reproduced": "reproduced"}


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


@cache
def known(root=ROOT):
    """All claims by id, with how each held on other seeds, `seeds`, and a link to the paper it answers, `paper`."""
    entries, columns, found = parse_file(str(root / "references.bib")).entries, {}, {}
    for claim in collect(root):
        chapter = claim["file"].removesuffix(".ipynb")
        columns.setdefault(chapter, tally.column(chapter, root))
        paper = citation(claim["answers"], entries) if claim["answers"] else ""
        found[claim["id"]] = claim | {"seeds": columns[chapter](claim["id"]), "paper": paper}
    return found


def share(claim):
    """Share of the runs on other seeds that reached a claim and found that it holds; None where it was not tried."""
    match = re.match(r"(\d+) of (\d+)(?:, not reached in (\d+))?", claim["seeds"])
    return int(match[1]) / max(1, int(match[2]) + int(match[3] or 0)) if match else None


def weak(claim):
    """Whether it held in too few of the runs on other seeds."""
    return share(claim) is not None and share(claim) < ROBUST


def remarks(name, root=ROOT):
    """What is known of a claim beyond that it held: how the literature's fared here, how often on other seeds."""
    claim = known(root).get(name)
    if claim is None:
        return []
    paper = [f"{claim['paper'][1:].partition(']')[0]}: {FARED[claim['verdict']]}"] if claim["answers"] else []
    return paper + ([f"on other seeds {claim['seeds']}"] if claim["seeds"] != tally.UNTRIED else [])


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


def item(claim, anchor=False):
    """One claim as an entry of a list; its box in the chapter links to the anchor, the page's filter reads kinds."""
    facts = [f"[{claim['title']}](#claim-{claim['id']})"]
    facts += [f"{claim['paper']}: {FARED[claim['verdict']]}"] if claim["answers"] else []
    facts += [f"on other seeds {claim['seeds']}"] if claim["seeds"] != tally.UNTRIED else []
    kinds = {"answers": claim["answers"], "failed": claim["verdict"] == FAILED, "weak": weak(claim)}
    kinds = " ".join(kind for kind, applies in kinds.items() if applies)
    place = f'<span id="ledger-{claim["id"]}" data-kinds="{kinds}"></span>' if anchor else ""
    return f"- {place}**{title(claim['id'])}.** {claim['statement']}\n  {'; '.join(facts)}.\n"


def page(root=ROOT):
    """The whole page as Markdown."""
    known.cache_clear()
    claims = list(known(root).values())
    tried = [claim for claim in claims if share(claim) is not None]
    broken = [claim for claim in claims if weak(claim)]
    by_verdict = {verdict: [claim for claim in claims if claim["verdict"] == verdict] for verdict in VERDICTS}
    counts = {"all": len(claims), "tried": len(tried), "robust": len(tried) - len(broken)}
    counts |= {"answers": sum(map(len, by_verdict.values())), "none": len(by_verdict[FAILED])}
    parts = [HEAD.format(**counts, **{verdict: len(by_verdict[verdict]) for verdict in ("partly", "reproduced")})]
    for verdict, heading in VERDICTS.items():
        if by_verdict[verdict]:
            parts += [f"\n## {heading}\n\n", *map(item, by_verdict[verdict])]
    if broken:
        parts += ["\n## Claims that other seeds break\n\n", *map(item, broken)]
    parts.append("\n## All claims by chapter\n")
    for chapter in dict.fromkeys(claim["title"] for claim in claims):
        mine = [claim for claim in claims if claim["title"] == chapter]
        parts += [f"\n### {chapter}\n\n", *(item(claim, anchor=True) for claim in mine)]
    return "".join(parts)


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
