"""The self-checks of chapter 11: right answers pass, however written, and the usual wrong ones are told why."""

import numpy as np
import pytest
from examination import examination

from pruneutils.book.checks import chapter_11

pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")
ops = keras.ops


def by_axes(mask, behind=None):
    if behind:
        h, w, c = behind
        return np.einsum("ochw->hwco", mask.reshape(-1, c, h, w)).reshape(-1, len(mask)).copy()
    return mask.transpose(*range(2, mask.ndim), 1, 0)


def by_swaps(mask, behind=None):
    if behind is None:
        return np.moveaxis(np.moveaxis(mask, 1, -1), 0, -1)
    h, w, c = behind
    rows = [(k % c * h + k // c // w) * w + k // c % w for k in range(h * w * c)]
    return mask[:, rows].T


def transposed(mask, behind=None):
    return mask.T


def only_dense(mask, behind=None):
    return by_axes(mask, behind) if mask.ndim == 2 else mask


def without_flatten(mask, behind=None):
    return by_axes(mask)


def pixels_in_one_axis(mask, behind=None):
    """Height and width stay together, in the same order in both layouts."""
    if behind is None:
        return by_swaps(mask)
    return mask.reshape(len(mask), behind[2], -1).swapaxes(0, 2).reshape(-1, len(mask))


def width_first(mask, behind=None):
    if behind is None:
        return by_axes(mask)
    h, w, c = behind
    return np.einsum("ochw->whco", mask.reshape(-1, c, h, w)).reshape(-1, len(mask))


def reshaped(mask, behind=None):
    return mask.reshape(*mask.shape[2:], mask.shape[1], mask.shape[0])


def numbers(mask, behind=None):
    return by_axes(mask, behind).astype(int)


def inverted(mask, behind=None):
    return ~by_axes(mask, behind)


def in_place(mask, behind=None):
    answer = by_axes(mask, behind).copy()
    mask[:] = True
    return answer


def nothing(*arguments, **options):
    return None


class Counted(keras.constraints.Constraint):
    def __init__(self, mask):
        self.mask = keras.Variable(mask, dtype="bool", trainable=False)
        self.left = keras.Variable(3, dtype="int32", trainable=False)

    def __call__(self, w):
        self.left.assign(self.left - 1)
        due = ops.equal(self.left, 0)
        self.left.assign(ops.where(due, 3, self.left))
        return ops.where(ops.logical_and(due, ops.logical_not(self.mask)), 0.0, w)


class ByCond(keras.constraints.Constraint):
    """An array is fine for a mask that never changes."""

    def __init__(self, mask):
        self.mask, self.calls = np.array(mask, dtype="float32"), keras.Variable(0, dtype="int32", trainable=False)

    def __call__(self, w):
        self.calls.assign_add(1)
        w = ops.convert_to_tensor(w)
        return ops.cond(self.calls % 3 == 0, lambda: w * self.mask, lambda: w)


class PythonCount(keras.constraints.Constraint):
    def __init__(self, mask):
        self.mask, self.calls = keras.Variable(mask, dtype="bool", trainable=False), 0

    def __call__(self, w):
        self.calls += 1
        return ops.where(self.mask, w, 0.0) if self.calls % 3 == 0 else w


class VariableCountPythonIf(PythonCount):
    """Half of the way: the count is a variable, the choice is still Python's."""

    def __init__(self, mask):
        super().__init__(mask)
        self.calls = keras.Variable(0, dtype="int32", trainable=False)

    def __call__(self, w):
        self.calls.assign_add(1)
        return ops.where(self.mask, w, 0.0) if self.calls % 3 == 0 else w


class VariableCountPythonNot(VariableCountPythonIf):
    def __call__(self, w):
        self.calls.assign_add(1)
        return w if not ops.equal(self.calls % 3, 0) else ops.where(self.mask, w, 0.0)


class Always(keras.constraints.Constraint):
    def __init__(self, mask):
        self.mask = keras.Variable(mask, dtype="bool", trainable=False)

    def __call__(self, w):
        return ops.where(self.mask, w, 0.0)


class FromZero(ByCond):
    def __init__(self, mask):
        super().__init__(mask)
        self.calls.assign(-1)


class Inverted(ByCond):
    def __init__(self, mask):
        super().__init__(~np.array(mask))


shared_count = keras.Variable(0, dtype="int32", trainable=False)


class Shared(ByCond):
    def __init__(self, mask):
        super().__init__(mask)
        self.calls = shared_count


class Iterations(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.steps = []

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(self.model.optimizer.iterations.numpy())


class TheVariable(Iterations):
    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(self.model.optimizer.iterations)


class OwnCount(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.steps, self.before = [], 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(self.before + min(batch + 1, self.params["steps"]))

    def on_epoch_end(self, epoch, logs=None):
        self.before = self.steps[-1]


class Batches(Iterations):
    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(batch + 1)


class Calls(Iterations):
    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(len(self.steps) + 1)


class FromZeroSteps(Iterations):
    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(int(self.model.optimizer.iterations) - 1)


class EachFitAnew(OwnCount):
    def on_train_begin(self, logs=None):
        self.before = 0


class PastTheData(OwnCount):
    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(self.before + batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        self.before += self.params["steps"]


RIGHT = [
    (chapter_11.to_keras, by_axes),
    (chapter_11.to_keras, by_swaps),
    (chapter_11.to_keras, pixels_in_one_axis),
    (chapter_11.every_third, Counted),
    (chapter_11.every_third, ByCond),
    (chapter_11.step_counter, Iterations),
    (chapter_11.step_counter, OwnCount),
]

WRONG = [
    (chapter_11.to_keras, transposed, "height and width"),
    (chapter_11.to_keras, only_dense, "shape"),
    (chapter_11.to_keras, without_flatten, "transpose alone"),
    (chapter_11.to_keras, width_first, "11.3"),
    (chapter_11.to_keras, reshaped, "dense"),
    (chapter_11.to_keras, numbers, "boolean"),
    (chapter_11.to_keras, inverted, "wrong in"),
    (chapter_11.to_keras, in_place, "changed the mask"),
    (chapter_11.to_keras, nothing, "returned nothing"),
    (chapter_11.every_third, PythonCount, "keras.Variable"),
    (chapter_11.every_third, VariableCountPythonIf, "Python's `if`"),
    (chapter_11.every_third, VariableCountPythonNot, "keras.ops.where"),
    (chapter_11.every_third, Always, "eager"),
    (chapter_11.every_third, FromZero, "count from 1"),
    (chapter_11.every_third, Inverted, "kept weights"),
    (chapter_11.every_third, Shared, "counts for itself"),
    (chapter_11.step_counter, Batches, "begins anew"),
    (chapter_11.step_counter, TheVariable, "not its value"),
    (chapter_11.step_counter, Calls, "not calls"),
    (chapter_11.step_counter, FromZeroSteps, "first epoch"),
    (chapter_11.step_counter, EachFitAnew, "go on counting"),
    (chapter_11.step_counter, PastTheData, "last call"),
]


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_11)


@pytest.mark.parametrize("examine", [chapter_11.every_third, chapter_11.step_counter])
def test_an_empty_answer_is_not_solved(examine):
    assert not examine(nothing).solved
