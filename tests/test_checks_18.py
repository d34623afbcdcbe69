"""The self-checks of chapter 18: each accepts right answers, however written, and rejects the usual wrong ones."""

import numpy as np
from examination import examination

from pruneutils import measure
from pruneutils.book.checks import chapter_18


def ece(probabilities, y, bins, *, lower=False, signed=False, by_bin=False):
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == y
    of = np.minimum(np.floor(confidence * bins), bins - 1) if lower else np.ceil(confidence * bins) - 1
    gaps = [(of == k).mean() * (right[of == k].mean() - confidence[of == k].mean()) for k in np.unique(of)]
    if by_bin:
        return np.mean([abs(right[of == k].mean() - confidence[of == k].mean()) for k in np.unique(of)])
    return abs(sum(gaps)) if signed else sum(map(abs, gaps))


def by_image(probabilities, y, bins):
    return np.abs((probabilities.argmax(axis=1) == y) - probabilities.max(axis=1)).mean()


def flips(dense, other, pruned, size=np.asarray):
    excess = size((pruned != dense).mean(axis=1) - (other != dense).mean(axis=1))
    return excess.mean(), (excess > 0).sum()


def counted(dense, other, pruned):
    more = (pruned != dense).sum(axis=1) - (other != dense).sum(axis=1)
    return more.mean() / dense.shape[1], int((more > 0).sum())


def copies(times):
    def made(X, y, rare):
        index = np.repeat(np.arange(len(y)), np.where(y == rare, times, 1))
        return X[index], y[index]

    return made


def drawn(X, y, rare):
    weight = np.where(y == rare, 5.0, 1.0)
    index = np.random.default_rng(0).choice(len(y), 8000, p=weight / weight.sum())
    return X[index], y[index]


def rare_alone(X, y, rare):
    return X[y == rare], y[y == rare]


RIGHT = [
    (chapter_18.expected_calibration_error, ece),
    (chapter_18.expected_calibration_error, lambda p, y, bins: measure.calibration_error(p, y, bins=bins)),
    (chapter_18.flips_beyond_chance, flips),
    (chapter_18.flips_beyond_chance, counted),
    (chapter_18.fine_tune_on, copies(5)),
    (chapter_18.fine_tune_on, drawn),
]
WRONG = [
    (chapter_18.expected_calibration_error, lambda p, y, bins: None, "nothing so far"),
    (chapter_18.expected_calibration_error, by_image, "average within a bin"),
    (chapter_18.expected_calibration_error, lambda p, y, bins: ece(p, y, bins, by_bin=True), "share of the images"),
    (chapter_18.expected_calibration_error, lambda p, y, bins: ece(p, y, bins, signed=True), "cancelled"),
    (chapter_18.expected_calibration_error, lambda p, y, bins: ece(p, y, bins, lower=True), "upper edge"),
    (chapter_18.expected_calibration_error, lambda p, y, bins: ece(p, y, 15), "200 images"),
    (chapter_18.expected_calibration_error, lambda p, y, bins: (p.argmax(axis=1) != y).mean(), "average within"),
    (chapter_18.flips_beyond_chance, lambda d, o, p: None, "nothing so far"),
    (chapter_18.flips_beyond_chance, lambda d, o, p: ((p != d).mean(), 1), "subtract"),
    (chapter_18.flips_beyond_chance, lambda d, o, p: ((p != o).mean(), 1), "compare with the dense"),
    (chapter_18.flips_beyond_chance, lambda d, o, p: (5 * flips(d, o, p)[0], 1), "per image"),
    (chapter_18.flips_beyond_chance, lambda d, o, p: flips(d, p, o), "sign is turned"),
    (chapter_18.flips_beyond_chance, lambda d, o, p: flips(d, o, p, np.abs), "take no sizes"),
    (chapter_18.flips_beyond_chance, lambda d, o, p: (flips(d, o, p)[0], 2), "in 1 run of 2"),
    (chapter_18.fine_tune_on, lambda X, y, rare: None, "nothing so far"),
    (chapter_18.fine_tune_on, lambda X, y, rare: np.arange(len(y)), "expected a pair"),
    (chapter_18.fine_tune_on, lambda X, y, rare: (X, y[y == rare]), "expected (n, 64) and (n,)"),
    (chapter_18.fine_tune_on, lambda X, y, rare: (X, y), "show it more"),
    (chapter_18.fine_tune_on, rare_alone, "show it less"),
]

(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_18)
