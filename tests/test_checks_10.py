"""The self-checks of chapter 10: right answers pass, however written, and the usual wrong ones are told why."""

import math

import numpy as np
import pytest
from examination import examination

from pruneutils.book.checks import chapter_10


def filtered(begin, end, frequency, steps):
    return [t for t in range(1, steps + 1) if begin <= t <= end and (t - begin) % frequency == 0]


def as_array(begin, end, frequency, steps):
    grid = np.arange(begin, end + 1, frequency)
    return grid[(grid >= 1) & (grid <= steps)]


def from_zero(begin, end, frequency, steps):
    return [t for t in range(steps) if begin <= t <= end and (t - begin) % frequency == 0]


def to_the_end(begin, end, frequency, steps):
    return list(range(begin or frequency, end + 1, frequency))


def all_training(begin, end, frequency, steps):
    return list(range(begin or frequency, steps + 1, frequency))


def grid_at_zero(begin, end, frequency, steps):
    return [t for t in range(1, steps + 1) if begin <= t <= end and t % frequency == 0]


def end_excluded(begin, end, frequency, steps):
    return list(range(begin or frequency, min(end, steps), frequency))


def every_step(begin, end, frequency, steps):
    return list(range(max(begin, 1), min(end, steps) + 1))


def by_sort(W, sparsity):
    flat = np.sort(np.abs(W).ravel())[::-1]
    return np.abs(W) >= flat[max(1, round((1 - sparsity) * W.size)) - 1]


def by_loop(W, sparsity):
    k = max(1, round((1 - sparsity) * W.size))
    larger = [(np.abs(W) > abs(w)).sum() < k for w in W.ravel()]
    return np.array(larger).reshape(W.shape)


def by_partition(W, sparsity):
    n = W.size
    k = max(1, round((1 - sparsity) * n))
    return np.abs(W) >= np.partition(np.abs(W), n - k, axis=None)[n - k]


def by_rank(W, sparsity):
    order = np.argsort(np.abs(W).ravel(), kind="stable")
    mask = np.zeros(W.size, dtype=bool)
    mask[order[-max(1, round((1 - sparsity) * W.size)) :]] = True
    return mask.reshape(W.shape)


def cut_off(W, sparsity, *, least):
    stay = (1 - sparsity) * W.size
    k = int(stay) if least else round(stay)
    return np.abs(W) >= np.sort(np.abs(W), axis=None)[-max(least, k)]


def strictly(W, sparsity):
    k = max(1, round((1 - sparsity) * W.size))
    return np.abs(W) > np.sort(np.abs(W), axis=None)[-k]


def signed(W, sparsity):
    k = max(1, round((1 - sparsity) * W.size))
    return np.sort(W, axis=None)[-k] <= W


def in_place(W, sparsity):
    mask = by_sort(W, sparsity)
    W *= mask
    return mask


def as_floats(W, sparsity):
    return by_sort(W, sparsity).astype(float)


def may_be_empty(W, sparsity):
    k = round((1 - sparsity) * W.size)
    return by_sort(W, sparsity) if k else np.zeros(W.shape, dtype=bool)


def first_axis_only(W, sparsity):
    return by_sort(W.ravel(), sparsity)


def with_ceil(end_step, samples, batch):
    return math.ceil(end_step / math.ceil(samples / batch)) - 1


def counting(end_step, samples, batch):
    epoch, done = 0, 0
    while True:
        done += len(range(0, samples, batch))
        if done >= end_step:
            return epoch
        epoch += 1


RIGHT = [
    (chapter_10.mask_steps, filtered),
    (chapter_10.mask_steps, as_array),
    (chapter_10.mask_like_toolkit, by_sort),
    (chapter_10.mask_like_toolkit, by_loop),
    (chapter_10.mask_like_toolkit, by_partition),
    (chapter_10.first_epoch_to_watch, with_ceil),
    (chapter_10.first_epoch_to_watch, counting),
    (chapter_10.first_epoch_to_watch, lambda e, s, b: (e - 1) // -(-s // b)),
]

WRONG = [
    (chapter_10.mask_steps, lambda *a: None, "nothing so far"),
    (chapter_10.mask_steps, from_zero, "never taken"),
    (chapter_10.mask_steps, to_the_end, "after the last"),
    (chapter_10.mask_steps, all_training, "after the end step"),
    (chapter_10.mask_steps, grid_at_zero, "grid starts at begin"),
    (chapter_10.mask_steps, end_excluded, "last mask is missing"),
    (chapter_10.mask_steps, every_step, "not at"),
    (chapter_10.mask_like_toolkit, lambda *a: None, "nothing so far"),
    (chapter_10.mask_like_toolkit, by_rank, "ties included"),
    (chapter_10.mask_like_toolkit, lambda W, s: cut_off(W, s, least=1), "not cut off"),
    (chapter_10.mask_like_toolkit, lambda W, s: cut_off(W, s, least=0), "at least 1"),
    (chapter_10.mask_like_toolkit, strictly, ">="),
    (chapter_10.mask_like_toolkit, signed, "absolute value"),
    (chapter_10.mask_like_toolkit, in_place, "changed W"),
    (chapter_10.mask_like_toolkit, as_floats, "boolean"),
    (chapter_10.mask_like_toolkit, may_be_empty, "at least 1"),
    (chapter_10.mask_like_toolkit, first_axis_only, "shape"),
    (chapter_10.mask_like_toolkit, lambda W, s: ~by_sort(W, s), "opposite"),
    (chapter_10.mask_like_toolkit, lambda W, s: by_sort(W, 1 - s), "keeps"),
    (chapter_10.first_epoch_to_watch, lambda e, s, b: None, "nothing so far"),
    (chapter_10.first_epoch_to_watch, lambda e, s, b: e // (s // b), "too late"),
    (chapter_10.first_epoch_to_watch, lambda e, s, b: -(-e // -(-s // b)), "too late"),
    (chapter_10.first_epoch_to_watch, lambda e, s, b: e // -(-s // b) - 1, "too early"),
    (chapter_10.first_epoch_to_watch, lambda e, s, b: -(-e // (s // b)) - 1, "too late"),
    (chapter_10.first_epoch_to_watch, lambda e, s, b: e / (s / b) - 1, "whole number"),
    (chapter_10.first_epoch_to_watch, lambda e, s, b: e // s, "too early"),
]


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_10)


@pytest.mark.parametrize(("begin", "end", "frequency", "steps"), [(0, 40, 10, 50), (1, 41, 10, 50), (5, 33, 10, 30)])
def test_the_toolkit_makes_its_masks_at_the_steps_that_the_exercise_expects(begin, end, frequency, steps):
    """The checks' own oracle, against tfmot itself."""
    tf = pytest.importorskip("tensorflow")
    tfmot = pytest.importorskip("tensorflow_model_optimization")
    schedule = tfmot.sparsity.keras.PolynomialDecay(0.1, 0.7, begin, end, frequency=frequency)
    turns = np.flatnonzero(schedule(tf.range(1, steps + 1))[0].numpy()) + 1
    assert turns.tolist() == filtered(begin, end, frequency, steps)
