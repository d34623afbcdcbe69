"""The self-checks of chapter 20: each accepts right answers, however written, and rejects the usual wrong ones."""

from itertools import pairwise

from examination import examination

from pruneutils.book.checks import chapter_20


def least_time(inputs, outputs, batch, size, P, beta, *, two=2, sized=True, both=True, take=max, times=None):
    operations = two * inputs * outputs * (batch if times is None else times)
    numbers = inputs * outputs + (batch * (inputs + outputs) if both else 0)
    return take(operations / P, numbers * (size if sized else 1) / beta)


def wrong_time(words, **changed):
    return chapter_20.least_time, lambda *given: least_time(*given, **changed), words


def break_even(s_1, r_1, s_2, r_2, *, sign=1, start=True, none=True):
    c = (r_1 - r_2) / (s_2 - s_1)
    a = r_1 - c * (1 - s_1)
    s = 1 - (1 - a * start) / c
    return a, sign * c, None if none and s >= 1 else s


def by_line(s_1, r_1, s_2, r_2):
    """Through a polynomial in 1 - s."""
    import numpy as np

    c, a = np.polyfit([1 - s_1, 1 - s_2], [r_1, r_2], 1)
    return [a, c, 1 - (1 - a) / c if a < 1 else None]


def weights(w):
    return sum(a * b for a, b in pairwise(w))


def brute(widths, speedup, group):
    from itertools import product

    grid = [range(group, w + 1, group) for w in widths[1:-1]]
    found = [(widths[0], *h, widths[-1]) for h in product(*grid)]
    return max((w for w in found if weights(w) * speedup <= weights(widths)), key=weights)


RIGHT = [
    (chapter_20.least_time, least_time),
    (chapter_20.break_even, break_even),
    (chapter_20.break_even, by_line),
    (chapter_20.shrink, brute),
]
WRONG = [
    (chapter_20.least_time, lambda *given: None, "nothing so far"),
    wrong_time("inputs and the outputs", both=False),
    wrong_time("`size` bytes", sized=False),
    wrong_time("not their sum", take=lambda a, b: a + b),
    wrong_time("the larger of the two", take=lambda a, b: a),
    wrong_time("two operations", two=1),
    wrong_time("needs all operations", times=1),
    (chapter_20.break_even, lambda *given: None, "nothing so far"),
    (chapter_20.break_even, lambda *given: break_even(*given)[:2], "three things"),
    (chapter_20.break_even, lambda *given: break_even(*given, sign=-1), "negative"),
    (chapter_20.break_even, lambda *given: break_even(*given, start=False), "start-up counts"),
    (chapter_20.break_even, lambda *given: break_even(*given, none=False), "never breaks even"),
    (chapter_20.shrink, lambda *given: None, "nothing so far"),
    (chapter_20.shrink, lambda w, s, g: w, "keeps 1.000"),
    (chapter_20.shrink, lambda w, s, g: (w[0], *[g] * (len(w) - 2), w[-1]), "the best choice"),
    (chapter_20.shrink, lambda w, s, g: tuple(round(x / s) for x in w), "only hidden widths"),
    (chapter_20.shrink, lambda w, s, g: (w[0], *[round(x / s) for x in w[1:-1]], w[-1]), "no multiple"),
    (chapter_20.shrink, lambda w, s, g: brute(w, s, g)[1:-1], "return all"),
]

(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_20)
