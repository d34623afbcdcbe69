"""Checks of the exercises of chapter 10."""

import numpy as np

from pruneutils.book.checks import check, expect


@check("10.1", "the count begins with 1, and neither the end nor the training is overrun.")
def mask_steps(function):
    """Check ``function(begin, end, frequency, steps) -> list of the steps at which a mask is made``."""
    cases = ((0, 40, 10, 50), (1, 40, 10, 50), (0, 100, 10, 35), (5, 33, 10, 50), (0, 64, 100, 64), (20, 10**6, 7, 30))
    for begin, end, frequency, steps in cases:
        case = f"for begin={begin}, end={end}, frequency={frequency} and {steps} steps"
        wanted = [t for t in range(1, steps + 1) if begin <= t <= end and (t - begin) % frequency == 0]
        answer = function(begin, end, frequency, steps)
        expect(answer is not None and answer is not ..., "the function returned nothing so far.")
        answer = [int(step) for step in answer]
        expect(0 not in answer, f"{case} it names step 0, which is never taken: the first step of training is step 1.")
        expect(
            answer != [t for t in range(1, steps + 1) if t <= end and t >= begin and t % frequency == 0]
            or answer == wanted,
            f"{case} it returned {answer}; the grid starts at begin, not at 0.",
        )
        expect(not answer or max(answer) <= steps, f"{case} it names step {max(answer, default=0)}, after the last.")
        expect(not answer or max(answer) <= end, f"{case} it names step {max(answer, default=0)}, after the end step.")
        expect(
            answer != wanted[:-1] or not wanted,
            f"{case} the last mask is missing: step {wanted[-1:]} is within, for end and steps count in.",
        )
        expect(answer == wanted, f"{case} masks are made at {wanted}, not at {answer}.")


@check("10.2", "a threshold by rank: ties stay, and so does at least one weight.")
def mask_like_toolkit(function):
    """Check ``function(W, sparsity) -> mask``."""
    rng = np.random.default_rng(0)
    tied = np.array([[3, -1, 2], [-2, 2, 0.5]])
    filters = rng.normal(size=(3, 3, 2, 4))
    cases = (
        ("six different weights", np.array([[0.5, -0.1, 0.3], [-0.9, 0.2, -0.4]]), 0.5),
        ("weights with ties at the threshold", tied, 0.5),
        ("equal weights", np.full((2, 4), -0.1), 0.5),
        ("whole numbers", np.array([4, -3, 1, 2]), 0.25),
        ("a convolution's kernel", filters, 0.9),
        ("a sparsity of 0", filters, 0.0),
        ("a sparsity so high that no weight would stay", rng.normal(size=(2, 3)), 0.99),
        ("a share that is not whole", np.array([[1, -2, 3], [-4, 5, -6.0]]), 0.2),
        ("mostly zeros", np.array([0, 0, 0, 0, 1.0, 2.0]), 0.5),
    )
    for name, W, sparsity in cases:
        before = W.copy()
        answer = function(W, sparsity)
        expect(answer is not None and answer is not ..., "the function returned nothing so far.")
        expect(np.array_equal(W, before), "the function changed W itself; work on a copy.")
        mask = np.asarray(answer)
        expect(mask.dtype == bool, f"the mask has dtype {mask.dtype}, expected a boolean mask, True = keep.")
        expect(mask.shape == W.shape, f"the mask has shape {mask.shape}, expected that of W, {W.shape}.")
        size = np.abs(W)
        wanted = size >= np.sort(size, axis=None)[-max(1, round((1 - sparsity) * W.size))]
        kept, stay = int(mask.sum()), int(wanted.sum())
        expect(kept > 0, f"{name}: nothing is kept, but one weight stays always: k is at least 1.")
        if kept == W.size - stay and np.array_equal(mask, ~wanted):
            expect(kept == stay and np.array_equal(mask, wanted), f"{name}: True means keep; yours is the opposite.")
        expect(
            kept < W.size or stay > 1,
            f"{name}: all {W.size} weights kept, the toolkit keeps 1: with k = 0 the index -k means the first, so k "
            "must be at least 1.",
        )
        expect(
            kept >= stay or len(np.unique(size)) < size.size,
            f"{name}: {kept} of {W.size} weights kept, the toolkit keeps {stay}: is k rounded, not cut off, and is the "
            "threshold's own weight kept (>=)?",
        )
        expect(
            kept >= stay,
            f"{name}: {kept} of {W.size} weights kept, the toolkit keeps {stay}: "
            "whatever is as large as the threshold stays, ties included.",
        )
        expect(kept <= stay, f"{name}: {kept} of {W.size} weights kept, the toolkit keeps {stay}.")
        expect(np.array_equal(mask, wanted), f"{name}: the right number, but not the largest; rank by absolute value.")


@check("10.3", "rounded up twice, and counted from 0.")
def first_epoch_to_watch(function):
    """Check ``function(end_step, samples, batch) -> number of the first epoch that ends after the schedule``."""
    cases = ((180, 6000, 200), (181, 6000, 200), (200, 1079, 36), (30, 1079, 36), (10, 6000, 200), (350, 100, 32))
    for end_step, samples, batch in cases:
        case = f"for end_step={end_step}, {samples} samples in batches of {batch}"
        steps = -(-samples // batch)
        wanted = next(e for e in range(end_step) if (e + 1) * steps >= end_step)
        answer = function(end_step, samples, batch)
        expect(answer is not None and answer is not ..., "the function returned nothing so far.")
        whole = isinstance(answer, (int, np.integer)) and not isinstance(answer, bool)
        expect(whole, f"{case} it returned {answer!r}; return an int, for Keras counts epochs in whole numbers.")
        expect(answer >= 0, f"{case} it returned {answer}; the first epoch has number 0.")
        done, early = (answer + 1) * steps, answer * steps
        expect(
            answer >= wanted,
            f"{case} it returned {answer}, but that epoch ends after {done} steps ({steps} in each): too early.",
        )
        expect(
            answer <= wanted,
            f"{case} it returned {answer}, but {early} steps are done before that epoch ({steps} in each): too late.",
        )
