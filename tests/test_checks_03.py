"""The self-checks of chapter 3's exercises: each accepts right answers, and rejects the usual wrong ones."""

import math
from itertools import product

import numpy as np
from examination import examination

from pruneutils import masks
from pruneutils.book.checks import chapter_03


def by_factorials(keep, of):
    choices = math.factorial(of) // math.factorial(keep) // math.factorial(of - keep)
    return math.log2(choices) / of


def by_entropy(keep, of):
    shares = [share for share in (keep / of, 1 - keep / of) if share]
    return -sum(share * math.log2(share) for share in shares)


def patterns(W, keep, smallest=False, axis=(2, 3)):
    mask = np.zeros(W.shape, dtype=bool)
    for f, c in product(range(W.shape[0]), range(W.shape[1])):
        order = np.argsort(np.abs(W[f, c]).ravel(), kind="stable")
        for position in order[:keep] if smallest else order[9 - keep :]:
            mask[f, c, position // 3, position % 3] = True
    return mask


def each_filter(W, keep):
    rows = np.abs(W).reshape(len(W), -1)
    count = rows.shape[1] * keep // 9
    return (np.argsort(np.argsort(-rows, axis=1), axis=1) < count).reshape(W.shape)


def cut_at_the_rank(W, keep):
    rows = np.abs(W).reshape(-1, 9)
    return (rows >= np.sort(rows, axis=1)[:, [-keep]]).reshape(W.shape)


def groups_along(mask, keep, of, axis):
    starts = range(0, mask.shape[axis], of)
    return all((np.take(mask, range(s, s + of), axis).sum(axis=axis) <= keep).all() for s in starts)


def exactly(mask, keep, of, axis):
    return bool((np.moveaxis(mask, axis, -1).reshape(-1, of).sum(axis=1) == keep).all())


def windows(mask, keep, of, axis):
    lines = np.moveaxis(mask, axis, -1)
    return bool((np.lib.stride_tricks.sliding_window_view(lines, of, axis=-1).sum(axis=-1) <= keep).all())


def zeros_of(scores, pair):
    gone = np.argsort(np.argsort(scores.reshape(-1, pair[1]), axis=1), axis=1) < pair[0]
    return ~gone.reshape(scores.shape)


RIGHT = [
    (chapter_03.bits_per_weight, by_factorials),
    (chapter_03.bits_per_weight, lambda keep, of: np.log2(float(math.comb(of, keep))) / of),
    (chapter_03.kernel_patterns, patterns),
    (chapter_03.kernel_patterns, lambda W, k: masks.n_of_m(abs(W).reshape(-1, 9), keep=k, of=9).reshape(W.shape)),
    (chapter_03.obeys, groups_along),
    (chapter_03.obeys, lambda m, k, of, a: np.max(np.moveaxis(m, a, -1).reshape(-1, of).sum(axis=1)) <= k),
    (chapter_03.from_tfmot, zeros_of),
    (chapter_03.from_tfmot, lambda S, p: masks.n_of_m(S, keep=p[1] - p[0], of=p[1])),
]

WRONG = [
    (chapter_03.bits_per_weight, lambda keep, of: None, "nothing so far"),
    (chapter_03.bits_per_weight, lambda keep, of: math.log2(math.comb(of, keep)), "divide"),
    (chapter_03.bits_per_weight, lambda keep, of: math.log(math.comb(of, keep)) / of, "base 2"),
    (chapter_03.bits_per_weight, lambda keep, of: keep * math.log2(of) / of, "limit (3.2)"),
    (chapter_03.bits_per_weight, by_entropy, "limit (3.2)"),
    (chapter_03.bits_per_weight, lambda keep, of: math.log2(math.comb(of, keep)) / 4, "1:4|4:8"),
    (chapter_03.kernel_patterns, lambda W, k: None, "nothing so far"),
    (chapter_03.kernel_patterns, lambda W, k: ~patterns(W, k), "True means keep"),
    (chapter_03.kernel_patterns, lambda W, k: patterns(W, k, smallest=True), "largest"),
    (chapter_03.kernel_patterns, each_filter, "ranking of its own"),
    (chapter_03.kernel_patterns, lambda W, k: masks.unstructured(abs(W), 5 / 9), "ranking of its own"),
    (chapter_03.kernel_patterns, cut_at_the_rank, "rank, do not compare"),
    (chapter_03.kernel_patterns, lambda W, k: patterns(W, k).reshape(-1, 9), "shape"),
    (chapter_03.kernel_patterns, lambda W, k: patterns(W, k) * 1.0, "boolean"),
    (chapter_03.obeys, lambda m, k, of, a: None, "nothing so far"),
    (chapter_03.obeys, lambda m, k, of, a: bool((m.reshape(-1, of).sum(axis=1) <= k).all()), "axis 0"),
    (chapter_03.obeys, lambda m, k, of, a: bool(m.mean() <= k / of), "axis 0"),
    (chapter_03.obeys, windows, "straddle"),
    (chapter_03.obeys, exactly, "fewer than two"),
    (chapter_03.obeys, lambda m, k, of, a: bool((m.sum(axis=a) <= m.shape[a] * k / of).all()), "one group keeps three"),
    (chapter_03.obeys, lambda m, k, of, a: np.moveaxis(m, a, -1).reshape(-1, of).sum(axis=1) <= k, "one truth value"),
    (chapter_03.from_tfmot, lambda S, p: None, "nothing so far"),
    (chapter_03.from_tfmot, lambda S, p: masks.n_of_m(S, keep=p[0], of=p[1]), "one zero in four"),
    (chapter_03.from_tfmot, lambda S, p: masks.n_of_m(-S, keep=p[1] - p[0], of=p[1]), "the smallest"),
    (chapter_03.from_tfmot, lambda S, p: masks.unstructured(S, p[0] / p[1]), "neighbours"),
    (chapter_03.from_tfmot, lambda S, p: masks.n_of_m(S, keep=2, of=4), "neighbours"),
]


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_03)
