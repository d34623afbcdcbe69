"""Checks of the exercises of chapter 1."""

from itertools import pairwise
from numbers import Integral

import numpy as np

from pruneutils.book.checks import check, expect

RATES = (0.02, 0.07)
ALLOWED = 161  # half of the 323 weights that are left of 6464 at 95 %
THEIRS = (2, [12])  # pool and hidden widths of the chapter's rival


@check("1.1", "sparsity and compression ratio are counted over all layers together.")
def sparsity_and_compression(function):
    """Check ``function(masks) -> (sparsity, compression ratio)``."""
    masks = {"small": np.array([True, False]), "large": np.array([[True] * 4, [False] * 4])}
    answer = function(masks)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(np.shape(answer) == (2,), f"it returned {answer!r}, expected a pair (sparsity, compression ratio).")

    masks = {"small": np.array([False, False]), "large": np.ones((2, 4), dtype=bool)}
    s, ratio = function(masks)
    expect(not np.allclose([s, ratio], [1.25, 0.2]), "the order is (sparsity, compression ratio).")
    expect(not np.isclose(s, 0.5), "0.5 is the mean of the layers' sparsities; a large layer counts for more.")
    expect(not np.isclose(s, 0.8), "0.8 is the share that is kept; sparsity is the share removed.")
    expect(not np.isclose(s, 20), "20 is a percentage; sparsity is a fraction, here 0.2.")
    expect(np.isclose(s, 0.2), f"two of ten weights removed give sparsity 0.2, not {s}.")
    expect(not np.isclose(ratio, 5), "5 is 1 / s; the compression ratio is 1 / (1 - s).")
    expect(np.isclose(ratio, 1.25), f"ten weights over eight kept give 1.25, not {ratio}.")


@check("1.2", "the choice is made on validation data, on means, and the highest sparsity within the loss is taken.")
def how_far(function):
    """Check ``function(dense, pruned, loss) -> sparsity``."""
    dense = np.array([0.98, 0.94])
    pruned = {0.8: np.array([0.97, 0.94]), 0.9: np.array([0.99, 0.87]), 0.5: np.array([0.95, 0.93])}
    answer = function(dense, dict(pruned), 0.01)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(np.ndim(answer) == 0, f"it returned {answer!r}, expected one sparsity.")
    expect(
        answer != 0.9,
        "0.9 has the best single run, but its mean is 0.03 below the dense networks': compare means.",
    )
    expect(
        answer != 0,
        "0.0 says that no sparsity will do, but 0.8 loses 0.005 in the mean, less than 0.01: compare means, "
        "look at every sparsity, for 0.5 loses more, and take loss as a fraction.",
    )
    expect(answer != 0.5, "0.5 loses 0.02 in the mean, more than 0.01; that 0.8 loses less is luck, and counts.")
    expect(answer == 0.8, f"0.8 is the highest sparsity that loses at most 0.01 in the mean, not {answer}.")
    answer = function(dense, dict(pruned), 0.05)
    expect(
        answer not in pruned or answer == 0.9,
        "with a loss of 0.05 every sparsity will do; take the highest, not the first, the last or the lowest.",
    )
    expect(answer == 0.9, f"with a loss of 0.05 every sparsity will do, the highest is 0.9, not {answer}.")
    answer = function(np.array([0.5, 0.5]), {0.5: np.array([0.375, 0.25])}, 0.25)
    expect(answer == 0.5, "a mean of 0.3125 is less than 0.25 below 0.5: the loss is in points, not a share.")
    answer = function(np.array([0.5, 0.5]), {0.5: np.array([0.25, 0.25])}, 0.25)
    expect(answer == 0.5, "a mean exactly 0.25 below 0.5 loses at most 0.25, and will do.")
    answer = function(np.full(3, 0.5), {0.5: np.array([0.5, 0.5, 0.0])}, 0.125)
    expect(answer == 0, "two of three runs are as good as dense, but the mean is not: compare means, not medians.")
    answer = function(np.full(2, 0.5), {0.5: np.full(2, 0.75)}, 0.125)
    expect(answer == 0.5, "networks that are better than the dense ones lose nothing, and will do.")
    answer = function(dense, {0.5: np.array([0.5, 0.5])}, 0.01)
    expect(answer == 0, f"where no sparsity will do, the answer is 0.0, not {answer}.")


@check("1.3", "half as many weights as the pruned networks have left, and no worse.")
def my_rival(choice):
    """Check ``{"pool": 1, 2 or 4, "hidden": widths}``: at most 161 weights, and level with the chapter's network."""
    expect(
        isinstance(choice, dict) and set(choice) == {"pool", "hidden"},
        f'expected {{"pool": ..., "hidden": [...]}}, got {choice!r}.',
    )
    pool, hidden = choice["pool"], choice["hidden"]
    expect(pool in (1, 2, 4) and pool is not True, f"pool is {pool!r}, expected 1, 2 or 4.")
    expect(
        isinstance(hidden, (list, tuple)) and all(isinstance(w, Integral) and w > 0 and w is not True for w in hidden),
        f"hidden is {hidden!r}, expected a list of whole numbers above 0; an empty one is allowed.",
    )
    widths = [64 // pool**2, *hidden, 10]
    used = sum(into * out for into, out in pairwise(widths))
    expect(used <= ALLOWED, f"{' x '.join(map(str, widths))} has {used} weights, at most {ALLOWED} are allowed.")
    yours, theirs = _trained(pool, hidden), _trained(*THEIRS)
    narrow = "" if min(widths[1:]) >= 10 else " Its narrowest layer has to carry ten classes: is it needed?"
    few = " It reads too few numbers." if pool == 4 else ""
    expect(
        yours > theirs - 0.02,
        f"it reads {yours:.1%} of the validation sets, the chapter's {theirs:.1%}.{few or narrow}",
    )


def _trained(pool, hidden):
    """Mean validation accuracy of five networks, at the better of two rates."""
    from torch import nn

    from pruneutils.book import data, train

    front = [nn.Unflatten(1, (1, 8, 8)), nn.AvgPool2d(pool), nn.Flatten()]
    splits = [data.digits(seed=100 + k) for k in range(5)]
    nets = [nn.Sequential(*front, *train.mlp(64 // pool**2, *hidden, 10, seed=k)) for _ in RATES for k in range(5)]
    X, y = [split.X_train for split in splits] * len(RATES), [split.y_train for split in splits] * len(RATES)
    train.fit(nets, X, y, steps=1025, lr=[lr for lr in RATES for _ in splits])
    reached = [train.accuracy([net], splits[i % 5].X_val, splits[i % 5].y_val) for i, net in enumerate(nets)]
    return float(np.reshape(reached, (len(RATES), 5)).mean(axis=1).max())
