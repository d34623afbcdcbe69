"""Checks of the exercises of chapter 13."""

import numpy as np

from pruneutils.book.checks import check, expect


@check("13.1", "bias, eps and ReLU are all in it.")
def speaks(function):
    """Check ``function(bias, gamma, beta, mean, var, eps)``: what a channel of zero filters says after its ReLU."""
    bias = np.array([0.0, 0.0, 1.0, 2.0, 0.5])
    gamma, beta = np.array([3.0, 3.0, 2.0, -1.0, 1.0]), np.array([1.0, 1.0, 0.5, 2.0, -3.0])
    mean, var = np.array([4.0, -2.0, 0.0, 1.0, 0.0]), np.array([4.0, 4.0, 16.0, 4.0, 1.0])
    given = [bias.copy(), gamma.copy(), beta.copy(), mean.copy(), var.copy()]
    answer = function(*given, 0.0)
    expect(answer is not None, "the function returned nothing so far.")
    expect(
        all(np.array_equal(a, b) for a, b in zip(given, (bias, gamma, beta, mean, var), strict=True)),
        "an array that was handed in has changed.",
    )
    answer = np.asarray(answer, dtype=float)
    expect(answer.shape == (5,), f"expected one value a channel, shape (5,), but it has shape {answer.shape}.")
    expect((answer >= 0).all(), "a value is below 0: after the batch-norm comes a ReLU.")
    wanted = np.array([0.0, 4.0, 1.0, 1.5, 0.0])
    expect(
        not np.allclose(answer, np.maximum(0, np.maximum(0, beta - gamma * mean / np.sqrt(var)) + bias))
        and not np.allclose(answer, np.maximum(0, beta - gamma * mean / np.sqrt(var) + bias)),
        "the bias comes before batch-norm, not after.",
    )
    expect(
        not np.allclose(answer, np.maximum(0, beta - gamma * mean / np.sqrt(var))),
        "the bias is missing: only the filters are zero, so that batch-norm reads the bias.",
    )
    expect(not np.allclose(answer[:3], [0, 2.5, 0.625]), "var is the variance: divide by its square root.")
    expect(np.allclose(answer, wanted), f"expected {wanted.tolist()}, got {answer.tolist()}.")
    one = [np.array([value]) for value in (1.0, 2.0, 0.0, 0.0, 0.0)]
    found = np.asarray(function(*one, 0.25), dtype=float)
    expect(
        np.allclose(found, 4.0),
        f"with variance 0 and eps 0.25 it says {found.tolist()}, expected [4.0]: eps is added to the variance, "
        "under the root.",
    )


@check("13.2", "partners of partners are partners.")
def partners(function):
    """Check ``function(pairs) -> sorted list of sorted tuples of coupled layers``."""

    def run(sums):
        given = list(sums)
        found = function(given)
        expect(found is not None or sums, "without any sum there are no groups: for an empty list return [].")
        expect(found is not None, "the function returned nothing so far.")
        expect(given == sums, "the list that was handed in has changed.")
        expect(
            isinstance(found, (list, tuple)) and all(isinstance(group, tuple) for group in found),
            f"expected a list of tuples, got {found!r}.",
        )
        return list(found)

    found = run([("conv3", "conv1"), ("b", "a")])
    expect(all(list(group) == sorted(group) for group in found), f"sort each tuple, got {found}.")
    expect(found == [("a", "b"), ("conv1", "conv3")], f"two separate sums make two groups, sorted; got {found}.")
    found = run([("conv1", "conv3"), ("conv3", "conv5")])
    expect(
        found == [("conv1", "conv3", "conv5")],
        f"conv3 is summed with conv1 and with conv5, so all three are one group; got {found}.",
    )
    found = run([("a", "b"), ("c", "d"), ("b", "c")])
    expect(
        found == [("a", "b", "c", "d")],
        f"a sum that comes later can join two groups that were apart: expected one group of four, got {found}.",
    )
    found = run([("a", "b"), ("c", "d"), ("e", "f"), ("d", "e"), ("b", "f"), ("x", "y")])
    expect(
        found == [("a", "b", "c", "d", "e", "f"), ("x", "y")],
        f"a to f hang together by two further sums, x and y do not: got {found}.",
    )
    found = run([("a", "b"), ("b", "a"), ("a", "b")])
    expect(found == [("a", "b")], f"the same two layers, summed three times, are one group of two; got {found}.")
    expect(run([]) == [], "without any sum there are no groups: for an empty list return [].")


@check("13.3", "the square is in it, and it never overshoots.")
def channels_for(function):
    """Check ``function(width, factor, to=8) -> channels``."""

    def run(*arguments, **options):
        found = function(*arguments, **options)
        expect(found is not None, "the function returned nothing so far.")
        expect(
            isinstance(found, (int, np.integer)) and not isinstance(found, bool),
            f"expected an integer, got {found!r}.",
        )
        return int(found)

    found = run(64, 4)
    expect(found != 16, "a quarter of the operations needs half of the channels, not a quarter: both sides are cut.")
    expect(found != 24, "exactly a quarter is allowed: 32 of 64 channels do a quarter of the operations.")
    expect(found == 32, f"64 channels at a quarter of the operations: expected 32, got {found}.")
    found = run(64, 2)
    expect(found != 48, "48 of 64 channels do more than half of the operations: round down, not to the nearest.")
    expect(found == 40, f"64 channels at half of the operations: expected 40, got {found}.")
    found = run(100, 4, to=16)
    expect(found == 48, f"100 channels, a quarter, multiples of 16: expected 48, got {found}.")
    found = run(64, 1)
    expect(found == 64, f"factor 1 takes nothing away: expected 64, got {found}.")
    found = run(20, 1)
    expect(found == 16, f"20 channels at factor 1: expected 16, a multiple of 8 that is not above 20, got {found}.")
    found = run(64, 1000)
    expect(found == 8, f"if even 8 are too many, 8 stay, for a layer must not be emptied; got {found}.")
    found = run(12, 9, to=1)
    expect(found == 4, f"12 channels, a ninth, any count: expected 4, got {found}.")
    found = run(100, 2, to=1)
    expect(found != 71, "71 of 100 channels do more than half of the operations: round down.")
    expect(found == 70, f"100 channels at half of the operations, any count: expected 70, got {found}.")
    found = run(30, 2.25, to=1)
    expect(found == 20, f"30 channels at factor 2.25, any count: expected 20 (factors need not be whole), got {found}.")
