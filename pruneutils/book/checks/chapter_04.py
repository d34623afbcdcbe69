"""Checks of the exercises of chapter 4."""

import numpy as np

from pruneutils.book.checks import check, expect, expect_array


@check("4.1", "each sample's gradient is squared before the mean is taken.")
def fisher_from_gradients(function):
    """Check ``function(per_sample) -> diagonal``: per_sample of shape (samples, weights)."""
    per_sample = np.array([[1.0, 2.0, 0.0], [-1.0, 2.0, 0.0], [1.0, 2.0, 6.0], [-1.0, 2.0, 0.0]])
    given = per_sample.copy()
    answer = function(given)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    answer = np.asarray(answer, dtype=float)
    expect(answer.shape == (3,), f"it has shape {answer.shape}, expected one value a weight, (3,).")
    expect(
        not np.allclose(answer, [0, 4, 2.25]),
        "the first weight's gradients are +1 and -1 and it scores 0: the mean was squared, so they cancel.",
    )
    expect(
        not np.allclose(answer, [4, 16, 36]),
        "that is the sum over samples; with the mean, the size does not depend on how many samples you use.",
    )
    expect(
        not np.allclose(answer, [1, 2, 1.5]),
        "that is the mean of absolute values; curvature goes with their squares.",
    )
    expect(
        not np.allclose(answer, [1, 0, 6.75]),
        "that is the variance: it leaves out the square of the mean, and the second weight scores 0.",
    )
    expect(np.array_equal(given, per_sample), "it changed its argument; return a new array.")
    expect_array(answer, np.array([1.0, 4.0, 9.0]), "the diagonal", "Square each sample's gradient, then average.")
    seven = np.random.default_rng(1).normal(size=(7, 3))
    more = np.asarray(function(seven.copy()), dtype=float)
    expect(
        np.allclose(more, (seven**2).sum(axis=0) / 7),
        "with seven samples it is wrong: divide by the number of samples that are given, not by 4.",
    )


def _quadratic(seed, n=6):
    draws = np.random.default_rng(seed)
    A = draws.normal(size=(3 * n, n)) + draws.normal(size=(3 * n, 1))
    return draws.normal(size=n) + 1, A.T @ A / n


@check("4.2", "all chosen weights go at once, and the survivors sit at the minimum that is left.")
def delete_together(function):
    """Check ``function(w, H_inv, gone) -> w``: deletes the weights ``gone`` and adapts the others."""
    for seed, gone in ((0, [2]), (1, [0, 3]), (2, [5, 1, 4])):
        w, H = _quadratic(seed)
        H_inv, before = np.linalg.inv(H), w.copy()
        answer = function(w, H_inv.copy(), list(gone))
        expect(answer is not None and answer is not ..., "the function returned nothing so far.")
        answer = np.asarray(answer, dtype=float)
        expect(np.array_equal(w, before), "it changed its argument w; return a new array.")
        expect(
            answer.shape == w.shape, f"it has shape {answer.shape}, expected {w.shape}: all weights, zeros included."
        )
        kept = np.setdiff1d(np.arange(len(w)), gone)
        expect(not np.allclose(answer[gone], -w[gone]), "that is the update; return the weights after it, w + update.")
        expect(not np.allclose(answer[gone], 2 * w[gone]), "the update has the wrong sign.")
        rule = (
            "Updates of single deletions, added up, move each other's weight: solve for all of them together."
            if len(gone) > 1
            else "For one weight the update is (4.7)."
        )
        expect(
            np.allclose(answer[gone], 0, atol=1e-9),
            f"the weights {gone} are {answer[gone].round(3)} afterwards, not zero. {rule}",
        )
        expect(not np.allclose(answer[kept], w[kept]), "the other weights did not move; that is OBD, not OBS.")
        # the minimum of the quadratic form over the kept weights, from H and not from its inverse
        best = w[kept] + np.linalg.solve(H[np.ix_(kept, kept)], H[np.ix_(kept, gone)] @ w[gone])
        opposite = w[kept] - (best - w[kept])
        expect(not np.allclose(answer[kept], opposite), "the other weights moved the wrong way: check the sign.")
        expect(
            np.allclose(answer[kept], best, rtol=1e-6, atol=1e-8),
            f"deleting {gone}, the others are {answer[kept].round(3)}; the loss is lowest at {best.round(3)}. "
            "Deleting one after the other needs a new inverse after each; together, invert the block of H_inv.",
        )


@check("4.3", "each output is fitted anew with the inputs that its mask left it.")
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
            f"with ridge {ridge:g} the sizes are off: minimising (4.8) plus ridge/2 times the squared distance adds "
            "ridge, no factor of 2 or of the number of samples, to the diagonal of X.T @ X.",
        )
