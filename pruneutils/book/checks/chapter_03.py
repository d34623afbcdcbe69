"""Checks of the exercises of chapter 3."""

import math

import numpy as np

from pruneutils.book.checks import check, expect, expect_array


@check("3.1", "the freedom of an N:M pattern, in bits for each weight.")
def bits_per_weight(function):
    """Check ``function(keep, of) -> log2 of the number of masks, divided by the number of weights``."""
    bits = function(2, 4)
    expect(bits is not None and bits is not ..., "the function returned nothing so far.")
    expect(not np.isclose(bits, math.log2(6)), "log2(6) is for a group of four; divide by the weights in a group.")
    expect(not np.isclose(bits, math.log(6) / 4), "that is the natural logarithm; bits need the logarithm to base 2.")
    expect(
        not np.isclose(bits, 1), "1 is the limit (3.2) for single weights; a group of four has six masks: count them."
    )
    expect(np.isclose(bits, math.log2(6) / 4), f"six masks for four weights give log2(6) / 4 bits, not {bits}.")
    for keep, of in ((1, 4), (4, 8), (3, 3), (30, 60)):
        expected = math.log2(math.comb(of, keep)) / of
        expect(
            np.isclose(function(keep, of), expected),
            f"for {keep}:{of} there are {math.comb(of, keep)} masks for {of} weights: {expected:.4f} bits a weight, "
            f"not {function(keep, of)}.",
        )


@check("3.2", "every kernel keeps as many weights as every other, its own largest.")
def kernel_patterns(function):
    """Check ``function(W, keep) -> mask`` that keeps ``keep`` weights of every kernel."""
    W = np.random.default_rng(3).normal(size=(3, 2, 3, 3))
    W[0, 0] *= 10
    before = W.copy()
    mask = function(W, 4)
    expect(mask is not None and mask is not ..., "the function returned nothing so far.")
    mask = np.asarray(mask)
    expect(mask.shape == W.shape, f"the mask has shape {mask.shape}, expected that of W, {W.shape}.")
    expect(mask.dtype == bool, f"the mask has dtype {mask.dtype}, expected a boolean mask, True = keep.")
    expect(np.array_equal(W, before), "the function changed W itself; work on a copy.")
    each = mask.sum(axis=(2, 3))
    expect(not (each == 5).all(), "each kernel keeps 5 of 9: True means keep, and 4 should stay.")
    expect(
        bool((each == 4).all()),
        f"the kernels keep {each.tolist()} weights, expected 4 each: every kernel has a ranking of its own.",
    )
    for f, c in np.ndindex(3, 2):
        kernel = W[f, c].ravel()
        wanted = np.zeros(9, dtype=bool)
        wanted[np.argsort(np.abs(kernel))[-4:]] = True
        expect(
            np.array_equal(mask[f, c].ravel(), wanted),
            f"kernel [{f}, {c}], {kernel.round(1).tolist()}, should keep the four that are largest by absolute value, "
            f"{kernel[wanted].round(1).tolist()}, and keeps {kernel[mask[f, c].ravel()].round(1).tolist()}.",
        )
    constant = np.asarray(function(np.full((2, 2, 3, 3), -0.1), 4)).sum(axis=(2, 3))
    expect(bool((constant == 4).all()), f"of nine equal weights {constant.max()} stay; 4 should: rank, do not compare.")


@check("3.3", "the pattern is looked for along the axis that the hardware reads.")
def obeys(function):
    """Check ``function(mask, keep, of, axis) -> whether each group of neighbours keeps at most keep``."""
    along_1 = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]], dtype=bool)
    answer = function(along_1, 2, 4, 1)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(np.shape(answer) == (), f"it returned {answer!r}, expected one truth value.")
    expect(bool(answer), "every row of four keeps two, so along axis 1 the mask is 2:4.")
    expect(
        not function(along_1, 2, 4, 0),
        "the first column keeps four of four, so along axis 0 the mask is not 2:4, though half of it is zero.",
    )
    expect(bool(function(along_1.T, 2, 4, 0)), "transposed, the mask is 2:4 along axis 0.")
    straddling = np.array([[1, 0, 0, 1, 1, 0, 1, 0]], dtype=bool)
    expect(
        bool(function(straddling, 2, 4, 1)),
        "the groups are entries 0 to 3 and 4 to 7; windows that straddle two groups do not count.",
    )
    expect(
        bool(function(np.array([[1, 0, 0, 0, 1, 1, 0, 0]], dtype=bool), 2, 4, 1)),
        "a group that keeps fewer than two is fine: the hardware stores a zero in the free place.",
    )
    crowded = np.array([[1, 1, 1, 0, 1, 0, 0, 0]], dtype=bool)
    expect(not function(crowded, 2, 4, 1), "one group keeps three; that the mean is two does not help.")
    T = np.zeros((1, 8, 2, 2), dtype=bool)
    T[:, :, 0, 0] = straddling
    expect(bool(function(T, 2, 4, 1)), "the mask of a convolution, grouped along its input channels, was refused.")


@check("3.4", "the pair is read as tfmot means it.")
def from_tfmot(function):
    """Check ``function(scores, m_by_n) -> mask`` with m zeros among every n neighbours."""
    scores = np.array([[4.0, 1.0, 3.0, 2.0, 8.0, 7.0, 5.0, 6.0]])
    mask = function(scores, (1, 4))
    expect(mask is not None and mask is not ..., "the function returned nothing so far.")
    share = 1 - np.asarray(mask, dtype=float).mean()
    expect(share != 0.75, "(1, 4) asks for one zero in four, and three weights of four are gone.")
    for pair, row in (
        ((1, 4), [1, 0, 1, 1, 1, 1, 0, 1]),
        ((2, 4), [1, 0, 1, 0, 1, 1, 0, 0]),
        ((3, 4), [1, 0, 0, 0, 1, 0, 0, 0]),
        ((1, 2), [1, 0, 1, 0, 1, 0, 0, 1]),
    ):
        expect_array(
            function(scores, pair),
            np.array([row], dtype=bool),
            f"the mask for {pair}",
            f"{pair[0]} zeros among {pair[1]} neighbours, the smallest; True means keep.",
        )
