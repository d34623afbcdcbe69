"""The self-checks of chapter 21, and its guide: each branch rests on claims that the book has."""

import re
from pathlib import Path

import pytest
from examination import examination

from pruneutils.book.checks import chapter_21

ROOT = Path(__file__).parents[1]


def faults(report, *, skip=None, masked_only=True, tolerance=0.01):
    found = set()
    if report["runs"] < 5:
        found.add("one run")
    if report["bytes"] < 4 * report["nonzeros"] + report["weights"] / 8:
        found.add("no places")
    if report["operations"] < report["operations_dense"] and not (masked_only and report["removed"]):
        found.add("operations never saved")
    ratio = report["operations_dense"] / report["operations"]
    if abs(report["speedup"] - ratio) < tolerance * ratio:
        found.add("speed from operations")
    if not report["rival"]:
        found.add("no rival")
    return found - {skip}


def fastest(times, most):
    measured = {name: time for name, time in times.items() if time is not None and time <= most}
    return min(measured, key=measured.get, default="do nothing")


def made(channels=0.5, sparsity=0.0, bits=8):
    return {"channels": channels, "sparsity": sparsity, "bits": bits}


RIGHT = [
    (chapter_21.plan, made()),
    (chapter_21.plan, made(0.7, 0.5)),
    (chapter_21.faults, faults),
    (chapter_21.faults, lambda report: sorted(faults(report))),
    (chapter_21.fastest, fastest),
]
WRONG = [
    (chapter_21.plan, None, "nothing handed in"),
    (chapter_21.plan, 0.5, "expected a dictionary"),
    (chapter_21.plan, {"channels": 0.5}, "expected ['channels', 'sparsity', 'bits']"),
    (chapter_21.plan, made(0), "a share above 0"),
    (chapter_21.plan, made(sparsity=1), "below 1"),
    (chapter_21.plan, made(bits=4), "expected 8 or 32"),
    (chapter_21.plan, made(1, 0.9), "a zero is still multiplied"),
    (chapter_21.plan, made(bits=32), "bytes, allowed are 4000"),
    (chapter_21.plan, made(0.3), "you cut too much"),
    (chapter_21.faults, lambda report: None, "returned nothing"),
    (chapter_21.faults, lambda report: "one run", "list or a set"),
    (chapter_21.faults, lambda report: ["one run"], "in order"),
    (chapter_21.faults, lambda report: faults(report, skip="no places"), "'no places' was planted"),
    (chapter_21.faults, lambda report: faults(report, masked_only=False), "removed channels do save"),
    (chapter_21.faults, lambda report: {f.upper() for f in faults(report)}, "expected names from"),
    (chapter_21.fastest, lambda times, most: None, "returned nothing"),
    (chapter_21.fastest, lambda times, most: min(times, key=lambda n: times[n] or 0), "not measured"),
    (chapter_21.fastest, lambda times, most: max(times, key=lambda n: times[n] or 0), "slowest"),
    (chapter_21.fastest, lambda times, most: fastest(times, 9), "nothing takes at most"),
    (chapter_21.fastest, lambda times, most: fastest(times, most - 0.01), "at most 0.8 includes"),
]

(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_both,
) = examination(RIGHT, WRONG, chapter_21)


def guide_and_ledger():
    text = (ROOT / "chapters/21-choosing.md").read_text(encoding="utf-8")
    ledger = (ROOT / "pages/claims.md").read_text(encoding="utf-8")
    return text, set(re.findall(r'id="ledger-([a-z0-9-]+)"', ledger))


def test_every_recipe_of_the_guide_rests_on_claims_of_the_ledger_and_links_to_them():
    text, known = guide_and_ledger()
    namespace = {}
    exec(re.search(r"^rests_on = \{.*?^\}", text, re.MULTILINE | re.DOTALL).group(), namespace)
    for cell in re.findall(r"^def (?:guide|answer)\(.*?^```", text, re.MULTILINE | re.DOTALL):
        exec(cell.removesuffix("```"), namespace)
    cases = [
        (goal, hardware, trained, retrain, rows)
        for goal in ("bytes", "seconds", "energy")
        for hardware in ("cpu", "gpu with 2:4", "phone with LiteRT")
        for trained in (True, False)
        for retrain in (True, False)
        for rows in (0, 1000)
    ]
    reached = {namespace["guide"](*case) for case in cases}
    assert reached == set(namespace["rests_on"])
    for recipe, claims in namespace["rests_on"].items():
        assert claims, recipe
        for claim in claims:
            assert claim in known, (recipe, claim)
            assert f".ipynb#claim-{claim})" in text, (recipe, claim)


def test_a_branch_without_a_claim_would_be_found():
    _, known = guide_and_ledger()
    assert "no-such-claim-is-in-the-book" not in known and len(known) > 100


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_bytes_of_a_plan_are_those_of_its_arrays(share):
    _, size, nonzeros = chapter_21._built(1.0, share, 8)
    assert size == nonzeros + (9872 // 8 if share else 0)
