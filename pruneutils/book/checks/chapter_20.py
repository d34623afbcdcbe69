"""Checks of the exercises of chapter 20."""

from itertools import pairwise, product
from numbers import Real

import numpy as np

from pruneutils.book.checks import check, expect


@check("20.1", "small batches wait for bytes, large ones for operations.")
def least_time(function):
    """Check ``function(inputs, outputs, batch, size, P, beta) -> seconds``."""
    found = function(100, 50, 1, 4, 1e9, 1e9)
    expect(found is not None and found is not ..., "the function returned nothing so far.")
    expect(isinstance(found, Real), f"return one number of seconds, not {found!r}.")
    weights, moved = 4 * 5000 / 1e9, 4 * (5000 + 150) / 1e9
    expect(not np.isclose(found, weights), "count the bytes of the inputs and the outputs, too.")
    expect(
        not np.isclose(found, moved / 4) and not np.isclose(function(100, 50, 1, 4, 1e12, 1e9), moved / 4),
        "each weight, input and output has `size` bytes.",
    )
    expect(not np.isclose(found, moved + 1e-5), "the time is the larger of the two, not their sum.")
    expect(not np.isclose(found, 1e-5), "with a batch of 1 the bytes take longer here: return the larger of the two.")
    expect(
        np.isclose(found, moved), f"5,000 weights, 100 inputs, 50 outputs of 4 bytes at 1e9: {moved:g} s, not {found}."
    )
    large, right = function(100, 50, 200, 4, 1e9, 1e9), 2 * 5000 * 200 / 1e9
    expect(not np.isclose(large, right / 2), "a multiplication and an addition are two operations.")
    one = 4 * (5000 + 200 * 150) / 1e9
    expect(not np.isclose(large, one), "each input of the batch needs all operations.")
    expect(np.isclose(large, right), f"for a batch of 200 operations rule, {right:g} s, not {large}.")
    small = function(100, 50, 200, 1, 1e12, 1e9)
    right = (5000 + 200 * 150) / 1e9
    expect(np.isclose(small, right), f"each of the batch has inputs and outputs of its own: {right:g} s, not {small}.")


@check("20.2", "two measurements tell the start-up from the price of a non-zero.")
def break_even(function):
    """Check ``function(s_1, ratio_1, s_2, ratio_2) -> a, c, s or None``."""
    a, c = 0.1, 4.0
    answer = function(0.5, a + c * 0.5, 0.9, a + c * 0.1)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(isinstance(answer, tuple | list) and len(answer) == 3, "return three things: a, c and the sparsity.")
    expect(answer[2] is not None, "this kernel does break even: its time falls below dense before all is zero.")
    expect(
        np.isclose(abs(answer[1]), c), f"c is the slope against the share of non-zeros, {c:g} here, not {answer[1]}."
    )
    expect(answer[1] > 0, "c is negative: the time falls as the sparsity grows, so that it rises with 1 - s.")
    expect(np.isclose(answer[0], a), f"a is what is left when all is zero, {a:g} here, not {answer[0]}.")
    expect(not np.isclose(answer[2], 1 - 1 / c), "the start-up counts: a + c (1 - s) = 1.")
    right = 1 - (1 - a) / c
    expect(np.isclose(answer[2], right), f"a + c (1 - s) = 1 at s = {right:g}, not {answer[2]}.")
    again = function(0.9, a + c * 0.1, 0.5, a + c * 0.5)
    expect(np.allclose(again, answer), "the order of the two measurements must not matter.")
    never = function(0.5, 1.5 + 0.5, 0.9, 1.5 + 0.1)
    expect(never[2] is None, f"with a start-up of 1.5 it never breaks even: None, not {never[2]}.")


@check("20.3", "as fast as asked, in whole groups, and with nearly all the weights that this allows.")
def shrink(function):
    """Check ``function(widths, speedup, group) -> widths``."""
    for widths, speedup, group in (((64, 256, 128, 10), 3, 16), ((40, 96, 10), 2, 8), ((64, 256, 128, 10), 8, 32)):
        case = f"widths={widths}, speedup={speedup}, group={group}"
        answer = function(widths, speedup, group)
        expect(answer is not None and answer is not ..., "the function returned nothing so far.")
        answer = tuple(answer)
        expect(len(answer) == len(widths), f"{case}: return all {len(widths)} widths, inputs and outputs too.")
        ends = (answer[0], answer[-1]) == (widths[0], widths[-1])
        expect(ends, f"{case}: inputs and outputs are given; only hidden widths may shrink.")
        for new, old in zip(answer[1:-1], widths[1:-1], strict=True):
            expect(new % group == 0 and new > 0, f"{case}: {new} is no multiple of {group} above 0.")
            expect(new <= old, f"{case}: {new} is wider than {old} was.")
        share = _weights(answer) / _weights(widths)
        expect(
            share <= 1 / speedup,
            f"{case}: {answer} keeps {share:.3f} of the weights, at most {1 / speedup:.3f} wanted.",
        )
        grid = [range(group, width + 1, group) for width in widths[1:-1]]
        kept = (_weights((widths[0], *hidden, widths[-1])) for hidden in product(*grid))
        best = max(k for k in kept if k * speedup <= _weights(widths))
        part = _weights(answer) / best
        expect(
            part >= 0.9, f"{case}: {answer} keeps {part:.2f} of the weights that the best choice keeps; 0.90 wanted."
        )


def _weights(widths):
    return sum(a * b for a, b in pairwise(widths))
