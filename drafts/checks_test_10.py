"""The self-checks of chapter 10's exercises: right answers pass, however written, and the usual wrong ones do not."""

import numpy as np
import pytest

from pruneutils.checks import chapter_10

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
    ("to_keras", by_axes),
    ("to_keras", by_swaps),
    ("to_keras", pixels_in_one_axis),
    ("every_third", Counted),
    ("every_third", ByCond),
    ("step_counter", Iterations),
    ("step_counter", OwnCount),
]
WRONG = [
    ("to_keras", transposed, "height and width"),
    ("to_keras", only_dense, "shape"),
    ("to_keras", without_flatten, "transpose alone"),
    ("to_keras", width_first, "10.3"),
    ("to_keras", reshaped, "dense"),
    ("to_keras", numbers, "boolean"),
    ("every_third", PythonCount, "keras.Variable"),
    ("every_third", Always, "eager"),
    ("every_third", FromZero, "count from 1"),
    ("every_third", Inverted, "kept weights"),
    ("every_third", Shared, "counts for itself"),
    ("step_counter", Batches, "begins anew"),
    ("step_counter", Calls, "not calls"),
    ("step_counter", FromZeroSteps, "first epoch"),
    ("step_counter", EachFitAnew, "go on counting"),
    ("step_counter", PastTheData, "last call"),
]


@pytest.mark.parametrize("name, answer", RIGHT, ids=lambda value: getattr(value, "__name__", value))
def test_right_answers_pass_however_written(name, answer):
    feedback = getattr(chapter_10, name)(answer)
    assert feedback.solved, feedback


@pytest.mark.parametrize("name, answer, words", WRONG, ids=lambda value: getattr(value, "__name__", value))
def test_wrong_answers_are_told_what_is_wrong(name, answer, words):
    feedback = getattr(chapter_10, name)(answer)
    assert not feedback.solved and words in feedback.message, feedback


@pytest.mark.parametrize("name", sorted({name for name, _ in RIGHT}))
def test_an_empty_answer_is_not_solved(name):
    assert not getattr(chapter_10, name)(lambda *arguments, **options: None).solved
