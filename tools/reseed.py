"""Run chapters on other seeds and splits, and keep for each claim how often it held there.

    python -m tools.reseed                       all chapters, ten runs each
    python -m tools.reseed --runs 20 02 07       these, until each has twenty
    python -m tools.reseed --force 02            from the start, whatever is stored

Run number k, from 1, moves all seeds by k million; tools/reseeded.py says which. The text of a chapter and its stored
notebook stay as they are. data/reseed/NAME.json, which does not know the chapter's number, is written after every run,
so that what was stopped goes on where it was; tools/tally.py says what it holds. A chapter whose code has changed
starts anew. Whether the package has changed nobody checks: --force then.

Ten runs take ten times as long as the chapter does, the whole book more than an hour. Claims about time need a quiet
machine here as everywhere.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tools import ledger, tally, verified
from tools.processors import ONE_THREAD
from tools.reseeded import code_cells

ROOT = Path(__file__).resolve().parent.parent
STEP = 1_000_000  # between the seeds of two runs, more than any chapter counts on its own
RUNS, LIMIT = 10, 600  # runs a chapter, seconds a run


def run(text, number, limit=LIMIT):
    """The events of one run, in order; the last is {"finished": True} unless it broke down or took too long."""
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events"
        events.touch()
        command = [sys.executable, "-m", "tools.reseeded", str(text.resolve()), str(number * STEP), str(events)]
        options = {"cwd": ROOT, "env": os.environ | ONE_THREAD, "capture_output": True}
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(command, timeout=limit, check=False, **options)
        return [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines() if line.endswith("}")]


def reseed(text, runs=RUNS, force=False, limit=LIMIT, root=ROOT):
    """Bring a chapter to this number of runs, storing each; return its entry."""
    now, entry = tally.digest(text), tally.load(text.stem, root)
    if force or entry.get("digest") != now:
        notebook = text.with_suffix(".ipynb")
        stored = [claim["id"] for claim in ledger.chapter_claims(notebook)] if notebook.exists() else []
        claims = [name for name in stored if name in text.read_text(encoding="utf-8")]  # the text may be newer
        entry = tally.blank(claims, digest=now, date="", versions={}, step=STEP)
    for number in range(entry["runs"] + 1, runs + 1):
        start = time.perf_counter()
        events = run(text, number, limit)
        cells = [{"cell_type": "code", "source": source} for source in code_cells(text)]
        about = {"date": datetime.now(UTC).date().isoformat(), "versions": verified.versions(cells)}
        entry = tally.added(entry, events) | about
        tally.save(text.stem, entry, root)
        tell(text.stem, f"run {number} of {runs}, {time.perf_counter() - start:.0f} s", events)
    return entry


def tell(chapter, what, events):
    """Print what happened in a run."""
    failed = [event["claim"] for event in events if event.get("holds") is False]
    print(f"{chapter}  {what}, failed: {', '.join(failed) or 'none'}")
    for event in events:
        if "raised" in event:
            print(f"    cell {event['raised']} raised {event['error']}: {event['text']}")
    if not any("finished" in event for event in events):
        print("    broke down or took too long")
    sys.stdout.flush()


def main(arguments, root=ROOT):
    """Run the chapters with these numbers, all if there are none; write the ledger after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=RUNS, help=f"by default {RUNS}")
    parser.add_argument("--limit", type=int, default=LIMIT, help=f"seconds a run may take, by default {LIMIT}")
    parser.add_argument("--force", action="store_true", help="run anew what is stored")
    parser.add_argument("numbers", nargs="*", help="of chapters, such as 02; all by default")
    options = parser.parse_args(arguments)
    chapters = sorted((root / "chapters").glob("*.md"))
    texts = [text for text in chapters if not options.numbers or text.name[:2] in options.numbers]
    missing = set(options.numbers) - {text.name[:2] for text in texts}
    if missing or not texts:
        sys.exit(f"no chapter {', '.join(sorted(missing))} in {root / 'chapters'}")
    for text in texts:
        entry = reseed(text, options.runs, options.force, options.limit, root)
        print(f"{text.stem}: {entry['runs']} runs")
        for name in entry["claims"]:
            print(f"    {tally.shown(name, entry, False)}  {name}", flush=True)
        ledger.write(root)


if __name__ == "__main__":
    main(sys.argv[1:])
