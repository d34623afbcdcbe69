"""The self-checks of chapter 5's exercises: right answers pass, however written, and the usual wrong ones do not."""

import numpy as np
from examination import examination
from scipy.stats import binomtest

from pruneutils.book.checks import chapter_05


def soft(w, reach):
    return np.where(w > reach, w - reach, np.where(w < -reach, w + reach, 0.0))


def group(w, reach, *, length=np.linalg.norm, least=0.0):
    size = length(w)
    return w * max(1 - reach / size, least) if size else np.zeros_like(w)


def steps(one=soft, other=group):
    return lambda w, reach: (one(w, reach), other(w, reach))


def without_a_look_at_zero(w, reach):
    return soft(w, reach), w * np.maximum(1 - reach / np.linalg.norm(w), 0)


def shrunk_in_place(w, reach):
    w *= 0.5
    return soft(w, reach), group(w, reach)


def by_scipy(a, b):
    ahead, n = np.sum(a > b), np.sum(a != b)
    return ahead, n, binomtest(int(ahead), int(n)).pvalue if n else 1.0


def paired(a, b, *, sides=2, cap=1.0, exactly=False, ties=False, every=False):
    ahead, n = int(np.sum(a > b)), int(np.sum(a != b))
    most = max(ahead, n - ahead)
    test = binomtest(most, n, alternative="greater").pvalue if n else 1.0
    if exactly:
        test = binomtest(most, n, alternative="greater").pvalue if n == most else _pmf(most, n)
    shown = int(np.sum(a[:, None] > b)) if every else int(np.sum(a >= b)) if ties else ahead
    return shown, n, min(cap, sides * test)


def _pmf(k, n):
    from scipy.stats import binom

    return float(binom.pmf(k, n, 0.5))


def by_augmented_rows(W, mask, X, ridge):
    new = np.zeros_like(W)
    for i, k in enumerate(mask):
        rows = np.vstack([X[:, k], np.sqrt(ridge) * np.eye(k.sum())])
        new[i, k] = np.linalg.lstsq(rows, np.r_[X @ W[i], np.sqrt(ridge) * W[i, k]], rcond=None)[0]
    return new


def towards_zero(W, mask, X, ridge):
    new = np.zeros_like(W)
    for i, k in enumerate(mask):
        A = X[:, k]
        new[i, k] = np.linalg.solve(A.T @ A + ridge * np.eye(k.sum()), A.T @ (X @ W[i]))
    return new


def with_ridge_times(factor):
    return lambda W, mask, X, ridge: by_augmented_rows(W, mask, X, factor(ridge, X))


def all_inputs_then_mask(W, mask, X, ridge):
    return np.where(mask, np.linalg.lstsq(X, X @ W.T, rcond=None)[0].T, 0)


def backwards(W, mask, X, ridge):
    return 2 * W * mask - by_augmented_rows(W, mask, X, ridge)


def without_ridge(W, mask, X, ridge):
    new = np.zeros_like(W)
    for i, k in enumerate(mask):
        A = X[:, k]
        new[i, k] = W[i, k] + np.linalg.inv(A.T @ A) @ A.T @ (X @ (W[i] * ~k))
    return new


def same_inputs_for_all(W, mask, X, ridge):
    k = mask[0]
    new = np.zeros_like(W)
    new[:, k] = np.linalg.lstsq(X[:, k], X @ W.T, rcond=None)[0].T
    return np.where(mask, new, 0)


RIGHT = [
    (chapter_05.proximal_steps, steps()),
    (chapter_05.proximal_steps, lambda w, reach: [soft(w, reach), group(w, reach)]),
    (chapter_05.paired_wins, by_scipy),
    (chapter_05.paired_wins, paired),
    (chapter_05.refit, by_augmented_rows),
]

WRONG = [
    (chapter_05.proximal_steps, lambda w, reach: None, "nothing so far"),
    (chapter_05.proximal_steps, soft, "two rows"),
    (chapter_05.proximal_steps, steps(one=lambda w, r: np.sign(w) * (abs(w) - r)), "stop at zero"),
    (chapter_05.proximal_steps, steps(one=lambda w, r: np.where(abs(w) > r, w, 0)), "a threshold"),
    (chapter_05.proximal_steps, steps(one=lambda w, r: np.maximum(w - r, 0)), "keep the sign"),
    (chapter_05.proximal_steps, steps(one=lambda w, r: w / (1 + r)), "Take reach off"),
    (chapter_05.proximal_steps, steps(other=lambda w, r: group(w, r, least=-np.inf)), "turned round"),
    (chapter_05.proximal_steps, steps(other=lambda w, r: group(w, r, length=lambda w: w @ w)), "not by its square"),
    (chapter_05.proximal_steps, steps(other=lambda w, r: group(w, r, length=lambda w: abs(w).sum())), "sum of sizes"),
    (chapter_05.proximal_steps, steps(other=lambda w, r: group(w, r * len(w) ** 0.5)), "by one factor"),
    (chapter_05.proximal_steps, steps(other=lambda w, r: group(w, 0.5)), "Use reach"),
    (chapter_05.proximal_steps, without_a_look_at_zero, "RuntimeWarning"),
    (chapter_05.proximal_steps, shrunk_in_place, "argument"),
    (chapter_05.paired_wins, lambda a, b: None, "nothing so far"),
    (chapter_05.paired_wins, lambda a, b: int(np.sum(a > b)), "three numbers"),
    (chapter_05.paired_wins, lambda a, b: paired(a, b, every=True), "only pairs"),
    (chapter_05.paired_wins, lambda a, b: paired(a, b, ties=True), "counted as wins"),
    (chapter_05.paired_wins, lambda a, b: (paired(a, b)[0], len(a), paired(a, b)[2]), "among the decided"),
    (chapter_05.paired_wins, lambda a, b: paired(a, b, sides=1), "for one arm"),
    (chapter_05.paired_wins, lambda a, b: paired(a, b, cap=9), "above 1"),
    (chapter_05.paired_wins, lambda a, b: paired(a, b, exactly=True), "more lopsided"),
    (chapter_05.paired_wins, lambda a, b: paired(b, a), "wins of a"),
    (chapter_05.refit, lambda W, mask, X, ridge: None, "nothing so far"),
    (chapter_05.refit, lambda W, mask, X, ridge: W * mask, "nothing was fitted"),
    (chapter_05.refit, lambda W, mask, X, ridge: W, "exactly zero"),
    (chapter_05.refit, towards_zero, "old weights"),
    (chapter_05.refit, all_inputs_then_mask, "masked afterwards"),
    (chapter_05.refit, backwards, "wrong way"),
    (chapter_05.refit, with_ridge_times(lambda ridge, X: ridge / 2), "sizes are off"),
    (chapter_05.refit, with_ridge_times(lambda ridge, X: 2 * ridge), "sizes are off"),
    (chapter_05.refit, with_ridge_times(lambda ridge, X: ridge * len(X)), "sizes are off"),
    (chapter_05.refit, without_ridge, "stay where they were"),
    (chapter_05.refit, same_inputs_for_all, "regression of its own"),
]

(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_05)
