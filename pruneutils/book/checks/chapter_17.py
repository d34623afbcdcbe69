"""Checks of the exercises of chapter 17."""

from numbers import Integral, Real

import numpy as np

from pruneutils import masks
from pruneutils.book.checks import _moved, check, expect, expect_array
from pruneutils.book.checks._moved import STEPS

MOVES, BELOW = 3, 0.02


@check("17.1", "as many as before, and nobody was grown twice.")
def drop_and_grow(function):
    """Check ``function(mask, drop_scores, grow_scores, count) -> mask``."""
    mask = np.array([[True, False, True, False], [False, True, False, True]])
    drop = np.array([[0.9, 0.01, 0.1, 0.02], [0.03, 0.5, 0.04, 0.3]])
    grow = np.array([[5.0, 3.0, 1.0, 0.5], [4.0, 1.5, 2.0, 9.0]])
    given = mask.copy(), drop.copy(), grow.copy()
    answer = function(*given, 2)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(np.array_equal(given[0], mask), "the function changed the mask that it was given; work on a copy.")
    answer = np.asarray(answer)
    expect(answer.shape == mask.shape, f"the new mask has shape {answer.shape}, expected {mask.shape}.")
    expect(answer.dtype == bool, f"the new mask has dtype {answer.dtype}, expected a boolean one, True = keep.")
    expect(
        int(answer.sum()) >= 4,
        f"{int(answer.sum())} weights are left of 4: you grew what was kept already, or dropped what was gone.",
    )
    expect(int(answer.sum()) == 4, f"{int(answer.sum())} weights are kept, expected 4 as before.")
    expect(
        not answer[1, 3] or answer[0, 2],
        "the weight with the drop score 0.3 came back: only those removed before the move may grow.",
    )
    expected = np.array([[True, True, False, False], [True, True, False, False]])
    expect_array(answer, expected, "the new mask", "The two kept with the lowest drop scores go.")
    still = function(mask.copy(), drop, grow, 0)
    expect(np.array_equal(still, mask), "with count=0 nothing should move.")
    rng = np.random.default_rng(17)
    mask = rng.random((3, 4, 5)) < 0.4
    drop, grow = rng.permutation(60).reshape(3, 4, 5) - 30.0, rng.permutation(60).reshape(3, 4, 5) - 70.0
    share = 5 / mask.sum()
    expect(
        np.array_equal(function(mask.copy(), drop, grow, 5), masks.drop_and_grow(mask, drop, grow, share)),
        "scores below zero, or three axes, are not handled: mark what may not be chosen with an infinity, not with 0.",
    )


@check("17.2", "the shrunken weights have a slope, and so has the threshold.")
def soft_threshold(function):
    """Check ``function(W, s, G) -> (shrunken, gradient of W, gradient of s)``."""
    W = np.array([[2.0, -0.3, 0.6], [-1.5, 0.1, 0.4]])
    G = np.array([[0.5, 3.0, -1.0], [2.0, -4.0, 1.0]])
    answer = function(W.copy(), 0.0, G.copy())
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(isinstance(answer, tuple | list) and len(answer) == 3, f"expected three things, got {answer!r}.")
    shrunken, of_W, of_s = answer
    expect(
        not np.allclose(shrunken, W * (abs(W) > 0.5)),
        "you removed what is below the threshold, and left the others as they were: they shrink by it, too.",
    )
    expected = np.array([[1.5, 0.0, 0.1], [-1.0, 0.0, 0.0]])
    expect_array(shrunken, expected, "the shrunken weights", "With s = 0 the threshold is one half.")
    expect(
        not np.allclose(of_W, G), "weights below the threshold have no slope: their output is zero and stays so nearby."
    )
    expected = np.array([[0.5, 0.0, -1.0], [2.0, 0.0, 0.0]])
    expect_array(of_W, expected, "the gradient of W", "Slope one above the threshold, zero below.")
    expect(np.size(of_s) == 1, f"the gradient of s has {np.size(of_s)} values: s is one number, so sum over the layer.")
    of_s = float(np.sum(of_s))
    expect(not np.isclose(of_s, 2.5), "this is the gradient of g: multiply by the sigmoid's slope, g (1 - g).")
    expect(
        not np.isclose(of_s, -0.625), "the gradient of s has the wrong sign: a larger threshold makes a weight smaller."
    )
    expect(np.isclose(of_s, 0.625), f"the gradient of s is {of_s:.4g}, expected 0.625.")
    W, G, s = np.random.default_rng(17).normal(size=(4, 5)), np.cos(np.arange(20.0)).reshape(4, 5), -0.8
    ends = [np.sum(G * np.asarray(function(W, s + step, G)[0])) for step in (1e-6, -1e-6)]
    slope = (ends[0] - ends[1]) / 2e-6
    found = float(np.sum(function(W, s, G)[2]))
    expect(abs(found - slope) < 1e-4, f"at s = -0.8 the gradient of s is {found:.4f}, a small step says {slope:.4f}.")


@check("17.3", "three dense gradients did the work of seventeen.")
def my_moves(moves):
    """Check ``{step: share of the kept weights}``: three moves at most, against the book's RigL on validation."""
    expect(isinstance(moves, dict) and len(moves) > 0, f"expected a dict of steps and shares, got {moves!r}.")
    expect(len(moves) <= MOVES, f"{len(moves)} moves: at most {MOVES}, for each needs a dense gradient.")
    for step, share in moves.items():
        expect(
            isinstance(step, Integral) and 0 < step < STEPS,
            f"the step {step!r} should be a whole number from 1 to {STEPS - 1}.",
        )
        expect(
            isinstance(share, Real) and 0 < share < 1,
            f"at step {step} the share is {share!r}, expected one between 0 and 1: a fraction, not a percentage.",
        )
    yours, theirs = _moved.reached(tuple(sorted(moves.items()))), _moved.reached(_moved.book())
    late = min(moves) > STEPS / 3
    expect(
        yours >= theirs - BELOW,
        f"on validation you reach {yours:.1%}, the book's plan {theirs:.1%}: "
        + ("begin earlier, new weights need time to learn." if late else "move more, or at other steps."),
    )
