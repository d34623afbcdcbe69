"""The self-checks of chapter 12's exercises: each accepts right answers, and rejects the usual wrong ones."""

import numpy as np
import torch
from examination import examination

from pruneutils.book.checks import chapter_12


def by_loop(A):
    A = np.moveaxis(np.asarray(A), 1, 0)
    return [float(np.count_nonzero(unit == 0)) / unit.size for unit in A]


def in_place(A):
    A[A != 0] = 1
    return 1 - A.reshape(len(A), A.shape[1], -1).mean(axis=(0, 2))


def cut(W1, b1, W2, b2, *, fold=True, relu=True, unheard=True, sums=False, add=False):
    fed = W1.sum(axis=1) != 0 if sums else np.abs(W1).max(axis=1) > 0
    heard = np.abs(W2).max(axis=0) > 0 if unheard else np.ones(len(W1), dtype=bool)
    says = np.where(fed, 0, np.maximum(b1, 0) if relu else b1)
    extra = W2 @ says if fold else 0
    if add:
        b2 += extra
        extra = 0
    both = fed & heard
    return W1[both], b1[both], W2[:, both], b2 + extra


def only_the_unheard(W1, b1, W2, b2):
    heard = W2.any(axis=0)
    return W1[heard], b1[heard], W2[:, heard], b2


def step_by_step(W1, b1, W2, b2):
    W1, b1, W2, b2 = (list(W1), list(b1), [list(row) for row in W2], list(b2))
    for j in reversed(range(len(W1))):
        if not np.any(W1[j]) or not any(row[j] for row in W2):
            for i, row in enumerate(W2):
                says = 0.0 if np.any(W1[j]) else max(0.0, b1[j])
                b2[i] += row.pop(j) * says
            del W1[j], b1[j]
    return np.array(W1), np.array(b1), np.array(W2), np.array(b2)


def rows_only(W1, b1, W2, b2):
    fed = W1.any(axis=1)
    return W1[fed], b1, W2, b2


def whole_fit(A, kept, V, b):
    design = torch.from_numpy(np.column_stack([A[:, kept], np.ones(len(A))]))
    wanted = torch.from_numpy(A @ V.T + b)
    found = torch.linalg.pinv(design) @ wanted
    return found[:-1].T.numpy(), found[-1].numpy()


def centred(A, kept, V, b):
    mean = A.mean(axis=0)
    B = A - mean
    c = np.linalg.pinv(B[:, kept]) @ B[:, ~kept]
    new = V[:, kept] + V[:, ~kept] @ c.T
    return new, b + V @ mean - new @ mean[kept]


def means_only(A, kept, V, b):
    return V[:, kept], b + V[:, ~kept] @ A[:, ~kept].mean(axis=0)


def without_ones(A, kept, V, b):
    c = np.linalg.lstsq(A[:, kept], A[:, ~kept], rcond=None)[0]
    return V[:, kept] + V[:, ~kept] @ c.T, b


def of_the_kept(A, kept, V, b):
    return whole_fit(A, ~kept, V, b)


def forgets_the_bias(A, kept, V, b):
    weights, bias = whole_fit(A, kept, V, b)
    return weights, bias - b


def forgets_the_weights(A, kept, V, b):
    weights, bias = whole_fit(A, kept, V, b)
    return weights - V[:, kept], bias


def forgets_both(A, kept, V, b):
    weights, bias = whole_fit(A, kept, V, b)
    return weights - V[:, kept], bias - b


def fed_or_heard(W1, b1, W2, b2):
    fed, heard = W1.any(axis=1), W2.any(axis=0)
    kept = fed | heard
    return W1[kept], b1[kept], W2[:, kept], b2


RIGHT = [
    (chapter_12.share_of_zeros, by_loop),
    (chapter_12.share_of_zeros, lambda A: 1 - (A != 0).reshape(len(A), A.shape[1], -1).mean(axis=(0, 2))),
    (chapter_12.remove_cut_off, cut),
    (chapter_12.remove_cut_off, step_by_step),
    (chapter_12.refit, whole_fit),
    (chapter_12.refit, centred),
]

WRONG = [
    (chapter_12.share_of_zeros, lambda A: None, "nothing so far"),
    (chapter_12.share_of_zeros, lambda A: (A == 0).mean(axis=1), "axis 0"),
    (chapter_12.share_of_zeros, lambda A: (A == 0).mean(), "one number"),
    (chapter_12.share_of_zeros, lambda A: (A != 0).mean(axis=0), "count the zeros"),
    (chapter_12.share_of_zeros, lambda A: 100 * (A == 0).mean(axis=0), "percentages"),
    (chapter_12.share_of_zeros, lambda A: (A == 0).sum(axis=0), "counts"),
    (chapter_12.share_of_zeros, lambda A: (A <= 0).mean(axis=0), "not a zero"),
    (chapter_12.share_of_zeros, lambda A: (A == 0).mean(axis=0), "over samples, height and width"),
    (chapter_12.share_of_zeros, lambda A: np.isclose(A, 0).reshape(len(A), A.shape[1], -1).mean((0, 2)), "exact"),
    (chapter_12.share_of_zeros, in_place, "changed A"),
    (chapter_12.share_of_zeros, lambda A: (A == 0).all(axis=0), "*always* silent"),
    (chapter_12.share_of_zeros, lambda A: (A == 0).mean(axis=0).astype(int), "whole numbers"),
    (chapter_12.remove_cut_off, lambda *arrays: None, "nothing so far"),
    (chapter_12.remove_cut_off, lambda *arrays: cut(*arrays, fold=False, unheard=False), "is constant"),
    (chapter_12.remove_cut_off, lambda *arrays: cut(*arrays, fold=False), "is constant"),
    (chapter_12.remove_cut_off, lambda *arrays: cut(*arrays, relu=False), "ReLU lets through"),
    (chapter_12.remove_cut_off, lambda *arrays: cut(*arrays, unheard=False), "nobody hears it"),
    (chapter_12.remove_cut_off, lambda *arrays: cut(*arrays, sums=True), "sum zero"),
    (chapter_12.remove_cut_off, lambda *arrays: cut(*arrays, add=True), "came in was changed"),
    (chapter_12.remove_cut_off, only_the_unheard, "expected 3 of 6"),
    (chapter_12.remove_cut_off, rows_only, "go together"),
    (chapter_12.remove_cut_off, lambda *arrays: arrays, "expected 3 of 6"),
    (chapter_12.remove_cut_off, fed_or_heard, "fed *and* heard"),
    (chapter_12.remove_cut_off, lambda *arrays: cut(*arrays, relu=False), "max(0, bias)"),
    (chapter_12.remove_cut_off, lambda *arrays: tuple(cut(*arrays)[i] for i in (0, 2, 1, 3)), "the order W1, b1"),
    (chapter_12.refit, lambda A, kept, V, b: None, "nothing so far"),
    (chapter_12.refit, lambda A, kept, V, b: (V[:, kept], b), "as before"),
    (chapter_12.refit, means_only, "as before"),
    (chapter_12.refit, without_ones, "column of ones"),
    (chapter_12.refit, of_the_kept, "kept units only"),
    (chapter_12.refit, forgets_the_bias, "lacks `b`"),
    (chapter_12.refit, forgets_the_weights, "lack `V`"),
    (chapter_12.refit, forgets_both, "lack `V`"),
    (chapter_12.refit, lambda A, kept, V, b: (V[:, kept], b), "three times unit 1's"),
    (chapter_12.refit, lambda A, kept, V, b: (whole_fit(A, kept, V, b)[0].T, b), "shape"),
]


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_12)
