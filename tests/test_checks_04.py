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


def squared_in_place(per_sample):
    per_sample **= 2
    return per_sample.mean(axis=0)


def heard(W, V, X, A):
    return abs(W) * np.linalg.norm(X, axis=0) * np.linalg.norm(V, axis=0)[:, None]


def gated(W, V, X, A):
    return np.square(W) * ((A > 0).T @ np.square(X)) * np.square(V).sum(axis=0)[:, None]


def zeroed(W, V, X, A):
    W[:, 0] = 0
    return heard(W, V, X, A)


def divided(W, V, X, A):
    with np.errstate(divide="ignore", invalid="ignore"):
        return heard(W, V, X, A) / (X.mean(axis=0) * 0)


RIGHT = [
    (chapter_04.fisher_from_gradients, by_einsum),
    (chapter_04.fisher_from_gradients, lambda per_sample: (per_sample**2).mean(axis=0)),
    (chapter_04.delete_together, by_the_hessian),
    (chapter_04.delete_together, by_downdates),
    (chapter_04.invented_score, heard),
    (chapter_04.invented_score, gated),
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
    (chapter_04.invented_score, lambda W, V, X, A: None, "nothing so far"),
    (chapter_04.invented_score, lambda W, V, X, A: abs(W), "magnitude has"),
    (chapter_04.invented_score, lambda W, V, X, A: scores.wanda(W, X), "exactly as Wanda"),
    (chapter_04.invented_score, lambda W, V, X, A: 3 * np.square(scores.wanda(W, X)), "exactly as Wanda"),
    (chapter_04.invented_score, lambda W, V, X, A: -heard(W, V, X, A), "upside down"),
    (chapter_04.invented_score, lambda W, V, X, A: scores.activation(A), "a unit"),
    (chapter_04.invented_score, lambda W, V, X, A: heard(W, V, X, A).T, "shape"),
    (chapter_04.invented_score, lambda W, V, X, A: scores.random(W, seed=0), "ahead of Wanda"),
    (chapter_04.invented_score, lambda W, V, X, A: np.ones(W.shape), "the same"),
    (chapter_04.invented_score, zeroed, "arguments"),
    (chapter_04.invented_score, divided, "NaN"),
]


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_04)


def test_the_books_own_score_is_between_wanda_and_obd():
    """Guards against networks on which the exercise asks for what cannot be done, or for nothing."""
    found = chapter_04.ranking(heard)
    assert found["magnitude"] < found["Wanda"] < found["yours"] < found["the book"] < found["OBD"] < 1
