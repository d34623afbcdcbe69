"""Checks of the exercises of chapter 5."""

import warnings
from math import comb

import numpy as np

from pruneutils.book.checks import check, expect, expect_array


@check("5.1", "L1 takes the same off each weight, the group lasso off the length of the row.")
def proximal_steps(function):
    """Check ``function(w, reach) -> (row after L1's step, row after the group lasso's)``."""
    rows = [np.array([1.5, -0.3, 0.9, 0.2, -1.1]), np.array([0.3, 0.3, -0.3, 0.4, 0.3]), np.array([0.2, -0.1, 0.3])]
    for w in rows:
        thinned, shrunk = _pair(function, w, 0.5)
        size, length = abs(w), np.linalg.norm(w)
        once = np.sign(w) * np.maximum(size - 0.5, 0)
        usual = {
            "weights smaller than reach have changed their sign; they stop at zero.": np.sign(w) * (size - 0.5),
            "that is a threshold; the weights that stay are shrunk by reach as well.": np.where(size > 0.5, w, 0),
            "negative weights are lost; shrink the size and keep the sign.": np.maximum(w - 0.5, 0),
        }
        _told(f"L1 of {w}", thinned, once, usual)
        expect_array(thinned, once, f"L1 of {w}", "Take reach off each size, down to zero.")
        once = np.maximum(1 - 0.5 / length, 0) * w
        usual = {
            "the row is shorter than reach and has turned round; it stops at zero.": (1 - 0.5 / length) * w,
            "divide reach by the length of the row, not by its square.": np.maximum(1 - 0.5 / length**2, 0) * w,
            "the length is the root of the sum of squares, not the sum of sizes.": np.maximum(1 - 0.5 / size.sum(), 0)
            * w,
        }
        _told(f"the group lasso of {w}", shrunk, once, usual)
        why = "Shrink the whole row by one factor, so that its length falls by reach, down to zero."
        expect_array(shrunk, once, f"the group lasso of {w}", why)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        both = _pair(function, np.zeros(4), 0.5)
    expect(not np.any(both), f"a row of zeros becomes {both}; it stays as it is.")
    halved = _pair(function, rows[0], 0.25)[1]
    expect_array(
        halved, (1 - 0.25 / np.linalg.norm(rows[0])) * rows[0], "with reach 0.25 the group lasso", "Use reach."
    )


def _told(name, answer, right, usual):
    """Raise for a usual mistake, where it differs from what is right."""
    for why, mistake in usual.items():
        expect(not np.allclose(answer, mistake) or np.allclose(mistake, right), f"{name} is {answer}: {why}")


def _pair(function, w, reach):
    given = w.copy()
    answer = function(given, reach)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(isinstance(answer, tuple | list) and len(answer) == 2, f"it returned {answer!r}, expected two rows.")
    expect(np.array_equal(given, w), "it changed its argument; return new arrays.")
    thinned, shrunk = (np.asarray(part, dtype=float) for part in answer)
    for name, row in (("L1", thinned), ("the group lasso", shrunk)):
        expect(row.shape == w.shape, f"the row of {name} has shape {row.shape}, expected {w.shape}.")
        expect(np.isfinite(row).all(), f"{name} of {w} is {row}: is there a division by zero?")
    return thinned, shrunk


