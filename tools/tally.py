"""What is kept of a chapter's runs on other seeds: how often each claim held, in data/reseed/NAME.json.

An entry holds the digest of the chapter's code, the date (UTC) and versions of the latest run, the step between the
seeds of two runs, and the number of runs. Of a claim it tells in how many runs it held, of how many that reached it,
and the numbers of the runs in which it failed or was not reached. `raised` lists cells that ended in an error, by
their number among the code cells that readers see, from 0; `unfinished` the runs that took too long or broke down.
"""

import copy
import hashlib
import json
import re
from pathlib import Path

from tools.reseeded import code_cells

ROOT = Path(__file__).resolve().parent.parent


def digest(text):
    """A digest of a chapter's code, the same when chapters are numbered anew, imports moved or comments mended."""
    code = re.sub(r"\bchapter_\d+|\b\d+-(?=[a-z-]+\.ipynb)", "", "\n".join(code_cells(text)))
    lines = [line for line in code.splitlines() if not re.match(r"\s*(import |from \S+ import |#|$)", line)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def file_of(chapter, root=ROOT):
    """Where the results of a chapter such as `02-masks` are."""
    return root / "data" / "reseed" / f"{chapter[3:]}.json"


def load(chapter, root=ROOT):
    """The stored results of a chapter, or {}."""
    path = file_of(chapter, root)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def save(chapter, entry, root=ROOT):
    """Store a chapter's results, whole or not at all."""
    path = file_of(chapter, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".new").write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".new").replace(path)


def blank(claims, **about):
    """The entry of a chapter that makes these claims, before the first run."""
    none = {"held": 0, "of": 0, "failed": [], "not reached": []}
    return about | {"runs": 0, "claims": {name: copy.deepcopy(none) for name in claims}, "raised": [], "unfinished": []}


def added(entry, events):
    """The entry with one run more, of which these are the events, in order."""
    entry, outcome = copy.deepcopy(entry), {}
    number = entry["runs"] = entry["runs"] + 1
    for event in events:
        if "claim" in event:  # one that a loop makes several times must hold each time
            outcome[event["claim"]] = outcome.get(event["claim"], True) and event["holds"]
        elif "raised" in event:
            _list_of_runs(entry["raised"], event["raised"], event["error"]).append(number)
    for name in outcome:
        unknown = {"held": 0, "of": 0, "failed": [], "not reached": list(range(1, number))}
        entry["claims"].setdefault(name, unknown)
    for name, claim in entry["claims"].items():
        if name not in outcome:
            claim["not reached"].append(number)
            continue
        claim["of"] += 1
        claim["held"] += outcome[name]
        if not outcome[name]:
            claim["failed"].append(number)
    if not any("finished" in event for event in events):
        entry["unfinished"].append(number)
    return entry


def _list_of_runs(raised, cell, error):
    for known in raised:
        if (known["cell"], known["error"]) == (cell, error):
            return known["runs"]
    raised.append({"cell": cell, "error": error, "runs": []})
    return raised[-1]["runs"]


def shown(claim, entry, stale):
    """The words of the ledger for one claim."""
    tally = entry.get("claims", {}).get(claim)
    if not tally:
        return "–"
    words = f"{tally['held']} of {tally['of']}"
    if tally["not reached"]:
        words += f", not reached in {len(tally['not reached'])}"
    return words + (", earlier code" if stale else "")


def column(chapter, root=ROOT):
    """A function from the id of a claim of this chapter to the ledger's words on it."""
    entry, text = load(chapter, root), root / "chapters" / f"{chapter}.md"
    stale = bool(entry) and (not text.exists() or digest(text) != entry["digest"])
    return lambda claim: shown(claim, entry, stale)
