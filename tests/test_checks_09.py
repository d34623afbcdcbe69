"""The self-checks of chapter 9's exercises: right answers pass, however written, and the usual wrong ones do not."""

import numpy as np
import pytest
from examination import examination

from pruneutils import masks, scores
from pruneutils.book.checks import chapter_09

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")


def by_product(weights, at):
    return [W * (np.abs(W) >= at) if W.ndim >= 2 else W for W in weights]


def by_package(weights, at):
    return [a * masks.threshold(scores.magnitude(a), at=at) if np.ndim(a) > 1 else a for a in weights]


def every_second(weights, at):
    return [a * (np.abs(a) >= at) if i % 2 == 0 else a for i, a in enumerate(weights)]


def nothing_at_ties(kernel, sparsity):
    sizes = np.sort(np.abs(kernel), axis=None)
    return sizes[round(sparsity * kernel.size)] if len(set(sizes)) == kernel.size else 0.0


def everything(weights, at):
    return [W * (np.abs(W) >= at) for W in weights]


def matrices_only(weights, at):
    return [W * (np.abs(W) >= at) if W.ndim == 2 else W for W in weights]


def in_place(weights, at):
    for W in weights[::2]:
        W[np.abs(W) < at] = 0
    return weights


def strict(weights, at):
    return [W * (np.abs(W) > at) if W.ndim >= 2 else W for W in weights]


def signed(weights, at):
    return [W * (at <= W) if W.ndim >= 2 else W for W in weights]


def without_biases(weights, at):
    return by_product(weights[::2], at)


def inverted(weights, at):
    return [W * (np.abs(W) < at) if W.ndim >= 2 else W for W in weights]


def boolean(weights, at):
    return [np.abs(W) >= at if W.ndim >= 2 else W for W in weights]


def by_partition(kernel, sparsity):
    count = round(sparsity * kernel.size)
    return np.partition(np.abs(kernel).ravel(), count)[count]


def between(kernel, sparsity):
    sizes = np.unique(np.abs(kernel))  # halfway to the size below, of which none is taken by halves
    fits = [t for t in sizes if np.sum(np.abs(kernel) < t) <= round(sparsity * kernel.size)]
    below = sizes[sizes < fits[-1]]
    return (below[-1] + fits[-1]) / 2 if below.size else fits[-1]


def unsorted(kernel, sparsity):
    return np.abs(kernel).ravel()[round(sparsity * kernel.size)]


def signed_order(kernel, sparsity):
    return np.sort(kernel, axis=None)[round(sparsity * kernel.size)]


def cut_off(kernel, sparsity):
    return np.sort(np.abs(kernel), axis=None)[int(sparsity * kernel.size)]


def one_short(kernel, sparsity):
    return np.sort(np.abs(kernel), axis=None)[max(round(sparsity * kernel.size) - 1, 0)]


def each_row(kernel, sparsity):
    return np.sort(np.abs(kernel), axis=-1)[0, round(sparsity * kernel.shape[-1]) % kernel.shape[-1]]


def just_above(kernel, sparsity):
    sizes, count = np.sort(np.abs(kernel), axis=None), round(sparsity * kernel.size)
    return np.nextafter(sizes[count - 1], np.inf) if count else 0.0


def sorts_in_place(kernel, sparsity):
    kernel[:] = np.sort(np.abs(kernel), axis=None).reshape(kernel.shape)
    return kernel.ravel()[round(sparsity * kernel.size)]


class Held(keras.constraints.Constraint):
    def __init__(self, mask):
        self.mask = keras.Variable(np.array(mask, dtype="float32"), trainable=False)

    def __call__(self, w):
        return w * self.mask


class Where:
    """Any callable will do, and so will TensorFlow's own variable."""

    def __init__(self, mask):
        self.mask = tf.Variable(mask)

    def __call__(self, w):
        return tf.where(self.mask, keras.ops.convert_to_tensor(w), 0.0)


class Array(Held):
    def __init__(self, mask):
        self.mask = np.array(mask)


class Copied(Held):
    def __init__(self, mask):
        super().__init__(mask)
        self.copy = np.array(mask)

    def __call__(self, w):
        return w * self.copy


class Inverted(Held):
    def __call__(self, w):
        return w * (1 - self.mask)


class Silent(Held):
    def __call__(self, w):
        w.assign(w * self.mask)


class InPlace(Held):
    def __call__(self, w):
        w.assign(w * self.mask)
        return w


class Doubled(Held):
    def __call__(self, w):
        return 2 * w * self.mask


class NothingToDo(Held):
    def __call__(self, w):
        return keras.ops.convert_to_tensor(w)


RIGHT = [
    (chapter_09.prune_kernels, by_product),
    (chapter_09.prune_kernels, by_package),
    (chapter_09.threshold_for, by_partition),
    (chapter_09.threshold_for, between),
    (chapter_09.hold_mask, Held),
    (chapter_09.hold_mask, Where),
]

WRONG = [
    (chapter_09.prune_kernels, every_second, "a bias was changed"),
    (chapter_09.threshold_for, nothing_at_ties, "cannot split ties"),
    (chapter_09.prune_kernels, lambda weights, at: None, "nothing so far"),
    (chapter_09.prune_kernels, everything, "bias was changed"),
    (chapter_09.prune_kernels, matrices_only, "four axes"),
    (chapter_09.prune_kernels, in_place, "work on copies"),
    (chapter_09.prune_kernels, strict, "keeps what reaches it"),
    (chapter_09.prune_kernels, signed, "keeps what reaches it"),
    (chapter_09.prune_kernels, without_biases, "biases belong"),
    (chapter_09.prune_kernels, inverted, "must go"),
    (chapter_09.prune_kernels, boolean, "first kernel"),
    (chapter_09.prune_kernels, lambda weights, at: by_product(weights, at)[0], "expected a list"),
    (chapter_09.threshold_for, lambda kernel, s: None, "nothing so far"),
    (chapter_09.threshold_for, lambda kernel, s: np.quantile(np.abs(kernel), s), "interpolate"),
    (chapter_09.threshold_for, unsorted, "are smaller than your threshold"),
    (chapter_09.threshold_for, signed_order, "threshold"),
    (chapter_09.threshold_for, cut_off, "round"),
    (chapter_09.threshold_for, one_short, "round"),
    (chapter_09.threshold_for, each_row, "threshold"),
    (chapter_09.threshold_for, just_above, "split ties"),
    (chapter_09.threshold_for, sorts_in_place, "work on a copy"),
    (chapter_09.hold_mask, Array, "keras.Variable"),
    (chapter_09.hold_mask, Copied, "read self.mask"),
    (chapter_09.hold_mask, Inverted, "True means keep"),
    (chapter_09.hold_mask, Silent, "returned nothing"),
    (chapter_09.hold_mask, InPlace, "changed the variable"),
    (chapter_09.hold_mask, Doubled, "kept weights were changed"),
    (chapter_09.hold_mask, NothingToDo, "not zero"),
]  # fmt: skip


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_09)
