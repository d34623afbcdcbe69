"""Checks of the exercises of chapter 7."""

import numpy as np

from pruneutils.book.checks import check, expect


@check("7.1", "fast at first and slowly at the end, in shares of all weights, and exact from the end step on.")
def cubic(function):
    """Check ``function(step, initial, final, begin, end) -> sparsity``."""
    answer = function(50, 0.0, 0.8, 0, 100)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(not np.isclose(answer, 0.4), "0.4 in the middle is linear; raise the share of the way left to the power 3.")
    falls = np.isclose(answer, 0.1) and np.isclose(function(0, 0.0, 0.8, 0, 100), 0.8)
    expect(not falls, "0.1 is what is still missing, and falls to 0; subtract it from final.")
    expect(
        not np.isclose(answer, 0.1), "it starts slowly and ends fast, the wrong way; cube the share of the way left."
    )
    expect(np.isclose(answer, 0.7), f"in the middle, 0.8 - 0.8 * 0.5**3 = 0.7, not {answer}.")
    expect(
        np.isclose(function(35, 0.2, 0.9, 10, 60), 0.9 - 0.7 * 0.5**3),
        "the middle between begin=10 and end=60 is step 35: count from begin, and start from initial.",
    )
    expect(np.isclose(function(10, 0.2, 0.9, 10, 60), 0.2), "at the begin step the sparsity is initial.")
    expect(function(9, 0.2, 0.9, 10, 60) == 0, "before the begin step nothing is pruned: 0, not initial.")
    for step in (60, 61, 200):
        expect(
            function(step, 0.2, 0.9, 10, 60) == 0.9,
            f"at step {step} it is {function(step, 0.2, 0.9, 10, 60)}; from the end step on it is final, exactly.",
        )


@check("7.2", "the last update falls on the end step.")
def end_on_grid(function):
    """Check ``function(begin, end, frequency) -> the last step, not after end, at which a mask is made``."""
    for begin, end, frequency in ((0, 126, 100), (0, 120, 30), (10, 100, 40), (0, 100, 100)):
        case = f"for begin={begin}, end={end}, frequency={frequency}"
        grid = list(range(begin, end + 1, frequency))
        try:
            answer = function(begin, end, frequency)
        except ValueError as error:
            expect(False, f"{case} it raised ValueError ({error}), but masks are made at {grid}: return {grid[-1]}.")
        expect(answer is not None and answer is not ..., "the function returned nothing so far.")
        expect(
            answer not in (126, 200), f"{answer} is off the grid 0, 100, 200, ..., or after the end: no mask is made."
        )
        expect(answer != 80, "the grid starts at begin: 10, 50, 90, not 0, 40, 80.")
        expect(answer == grid[-1], f"{case} the last mask is made at step {grid[-1]}, not at {answer}.")
    for begin, end, frequency in ((0, 64, 100), (10, 40, 100), (50, 100, 60)):
        try:
            answer = function(begin, end, frequency)
        except ValueError:
            continue
        expect(
            False,
            f"for begin={begin}, end={end}, frequency={frequency} it returned {answer}, but no mask follows the first: "
            "raise ValueError.",
        )


@check("7.3", "each call removes its share of what is left.")
def amounts(function):
    """Check ``function(sparsities) -> list of amounts, one for each call of torch's prune``."""
    try:
        answer = function([0.5, 0.75, 0.9])
    except ZeroDivisionError:
        expect(
            False, "before the first call nothing is gone: divide by what is left, 1 minus that, not by what is gone."
        )
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    answer = list(answer)
    expect(len(answer) == 3, f"three sparsities need three calls, not {len(answer)}.")
    expect(not np.allclose(answer, [0.5, 0.75, 0.9]), "with these amounts 0.9 of the *rest* goes last: 0.9875 in all.")
    expect(not np.allclose(answer, [0.5, 0.25, 0.15]), "these are shares of all weights; amount is of what is left.")
    expect(
        not np.allclose(answer[1:], [0.5, 0.2]),
        "0.15 / 0.75 divides by what is gone; divide by what is left before the call.",
    )
    expect(
        not np.allclose(answer, [0.5, 0.5, 0.4]),
        "0.4 is the share that stays in the last call; amount is the share that goes.",
    )
    expect(np.allclose(answer, [0.5, 0.5, 0.6]), f"half, half of the rest, then 0.15 of 0.25: not {answer}.")
    expect(np.allclose(list(function([0.3])), [0.3]), "the first call starts from a dense layer.")
    expect(np.allclose(list(function([0.4, 0.4])), [0.4, 0]), "where the sparsity stays, nothing is removed: amount 0.")


@check("7.4", "the schedule is asked with the number of the step since the start of training.")
def sparsity_in_each_step(function):
    """Check ``function(schedule, epochs, steps_per_epoch) -> list of sparsities, one a step``."""
    asked = []

    def schedule(step):
        asked.append(step)
        return min(step / 10, 0.9)

    answer = function(schedule, 3, 5)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(len(list(answer)) == 15, f"three epochs of five steps are 15 steps, not {len(list(answer))}.")
    wanted = [min(step / 10, 0.9) for step in range(15)]
    if not np.allclose(list(answer), wanted):
        expect(
            max(asked) != 2,
            "with three epochs of five steps the schedule is never asked for a step beyond 2; the last step is 14.",
        )
        expect(max(asked) != 4, "the schedule starts again in each epoch: count on.")
        expect(asked[0] == 0, f"the first step is step 0, not {asked[0]}.")
        expect(sorted(set(asked)) == list(range(15)), f"it was asked with {asked}; expected 0 to 14.")
        expect(False, "the sparsities are not those of the schedule.")
