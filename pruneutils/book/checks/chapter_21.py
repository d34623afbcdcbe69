"""Checks of the exercises of chapter 21."""

import numpy as np

from pruneutils.book.checks import check, expect

BYTES, SHARE_OF_MACS, NONZEROS = 4000, 0.6, 2500
FAULTS = ("one run", "no places", "operations never saved", "speed from operations", "no rival")


@check("21.1", "bytes and operations fit, and enough of the network is left to learn with.")
def plan(chosen):
    """Check ``{"channels": share kept, "sparsity": share of zeros, "bits": 8 or 32}`` by building the network."""
    expect(isinstance(chosen, dict), f"the plan is of type {type(chosen).__name__}, expected a dictionary.")
    wanted = ["channels", "sparsity", "bits"]
    expect(sorted(chosen) == sorted(wanted), f"the plan has the keys {sorted(chosen)}, expected {wanted}.")
    expect(0 < chosen["channels"] <= 1, f"channels={chosen['channels']}: expected a share above 0, at most 1.")
    expect(0 <= chosen["sparsity"] < 1, f"sparsity={chosen['sparsity']}: expected a share from 0 on, below 1.")
    expect(chosen["bits"] in (8, 32), f"bits={chosen['bits']}: expected 8 or 32.")
    operations, size, nonzeros = _built(**chosen)
    expect(
        operations <= SHARE_OF_MACS,
        f"{100 * operations:.0f} % of the operations are left, allowed are {100 * SHARE_OF_MACS:.0f} %; "
        "a zero is still multiplied, a removed channel is not.",
    )
    expect(size <= BYTES, f"{size} bytes, allowed are {BYTES}; a place costs a bit, a value costs its bits.")
    expect(nonzeros >= NONZEROS, f"{nonzeros} non-zero weights are left, wanted are {NONZEROS}: you cut too much.")


def _built(channels, sparsity, bits):
    """Build the plan on the chapter's small network: share of operations, bytes of weights, non-zeros."""
    from pruneutils import masks, measure, pytorch, scores
    from pruneutils.book import train

    net, image = train.cnn(16, 32, seed=0), np.zeros((1, 64), dtype=np.float32)
    counts = {name: len(net.get_submodule(name).weight) for name in ("1", "3")}
    kept = {name: np.arange(n) < max(1, round(channels * n)) for name, n in counts.items()}
    smaller = pytorch.remove_channels(net, kept)
    W = pytorch.weights(smaller)
    held = {name: masks.unstructured(scores.magnitude(w), sparsity) for name, w in W.items()}
    nonzeros = sum(int(mask.sum()) for mask in held.values())
    places = sum(-(-mask.size // 8) for mask in held.values()) if sparsity > 0 else 0
    return measure.macs(smaller, image) / measure.macs(net, image), bits // 8 * nonzeros + places, nonzeros


@check("21.2", "you would have sent this table back to its authors, and for the right reasons.")
def faults(function):
    """Check ``function(report) -> names of what is wrong``, on reports with each fault planted and with none."""
    found = function(_report())
    expect(found is not None and found is not ..., "the function returned nothing so far.")
    expect(not isinstance(found, str), "a report may have several faults: return a list or a set.")
    expect(not set(found), f"{sorted(found)} in a report that is in order.")
    unknown = set(function(_report(*FAULTS))) - set(FAULTS)
    expect(not unknown, f"{sorted(unknown)}: expected names from {list(FAULTS)}.")
    for fault in FAULTS:
        found = set(function(_report(fault)))
        expect(fault in found, f"{fault!r} was planted and not found.")
        expect(found == {fault}, f"only {fault!r} was planted, not {sorted(found - {fault})}.")
    removed = {**_report(), "removed": True, "operations": 40_000, "speedup": 1.6}
    expect(not set(function(removed)), "removed channels do save operations; that is no fault.")
    expect(set(function(_report(*FAULTS))) == set(FAULTS), "a report may have all five faults at once.")


def _report(*planted):
    """Make a report of a masked network with 90 % zeros, in order but for what is planted."""
    report = {"runs": 5, "weights": 10_000, "nonzeros": 1000, "bytes": 5250, "removed": False, "rival": True}
    report |= {"operations": 100_000, "operations_dense": 100_000, "speedup": 0.98}
    report |= {"runs": 1} if "one run" in planted else {}
    report |= {"bytes": 4000} if "no places" in planted else {}
    report |= {"operations": 10_000} if "operations never saved" in planted else {}
    report |= {"rival": False} if "no rival" in planted else {}
    if "speed from operations" in planted:
        report["speedup"] = report["operations_dense"] / report["operations"]
    return report


@check("21.3", "your guide decides by the clock, and knows when to leave a model alone.")
def fastest(function):
    """Check ``function(times, most) -> change``: times are shares of dense, None where nothing was measured."""
    times = {"masked": 1.0, "bitmask": None, "CSR": 0.9, "half": 0.6, "int8": 0.7}
    answer = function(times, 0.8)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(answer != "bitmask", "what was not measured cannot be chosen.")
    expect(answer != "masked", "that is the slowest; a small share is a fast one.")
    expect(answer == "half", f"half is the fastest, not {answer!r}.")
    answer = function({"half": 0.95, "CSR": 1.8, "int8": None}, 0.8)
    expect(answer == "do nothing", f"nothing takes at most 0.8 of the time, and yet the answer is {answer!r}.")
    expect(function({"a": 0.8, "b": 0.81}, 0.8) == "a", "at most 0.8 includes 0.8.")
    expect(function({"2:4": None}, 0.8) == "do nothing", "where nothing was measured the answer is 'do nothing'.")