@check("5.2", "wins are counted by pairs, and luck in both directions.")
def paired_wins(function):
    """Check ``function(a, b) -> (wins of a, decided pairs, probability of a result at least as lopsided)``."""
    cases = [
        ([0.9, 0.8, 0.7, 0.95, 0.6], [0.8, 0.7, 0.6, 0.9, 0.5]),
        ([0.5, 0.9, 0.8, 0.7, 0.6, 0.4, 0.55], [0.4, 0.8, 0.9, 0.6, 0.6, 0.2, 0.5]),
        ([0.1, 0.2, 0.3, 0.4], [0.2, 0.3, 0.4, 0.5]),
        ([0.6, 0.7], [0.7, 0.6]),
        ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
    ]
    for a, b in (map(np.array, case) for case in cases):
        wins, losses = int(np.sum(a > b)), int(np.sum(a < b))
        n, most = wins + losses, max(wins, losses)
        answer = function(a.copy(), b.copy())
        expect(answer is not None and answer is not ..., "the function returned nothing so far.")
        expect(
            isinstance(answer, tuple | list) and len(answer) == 3, f"it returned {answer!r}, expected three numbers."
        )
        got, where = [float(part) for part in answer], f"for a = {a} and b = {b}"
        expect(
            got[0] != int(np.sum(a[:, None] > b)) or int(np.sum(a[:, None] > b)) == wins,
            f"{where} it counts {got[0]:g} wins: each a was compared with every b; only pairs count.",
        )
        expect(got[0] != wins + len(a) - n or n == len(a), f"{where} equal pairs were counted as wins.")
        expect(got[0] == wins, f"{where} it counts {got[0]:g} wins of a, expected {wins}.")
        expect(got[1] != len(a) or n == len(a), f"{where} the equal pairs are among the decided ones.")
        expect(got[1] == n, f"{where} it counts {got[1]:g} decided pairs, expected {n}.")
        tail = sum(comb(n, k) for k in range(most, n + 1)) / 2**n
        right = min(1.0, 2 * tail)
        expect(
            not np.isclose(got[2], tail) or np.isclose(tail, right),
            f"{where} the probability is {got[2]:.4f}: that is luck for one arm; it might have been the other, too.",
        )
        expect(got[2] <= 1 + 1e-12, f"{where} the probability is {got[2]:.4f}; none is above 1.")
        expect(
            not np.isclose(got[2], 2 * comb(n, most) / 2**n) or np.isclose(got[2], right),
            f"{where} the probability is {got[2]:.4f}, of {most} wins exactly; count more lopsided results, too.",
        )
        expect(np.isclose(got[2], right), f"{where} the probability is {got[2]:.4f}, expected {right:.4f}.")


@check("5.3", "each output is fitted anew with the inputs that its mask left it.")
def refit(function):
    """Check ``function(W, mask, X, ridge) -> W``: least squares on the kept weights."""
    draws = np.random.default_rng(4)
    X = draws.normal(size=(40, 5)) @ (np.eye(5) + 0.8)
    W, mask = draws.normal(size=(3, 5)), np.ones((3, 5), dtype=bool)
    mask[0, [0, 2]] = mask[1, [1, 3, 4]] = False
    before = W.copy(), X.copy()
    answer = function(W, mask.copy(), X, 1e-9)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    answer = np.asarray(answer, dtype=float)
    expect(
        np.array_equal(W, before[0]) and np.array_equal(X, before[1]), "it changed its arguments; return a new array."
    )
    expect(answer.shape == W.shape, f"it has shape {answer.shape}, expected that of W, {W.shape}.")
    expect((answer[~mask] == 0).all(), "removed weights must be exactly zero; fit the kept columns only.")
    expect(
        not np.allclose(answer, W * mask),
        "that is W * mask. Either nothing was fitted, or all inputs were fitted and masked afterwards, or the target "
        "was already pruned: mask first, and aim at X @ W[i].",
    )
    best = np.zeros_like(W)
    for i, kept in enumerate(mask):
        best[i, kept] = np.linalg.lstsq(X[:, kept], X @ W[i], rcond=None)[0]
    expect(not np.allclose(answer, 2 * W * mask - best), "the survivors moved the wrong way: check the sign.")
    expect(
        np.allclose(answer, best, rtol=1e-4, atol=1e-5),
        f"the first output's weights are {answer[0].round(3)}, its least squares {best[0].round(3)}. "
        "Each output keeps other inputs, so each has a regression of its own; the target is X @ W[i], before pruning.",
    )
    strong = np.asarray(function(W, mask.copy(), X, 1e6), dtype=float)
    expect(
        np.allclose(strong, W * mask, atol=0.02),
        "with a very large ridge the survivors should stay where they were: "
        "penalise the distance from the old weights, not from zero, so that no data means no change.",
    )
    Z = X * [0, 1, 1, 1, 1]
    for ridge in (1e-3, 10.0):
        answer = np.asarray(function(W, mask.copy(), Z, ridge), dtype=float)
        expect(np.isfinite(answer).all(), "an input that is always zero gives NaN or infinity: add the ridge.")
        expect(
            np.allclose(answer[1:, 0], W[1:, 0]),
            "where the first input is always zero, its weights should stay where they were.",
        )
        best = np.zeros_like(W)
        for i, k in enumerate(mask):
            stacked = np.vstack([Z[:, k], np.sqrt(ridge) * np.eye(k.sum())])
            best[i, k] = np.linalg.lstsq(stacked, np.r_[Z @ W[i], np.sqrt(ridge) * W[i, k]], rcond=None)[0]
        expect(
            np.allclose(answer, best, rtol=1e-4, atol=1e-5),
            f"with ridge {ridge:g} the sizes are off: minimising (5.4) plus ridge/2 times the squared distance adds "
            "ridge, no factor of 2 or of the number of samples, to the diagonal of X.T @ X.",
        )
