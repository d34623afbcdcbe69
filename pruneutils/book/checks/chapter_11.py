"""Checks of the exercises of chapter 11."""

import numpy as np

from pruneutils.book.checks import check, expect

_LAYOUT = "Keras has the axes (..., in, out), spatial ones first and in their order."


def _expect_mask(answer, wanted, name, why):
    """Like ``expect_array``, without printing a large mask."""
    array = np.asarray(answer)
    expect(array.shape == wanted.shape, f"{name} has shape {array.shape}, expected {wanted.shape}. {why}")
    expect(array.dtype == bool, f"{name} has dtype {array.dtype}, expected a boolean mask, True = keep.")
    wrong = int((array != wanted).sum())
    expect(wrong == 0, f"{name} is wrong in {wrong} of {wanted.size} places. {why}")


@check("11.1", "dense, convolutional or behind a flatten, each True is where it belongs.")
def to_keras(function):
    """Check ``function(mask, behind=None) -> mask``, from PyTorch's layout to Keras's."""
    rng = np.random.default_rng(10)

    def answer_for(shape, *behind):
        mask = rng.random(shape) < 0.5
        given = mask.copy()
        answer = function(given, *behind)
        expect(answer is not None and answer is not ..., "the function returned nothing so far.")
        expect(np.array_equal(given, mask), "the function changed the mask that it was given; return a new one.")
        return mask, answer

    mask, answer = answer_for((3, 5))
    _expect_mask(answer, mask.T, "the mask of a dense layer", _LAYOUT)
    mask, answer = answer_for((4, 2, 3, 5))
    expect(
        np.shape(answer) != (5, 3, 2, 4),
        "a plain transpose reverses height and width as well; move the first two axes only.",
    )
    _expect_mask(answer, mask.transpose(2, 3, 1, 0), "the mask of a convolution", _LAYOUT)
    mask, answer = answer_for((4, 2, 3))
    _expect_mask(answer, mask.transpose(2, 1, 0), "the mask of a 1-D convolution", _LAYOUT)

    height, width, channels = 2, 3, 4
    mask, answer = answer_for((5, height * width * channels), (height, width, channels))
    expect(
        np.shape(answer) != mask.T.shape or not np.array_equal(answer, mask.T),
        "behind a flatten the transpose alone leaves the inputs in PyTorch's order.",
    )
    wanted = np.empty((height * width * channels, 5), dtype=bool)
    for h in range(height):
        for w in range(width):
            for c in range(channels):
                wanted[(h * width + w) * channels + c] = mask[:, (c * height + h) * width + w]
    _expect_mask(answer, wanted, "the mask behind a flatten", "Equation (11.3) says which input goes where.")


@check("11.2", "the count is read in every step, traced or not.")
def every_third(constraint):
    """Check a class of constraints that apply their mask in every third call."""
    import keras
    import tensorflow as tf

    def path(traced, mask, steps=7):
        """The weights after each step from ones, at a rate of 0.1 and gradients of 1."""
        w = keras.Variable(np.ones(4), dtype="float32")
        w.constraint, optimiser = constraint(mask.copy()), keras.optimizers.SGD(0.1)
        optimiser.build([w])
        step = tf.function(lambda: optimiser.apply([tf.ones(4)], [w]), autograph=False)
        values = []
        for _ in range(steps):
            try:
                (step if traced else step.python_function)()
            except tf.errors.OperatorNotAllowedInGraphError:
                expect(
                    False,
                    "traced, the count has no value yet, so Python's `if` (or `and`, `or`, `not`) cannot decide; the "
                    "choice has to be an operation such as keras.ops.where.",
                )
            values.append(w.numpy())
        return np.array(values)

    def wanted(mask, steps=7):
        w, values = np.ones(4), []
        for step in range(1, steps + 1):
            w = w - 0.1
            w = np.where(mask, w, 0) if step % 3 == 0 else w
            values.append(w)
        return np.array(values)

    for mask in (np.array([True, False, True, False]), np.array([False, True, True, False])):
        for traced in (False, True):
            how, found, right = "traced" if traced else "eager", path(traced, mask), wanted(mask)
            expect(np.allclose(found[:, mask], right[:, mask], atol=1e-5), f"{how}: kept weights must not be changed.")
            zeros = (found[:, ~mask] == 0).all(axis=1)
            late = "count from 1: the mask is due in calls 3, 6, 9, and each constraint counts for itself."
            if traced:
                expect(
                    zeros.any(),
                    "traced: nothing was ever removed. TensorFlow ran __call__ once, when the count was 1, and "
                    "recorded what happened then; a count that changes has to be a keras.Variable, and the choice an "
                    "operation such as keras.ops.where.",
                )
                expect(not zeros.all(), "traced: the mask was applied in every step, for the choice was made once.")
            expect(
                np.array_equal(np.flatnonzero(zeros) + 1, [3, 6]),
                f"{how}: removed weights were zero after calls {(np.flatnonzero(zeros) + 1).tolist()}, expected after "
                f"3 and 6 of 7; {late}",
            )
            expect(
                np.allclose(found, right, atol=1e-5), f"{how}: between two masks removed weights must wander freely."
            )


@check("11.3", "epochs, a second fit and several steps in one call are all counted.")
def step_counter(callback):
    """Check a class of callbacks whose list ``steps`` grows by the number of steps so far, after each call."""
    import keras

    X, y = np.ones((20, 2), dtype="float32"), np.ones((20, 1), dtype="float32")

    def found(at_once, samples=20):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", steps_per_execution=at_once)
        counter = callback()
        for epochs in (2, 1):
            model.fit(X[:samples], y[:samples], batch_size=4, epochs=epochs, verbose=0, callbacks=[counter])
        expect(
            not any(hasattr(step, "assign") for step in counter.steps),
            "a variable was appended and not its value: each entry of the list is the same variable, which goes on "
            "counting; use int(...).",
        )
        return [int(step) for step in counter.steps]

    steps = found(1)
    expect(len(steps) == 15, f"in 15 steps the list grew to {len(steps)} numbers, expected one after each call.")
    expect(steps[:5] == [1, 2, 3, 4, 5], f"the first epoch gave {steps[:5]}, expected [1, 2, 3, 4, 5].")
    expect(
        steps[5:10] == [6, 7, 8, 9, 10],
        f"the second epoch gave {steps[5:10]}, expected [6, 7, 8, 9, 10]: the number of a batch begins anew.",
    )
    expect(
        steps[10:] == [11, 12, 13, 14, 15],
        f"a second fit gave {steps[10:]}, expected [11, 12, 13, 14, 15]: go on counting.",
    )
    steps = found(2)
    expect(
        steps == [2, 4, 5, 7, 9, 10, 12, 14, 15],
        f"with two steps in one call and five batches an epoch it gave {steps}, expected [2, 4, 5, 7, 9, 10, 12, 14, "
        "15]: count steps and not calls, and only one in the last call of an epoch. Who counts them anyway?",
    )
