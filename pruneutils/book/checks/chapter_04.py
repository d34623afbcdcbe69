"""Checks of the exercises of chapter 4."""

import numpy as np

from pruneutils.book.checks import _unseen, check, expect, expect_array


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


@check("4.3", "it orders the deletions better than Wanda in all three networks, and needs neither gradient nor label.")
def invented_score(function):
    """Check ``function(W, V, X, A) -> scores`` by the rank correlation with the true change of loss."""
    for layer in _unseen.first_layers():
        given = [array.copy() for array in (layer.W, layer.V, layer.X, layer.A)]
        answer = function(*given)
        expect(answer is not None and answer is not ..., "the function returned nothing so far.")
        answer, shape = np.asarray(answer, dtype=float), layer.W.shape
        expect(
            answer.shape != (shape[0],) and answer.shape != (shape[0], 1),
            f"it has shape {answer.shape}, one score a unit; expected one a weight, {shape}.",
        )
        expect(answer.shape == shape, f"it has shape {answer.shape}, expected that of W, {shape}.")
        expect(np.isfinite(answer).all(), "it has NaN or infinite scores: is there a division by zero?")
        expect(np.ptp(answer) > 0, "all scores are the same.")
        expect(
            all(np.array_equal(a, b) for a, b in zip(given, (layer.W, layer.V, layer.X, layer.A), strict=True)),
            "it changed its arguments; return a new array.",
        )
    each = {name: [layer.rank(score) for layer in _unseen.first_layers()] for name, score in _scores(function).items()}
    mean = {name: np.mean(values) for name, values in each.items()}
    expect(mean["yours"] > -0.2, f"its rank correlation is {mean['yours']:.2f}: upside down; larger means keep.")
    heard = "Wanda knows what a weight reads; what later layers do with the unit's answer it does not."
    expect(
        not np.allclose(each["yours"], each["Wanda"], atol=1e-6),
        f"it orders the weights exactly as Wanda does. {heard}",
    )
    expect(
        all(np.greater(each["yours"], each["Wanda"])),
        f"its rank correlation with the true change is {mean['yours']:.2f} on average; magnitude has "
        f"{mean['magnitude']:.2f}, Wanda {mean['Wanda']:.2f}, the book's own {mean['the book']:.2f}. "
        f"Be ahead of Wanda in each of the three networks. {heard}",
    )


def ranking(function) -> dict:
    """Mean rank correlation of scores with the true change of loss, over the networks of ``invented_score``.

    Parameters
    ----------
    function : ``function(W, V, X, A)``, the reader's score.

    Returns
    -------
    name of a score -> float in [-1, 1]; the reader's is "yours".
    """
    layers = _unseen.first_layers()
    found = {name: float(np.mean([of.rank(score) for of in layers])) for name, score in _scores(function).items()}
    return found | {"OBD": float(np.mean([of.rank(lambda *_, of=of: of.obd) for of in layers]))}


def _scores(function) -> dict:
    return {
        "yours": function,
        "magnitude": lambda W, V, X, A: abs(W),
        "Wanda": lambda W, V, X, A: abs(W) * np.linalg.norm(X, axis=0),
        "the book": lambda W, V, X, A: (
            abs(W) * np.sqrt((A > 0).T.astype(float) @ X**2) * np.linalg.norm(V, axis=0)[:, None]
        ),
    }
