"""Checks of the exercises of chapter 18."""

import numpy as np

from pruneutils import measure
from pruneutils.book.checks import _rare, check, expect

GAIN, PRICE = 0.10, 0.01


@check("18.1", "it knows how far to trust a confidence.")
def expected_calibration_error(function):
    """Check ``function(probabilities, y, bins) -> expected calibration error``."""
    sure = np.array([[0.8, 0.2], [0.8, 0.2]])
    found = function(sure, np.array([0, 1]), 10)
    expect(found is not None, "the function returned nothing so far.")
    expect(np.ndim(found) == 0, f"expected one number, got an array of shape {np.shape(found)}.")
    expect(
        not np.isclose(found, 0.5),
        "0.5 is the gap of each image by itself, 0.2 and 0.8; average within a bin before you take the gap.",
    )
    expect(
        np.isclose(found, 0.3),
        f"two images with confidence 0.8, one right, have the error 0.3, not {float(found):.3g}.",
    )
    apart = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.6, 0.4]])
    found = float(function(apart, np.array([0, 0, 0, 1]), 10))
    expect(not np.isclose(found, 0.35), "you averaged over the bins; a bin counts by its share of the images.")
    expect(
        not np.isclose(found, 0.075),
        "gaps of opposite sign cancelled: take the size of each bin's gap before you add.",
    )
    expect(np.isclose(found, 0.225), f"three right at 0.9 and one wrong at 0.6 give 0.225, not {found:.3g}.")
    edge = np.array([[0.5, 0.3, 0.2], [0.55, 0.25, 0.2]])
    found = float(function(edge, np.array([0, 1]), 2))
    expect(
        np.isclose(found, 0.525),
        f"with two bins, a confidence of 0.5 is in the first and 0.55 in the second: 0.525, not {found:.3g}. "
        "A bin holds its upper edge.",
    )
    rng = np.random.default_rng(18)
    for bins in (1, 5, 15):
        probabilities = rng.dirichlet(np.ones(4), size=200)
        y = np.array([rng.choice(4, p=row) for row in probabilities])
        expected, found = (
            measure.calibration_error(probabilities, y, bins=bins),
            float(function(probabilities, y, bins)),
        )
        expect(np.isclose(found, expected), f"200 images in {bins} bins: {found:.4f}, expected {expected:.4f}.")


@check("18.2", "pruning answers for its own flips alone.")
def flips_beyond_chance(function):
    """Check ``function(dense, other, pruned) -> (mean excess of flips, runs with more)``."""
    dense = np.array([[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]])
    other = np.array([[0, 1, 2, 3, 9], [0, 1, 2, 9, 9]])
    pruned = np.array([[9, 9, 9, 3, 4], [9, 1, 2, 3, 4]])
    answer = function(dense, other, pruned)
    expect(answer is not None, "the function returned nothing so far.")
    expect(np.size(answer) == 2, f"expected two numbers, got {answer!r}.")
    excess, more = (float(part) for part in answer)
    expect(not np.isclose(excess, 0.4), "0.4 is all that pruning flips; subtract what the other seed flips anyway.")
    expect(not np.isclose(excess, 0.7), "0.7 compares the pruned network with the other seed; compare with the dense.")
    expect(not np.isclose(excess, 0.5), "0.5 counts images in all runs; a share is per image of each run.")
    expect(
        not np.isclose(excess, -0.1),
        "the sign is turned: expected flips by pruning less flips by the other seed.",
    )
    expect(not np.isclose(excess, 0.3), "take no sizes: a run in which the other seed flips more counts against it.")
    expect(
        np.isclose(excess, 0.1),
        f"run by run pruning flips 3 and 1 of 5, the other seed 1 and 2: an excess of 0.1, not {excess:.3g}.",
    )
    expect(more == 1, f"pruning flips more in 1 run of 2, not in {more:g}.")
    same = function(dense, other, other)
    expect(np.allclose(same, 0), "two networks that flip the same have no excess, in no run.")


@check("18.3", "the rare class is back, and the others hardly paid.")
def fine_tune_on(function):
    """Check ``function(X, y, rare) -> (X, y)`` by fine-tuning four pruned networks on what it returns."""
    made = []
    for split, rare in zip(_rare.splits()[0], _rare.RARE, strict=True):
        answer = function(split.X_train.copy(), split.y_train.copy(), rare)
        expect(answer is not None, "the function returned nothing so far.")
        expect(isinstance(answer, tuple) and len(answer) == 2, "expected a pair, the images and their labels.")
        X, y = np.asarray(answer[0]), np.asarray(answer[1])
        expect(
            X.ndim == 2 and X.shape[1:] == split.X_train.shape[1:] and y.shape == X.shape[:1] and len(y) > 0,
            f"images of shape {X.shape} and labels of shape {y.shape}: expected (n, 64) and (n,).",
        )
        expect(len(y) <= 20_000, f"{len(y)} images are more than 225 steps of 64 can see; 20,000 are enough.")
        made.append((X, y))
    plain, got = _rare.plain(), _rare.accuracies(made)
    gain, price = got[1] - plain[1], plain[0] - got[0]
    told = f"rare {plain[1]:.0%} to {got[1]:.0%}, common {plain[0]:.1%} to {got[0]:.1%}"
    expect(
        gain >= GAIN, f"the rare class gains {100 * gain:.0f} points, expected {100 * GAIN:.0f} ({told}): show it more."
    )
    expect(price <= PRICE, f"the common classes lose {100 * price:.1f} points, at most one ({told}): show it less.")
