"""The self-checks of chapter 7: right answers pass, however written, and the usual wrong ones are told why."""

from itertools import pairwise

import numpy as np
from examination import examination

from pruneutils.book.checks import chapter_07
from pruneutils.schedules import PolynomialDecay


def clipped(step, initial, final, begin, end, *, power=3, before=0.0):
    if step < begin:
        return before
    way = np.clip((step - begin) / (end - begin), 0, 1)
    return final if way == 1 else final + (initial - final) * (1 - way) ** power


def by_the_book(step, initial, final, begin, end):
    return PolynomialDecay(initial_sparsity=initial, final_sparsity=final, begin_step=begin, end_step=end)(step)


def unclipped(step, initial, final, begin, end):
    return 0.0 if step < begin else final + (initial - final) * (1 - (step - begin) / (end - begin)) ** 3


def slow_start(step, initial, final, begin, end):
    return initial + (final - initial) * ((step - begin) / (end - begin)) ** 3


def from_zero(step, initial, final, begin, end):
    return final + (initial - final) * (1 - step / end) ** 3


def last_of_range(begin, end, frequency):
    steps = list(range(begin, end + 1, frequency))
    if len(steps) < 2:
        raise ValueError("no second mask")
    return steps[-1]


def floor(begin, end, frequency):
    return begin + (end - begin) // frequency * frequency


def refusing(when):
    def end_on_grid(begin, end, frequency):
        last = floor(begin, end, frequency)
        if when(begin, end, frequency, last):
            raise ValueError("not on the grid")
        return last

    return end_on_grid


def of_what_is_left(sparsities):
    kept = 1 - np.array([0.0, *sparsities])
    return 1 - kept[1:] / kept[:-1]


def shares_of_all(sparsities):
    return np.diff([0.0, *sparsities])


def of_what_is_gone(sparsities):
    return [sparsities[0], *((b - a) / a for a, b in pairwise(sparsities))]


def counter(schedule, epochs, steps_per_epoch):
    return [schedule(step) for step in range(epochs * steps_per_epoch)]


def nested(schedule, epochs, steps_per_epoch):
    return np.array([schedule(e * steps_per_epoch + b) for e in range(epochs) for b in range(steps_per_epoch)])


def asked_with(number):
    return lambda schedule, epochs, steps: [schedule(number(e, b)) for e in range(epochs) for b in range(steps)]


RIGHT = [
    (chapter_07.cubic, clipped),
    (chapter_07.cubic, by_the_book),
    (chapter_07.end_on_grid, last_of_range),
    (chapter_07.amounts, of_what_is_left),
    (chapter_07.amounts, lambda s: list(of_what_is_left(s))),
    (chapter_07.sparsity_in_each_step, counter),
    (chapter_07.sparsity_in_each_step, nested),
    (chapter_07.sparsity_in_each_step, lambda s, e, b: [s(k) for k in range(e * b) if s(k) >= 0]),
]

WRONG = [
    (chapter_07.cubic, lambda *a: None, "nothing so far"),
    (chapter_07.cubic, lambda *a: clipped(*a, power=1), "linear"),
    (chapter_07.cubic, slow_start, "wrong way"),
    (chapter_07.cubic, from_zero, "count from begin"),
    (chapter_07.cubic, unclipped, "exactly"),
    (chapter_07.cubic, lambda *a: clipped(*a, before=a[1]), "before the begin step"),
    (chapter_07.end_on_grid, lambda *a: None, "nothing so far"),
    (chapter_07.end_on_grid, lambda begin, end, frequency: end, "no mask is made"),
    (chapter_07.end_on_grid, lambda begin, end, f: -(-end // f) * f, "after the end"),
    (chapter_07.end_on_grid, lambda begin, end, f: end // f * f, "starts at begin"),
    (chapter_07.end_on_grid, floor, "raise ValueError"),
    (chapter_07.end_on_grid, refusing(lambda begin, end, f, last: last == 0), "begin=10, end=40"),
    (chapter_07.end_on_grid, refusing(lambda begin, end, f, last: f > end), "begin=50, end=100"),
    (chapter_07.end_on_grid, refusing(lambda begin, end, f, last: f >= end - begin), "return 100"),
    (chapter_07.cubic, lambda s, i, f, b, e: f * (1 - (s - b) / (e - b)) ** 3, "subtract it from final"),
    (chapter_07.amounts, lambda s: [(b - a) / a for a, b in pairwise([0.0, *s])], "divide by what is left"),
    (chapter_07.sparsity_in_each_step, lambda s, e, b: [0.5 * s(k) for k in range(e * b)], "not those"),
    (chapter_07.amounts, lambda s: None, "nothing so far"),
    (chapter_07.amounts, lambda s: s, "rest"),
    (chapter_07.amounts, shares_of_all, "shares of all"),
    (chapter_07.amounts, of_what_is_gone, "what is gone"),
    (chapter_07.amounts, lambda s: of_what_is_left(s)[1:], "three calls"),
    (chapter_07.amounts, lambda s: 1 - of_what_is_left(s), "stays"),
    (chapter_07.sparsity_in_each_step, lambda *a: None, "nothing so far"),
    (chapter_07.sparsity_in_each_step, asked_with(lambda e, b: e), "never asked for a step beyond 2"),
    (chapter_07.sparsity_in_each_step, asked_with(lambda e, b: b), "starts again"),
    (chapter_07.sparsity_in_each_step, asked_with(lambda e, b: 5 * e + b + 1), "the first step is step 0"),
    (chapter_07.sparsity_in_each_step, asked_with(lambda e, b: 3 * e + b), "expected 0 to 14"),
    (chapter_07.sparsity_in_each_step, lambda s, e, b: [s(k) for k in range(e)], "15 steps"),
]


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_07)
