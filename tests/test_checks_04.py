"""The self-checks of chapter 4's exercises: right answers pass, however written, and the usual wrong ones do not."""

import numpy as np
from examination import examination

from pruneutils import scores
from pruneutils.book.checks import chapter_04


def by_einsum(per_sample):
    return np.einsum("ij,ij->j", per_sample, per_sample) / len(per_sample)


def by_the_hessian(w, H_inv, gone):
    H = np.linalg.inv(H_inv)
    kept = [i for i in range(len(w)) if i not in gone]
    new = np.zeros_like(w)
    new[kept] = w[kept] + np.linalg.inv(H[np.ix_(kept, kept)]) @ H[np.ix_(kept, gone)] @ w[gone]
    return new


def by_downdates(w, H_inv, gone):
    w = w.copy()
    for q in gone:  # Gaussian elimination of one row and column of the inverse after another
        w = w - w[q] / H_inv[q, q] * H_inv[:, q]
        H_inv = H_inv - np.outer(H_inv[:, q], H_inv[q]) / H_inv[q, q]
        H_inv[q, q] = 1.0
    w[gone] = 0
    return w


def summed_updates(w, H_inv, gone):
    return w + scores.obs(w, H_inv)[1][gone].sum(axis=0)


def one_after_the_other_with_a_stale_inverse(w, H_inv, gone):
    w = w.copy()
    for q in gone:
        w = w - w[q] / H_inv[q, q] * H_inv[:, q]
    w[gone] = 0
    return w


def wrong_sign(w, H_inv, gone):
    new = 2 * w - by_the_hessian(w, H_inv, gone)
    new[gone] = 0
    return new


def in_place(w, H_inv, gone):
    w[gone] = 0
    return w


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


def squared_in_place(per_sample):
    per_sample **= 2
    return per_sample.mean(axis=0)


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
    (chapter_04.fisher_from_gradients, by_einsum),
    (chapter_04.fisher_from_gradients, lambda per_sample: (per_sample**2).mean(axis=0)),
    (chapter_04.delete_together, by_the_hessian),
    (chapter_04.delete_together, by_downdates),
    (chapter_04.refit, by_augmented_rows),
]

WRONG = [
    (chapter_04.fisher_from_gradients, lambda g: None, "nothing so far"),
    (chapter_04.fisher_from_gradients, lambda g: g.mean(axis=0) ** 2, "cancel"),
    (chapter_04.fisher_from_gradients, lambda g: (g**2).sum(axis=0), "sum"),
    (chapter_04.fisher_from_gradients, lambda g: np.abs(g).mean(axis=0), "absolute"),
    (chapter_04.fisher_from_gradients, lambda g: g.var(axis=0), "variance"),
    (chapter_04.fisher_from_gradients, lambda g: (g**2).mean(), "shape"),
    (chapter_04.fisher_from_gradients, lambda g: (g**2).mean(axis=1), "shape"),
    (chapter_04.fisher_from_gradients, lambda g: (g**2).sum(axis=0) / 4, "seven samples"),
    (chapter_04.fisher_from_gradients, squared_in_place, "argument"),
    (chapter_04.delete_together, lambda w, H_inv, gone: None, "nothing so far"),
    (chapter_04.delete_together, lambda w, H_inv, gone: by_the_hessian(w, H_inv, gone) - w, "w + update"),
    (chapter_04.delete_together, lambda w, H_inv, gone: 2 * w - by_the_hessian(w, H_inv, gone), "wrong sign"),
    (chapter_04.delete_together, lambda w, H_inv, gone: w.copy(), "(4.7)"),
    (chapter_04.delete_together, lambda w, H_inv, gone: np.where(np.isin(np.arange(6), gone), 0, w), "OBD"),
    (chapter_04.delete_together, summed_updates, "together"),
    (chapter_04.delete_together, one_after_the_other_with_a_stale_inverse, "new inverse"),
    (chapter_04.delete_together, wrong_sign, "wrong way"),
    (chapter_04.delete_together, in_place, "argument"),
    (chapter_04.refit, lambda W, mask, X, ridge: None, "nothing so far"),
    (chapter_04.refit, lambda W, mask, X, ridge: W * mask, "nothing was fitted"),
    (chapter_04.refit, lambda W, mask, X, ridge: W, "exactly zero"),
    (chapter_04.refit, towards_zero, "old weights"),
    (chapter_04.refit, all_inputs_then_mask, "masked afterwards"),
    (chapter_04.refit, backwards, "wrong way"),
    (chapter_04.refit, with_ridge_times(lambda ridge, X: ridge / 2), "sizes are off"),
    (chapter_04.refit, with_ridge_times(lambda ridge, X: 2 * ridge), "sizes are off"),
    (chapter_04.refit, with_ridge_times(lambda ridge, X: ridge * len(X)), "sizes are off"),
    (chapter_04.refit, without_ridge, "stay where they were"),
    (chapter_04.refit, same_inputs_for_all, "regression of its own"),
]


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_04)
