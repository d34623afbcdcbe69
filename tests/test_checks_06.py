"""The self-checks of chapter 6's exercises: right answers pass, however written, and the usual wrong ones do not."""

import numpy as np
from examination import examination

from pruneutils import masks, scores
from pruneutils.book.checks import chapter_06


def lamp(W, *, whole=False, from_below=False, kind="stable"):
    squares = W.ravel().astype(float) ** 2
    order = np.argsort(squares, kind=kind)
    ranked = squares[order]
    total = np.cumsum(ranked) if from_below else np.cumsum(ranked[::-1])[::-1]
    result = np.empty_like(squares)
    result[order] = ranked / (ranked.sum() if whole else total)
    return result.reshape(W.shape)


def ties_together(W):
    return np.array([w**2 / (W[w**2 <= W**2] ** 2).sum() for w in W.ravel()]).reshape(W.shape)


def integers(W):
    squares = W.ravel() ** 2
    order = np.argsort(squares, kind="stable")
    result = np.empty_like(squares)
    result[order] = squares[order] / np.cumsum(squares[order][::-1])[::-1]
    return result.reshape(W.shape)


def first_ones(weights, sparsity, least):
    return guarded({n: W for n, W in weights.items()}, sparsity, least, of=lambda S: np.arange(least))


def in_place(weights, sparsity, least):
    found = guarded(weights, sparsity, least)
    for W in weights.values():
        W[:] = np.abs(W)
    return found


def guarded(weights, sparsity, least, of=None):
    top = 1 + max(np.abs(W).max() for W in weights.values())
    lifted = {}
    for name, W in weights.items():
        S = np.abs(W).astype(float)
        S.ravel()[of(S) if of else np.argsort(S.ravel())[-least:]] += top
        lifted[name] = S
    return masks.global_unstructured(lifted, sparsity)


def unguarded(weights, sparsity, least):
    return masks.global_unstructured({n: np.abs(W) for n, W in weights.items()}, sparsity)


def put_back(weights, sparsity, least):
    found = unguarded(weights, sparsity, least)
    for name, W in weights.items():
        found[name].ravel()[np.argsort(np.abs(W).ravel())[-least:]] = True
    return found


def layerwise(weights, sparsity, least):
    return {n: masks.unstructured(np.abs(W), sparsity) for n, W in weights.items()}


RIGHT = [
    (chapter_06.lamp_scores, lamp),
    (chapter_06.lamp_scores, scores.lamp),
    (chapter_06.own_shares, {"0": 0.97, "2": 0.9444, "4": 0.73}),
    (chapter_06.guarded_global, guarded),
]

WRONG = [
    (chapter_06.lamp_scores, lambda W: None, "nothing so far"),
    (chapter_06.lamp_scores, lambda W: lamp(W, whole=True), "whole layer"),
    (chapter_06.lamp_scores, lambda W: lamp(W, from_below=True), "not larger"),
    (chapter_06.lamp_scores, lambda W: lamp(W).ravel(), "shape"),
    (chapter_06.lamp_scores, lambda W: np.sqrt(lamp(W)), "Squares"),
    (chapter_06.lamp_scores, ties_together, "later"),
    (chapter_06.lamp_scores, integers, "integers"),
    (chapter_06.lamp_scores, lambda W: lamp(W) * np.abs(W).max() / 4, "seven times"),
    (chapter_06.guarded_global, first_ones, "Its largest one stays"),
    (chapter_06.guarded_global, in_place, "changed the weights"),
    (chapter_06.guarded_global, unguarded, "protect"),
    (chapter_06.guarded_global, put_back, "exactly 4"),
    (chapter_06.guarded_global, layerwise, "Its largest one stays"),
    (chapter_06.guarded_global, lambda weights, s, least: None, "nothing so far"),
    (chapter_06.guarded_global, lambda weights, s, least: guarded(weights, int(8 * s) / 8, least), "round(5.6) = 6"),
    (chapter_06.guarded_global, lambda w, s, least: guarded(w, np.ceil(8 * s) / 8, least), "round(4.4) = 4"),
    (chapter_06.own_shares, {"0": 0.95, "2": 0.95}, "expected a dict with the layers"),
    (chapter_06.own_shares, {"0": 95, "2": 95, "4": 95}, "not a percentage"),
    (chapter_06.own_shares, {"0": 0.97, "2": 0.97, "4": 0.5}, "a layer counts by its number of weights"),
    (chapter_06.own_shares, {"0": 0.95, "2": 0.95, "4": 0.95}, "spare layer 4 more"),
    (chapter_06.own_shares, {"0": 0.03, "2": 0.0556, "4": 0.27}, "the share that goes"),
    (chapter_06.own_shares, {"0": 0.997, "2": 0.9, "4": 0.675}, "spare layer 0 more"),
    (chapter_06.own_shares, {"0": 0.962, "2": 0.943, "4": 0.842}, "find others"),
    (chapter_06.own_shares, {"0": 0.9577, "2": 0.9577, "4": 0.8}, "the table has that arm"),
]  # fmt: skip


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_06)
