"""Checks of the exercises of chapter 9."""

import numpy as np

from pruneutils.book.checks import check, expect


@check("9.1", "kernels are pruned, everything else is as it was.")
def prune_kernels(function):
    """Check ``function(weights, at) -> new list``, for the flat list of a dense or convolutional Keras model."""
    convolution = np.linspace(-0.6, 0.6, 24, dtype=np.float32).reshape(2, 2, 2, 3)[::-1]
    bare = np.array([[-0.2, 0.05], [0.04, 0.6]], dtype=np.float32)  # of a layer without bias, before a kernel
    given = [
        np.array([[0.5, -0.1], [-0.02, 0.3]], dtype=np.float32),
        np.array([0.01, -0.7], dtype=np.float32),
        bare.copy(),
        convolution.copy(),
        np.array([0.03, 0.9, -0.04], dtype=np.float32),
    ]
    kept = [array.copy() for array in given]
    answer = function(given, 0.1)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(
        all(np.array_equal(a, b) for a, b in zip(given, kept, strict=True)),
        "the function changed the arrays that it was given; work on copies, or the dense weights are lost.",
    )
    expect(isinstance(answer, list | tuple), f"it returned {type(answer).__name__}, expected a list of arrays.")
    expect(len(answer) == 5, f"it returned {len(answer)} arrays, expected 5: biases belong in the list, too.")
    for i, (new, old) in enumerate(zip(answer, kept, strict=True)):
        expect(np.shape(new) == old.shape, f"array {i} has shape {np.shape(new)}, expected {old.shape}.")
    expect(
        np.array_equal(answer[1], kept[1]) and np.array_equal(answer[4], kept[4]),
        "a bias was changed: an array with one axis is no kernel.",
    )
    first = np.asarray(answer[0])
    expect(first[1, 0] == 0, "-0.02 is smaller than 0.1 in size and must go.")
    expect(first[0, 1] != 0, "-0.1 went: compare sizes, and a threshold keeps what reaches it.")
    expect(
        np.array_equal(first, [[0.5, np.float32(-0.1)], [0, np.float32(0.3)]]),
        f"the first kernel is {first}, expected 0.5, -0.1, 0 and 0.3.",
    )
    expect(
        np.array_equal(answer[2], bare * (np.abs(bare) >= 0.1)),
        "array 2 is a kernel of a layer without a bias: go by the number of axes, not by the position.",
    )
    expect(
        np.array_equal(answer[3], np.where(np.abs(convolution) >= 0.1, convolution, 0)),
        "the kernel of a convolution has four axes and is pruned like any other.",
    )
    expect(np.array_equal(function(kept, 0.0)[0], kept[0]), "a threshold of 0 must keep everything.")


@check("9.2", "the threshold takes as many as it may, and never more.")
def threshold_for(function):
    """Check ``function(kernel, sparsity) -> threshold``, by what is smaller than it."""
    rng = np.random.default_rng(8)
    for n, sparsity in ((8, 0.5), (10, 0.25), (10, 0.36), (7, 0.9), (24, 0.5), (10, 0.01)):
        sizes = rng.permutation(np.arange(1, n + 1)) / 4
        kernel = (sizes * rng.choice([-1, 1], n)).reshape(-1, n if n % 2 else 2)
        before = kernel.copy()
        at = function(kernel, sparsity)
        expect(at is not None and at is not ..., "the function returned nothing so far.")
        expect(np.shape(at) == (), f"it returned an array of shape {np.shape(at)}, expected one number.")
        expect(np.array_equal(kernel, before), "the function changed the kernel; work on a copy.")
        gone, wanted = int(np.sum(np.abs(kernel) < at)), round(sparsity * n)
        expect(at >= 0, f"the threshold is {at}; sizes are compared with it, so it cannot be negative.")
        expect(
            gone == wanted,
            f"of {n} different weights {gone} are smaller than your threshold at sparsity {sparsity}, expected "
            f"round({sparsity} * {n}) = {wanted}. Sort the sizes; the threshold is the smallest that stays, at index "
            f"{wanted} counted from 0. Percentiles interpolate.",
        )
    for ties, most in (([1, -1, 1, 1, 2, -3], 0), ([1, -1, 2, 2, -2, 3], 2), ([0.5, -1, 1, 1, -1, 2], 1)):
        gone = int(np.sum(np.abs(ties) < function(np.array(ties, dtype=float).reshape(2, 3), 0.5)))
        expect(
            gone == most,
            f"of the entries {ties} your threshold takes {gone}, expected {most}: it cannot split ties, so it must "
            "take none of a tie that reaches beyond the 3 wanted, and all before it.",
        )


@check("9.3", "a compiled step sees the new mask, and only kept weights move.")
def hold_mask(constraint):
    """Check a class whose ``mask`` is assigned after a train step was traced."""
    import keras
    import tensorflow as tf

    first = np.array([[True, False], [True, True], [False, True]])
    second = first & np.array([[False, True], [True, True], [True, True]])
    rule = constraint(first.copy())
    w = keras.Variable(np.array([[1.0, 2.0], [3.0, -4.0], [5.0, 6.0]]), dtype="float32")
    called = rule(w)
    expect(called is not None, "__call__ returned nothing; it returns the weights with zeros where the mask is False.")
    called = keras.ops.convert_to_numpy(called)
    expect(called.shape == first.shape, f"__call__ returned shape {called.shape}, expected {first.shape}.")
    expect(not (called[first] == 0).any(), "kept weights were set to zero: True means keep.")
    expect((called[~first] == 0).all(), "removed weights are not zero.")
    expect(np.array_equal(called[first], w.numpy()[first]), "kept weights were changed.")
    expect(np.array_equal(w.numpy()[0], [1, 2]), "__call__ changed the variable; return a new array.")
    expect(
        hasattr(getattr(rule, "mask", None), "assign"),
        "the attribute mask cannot be assigned: an array is copied into the compiled step once and for all; "
        "keep the mask in a keras.Variable.",
    )

    w = keras.Variable(np.ones((3, 2)), dtype="float32")
    w.constraint = rule
    optimiser = keras.optimizers.SGD(0.1)
    optimiser.build([w])
    step = tf.function(lambda: optimiser.apply([tf.ones((3, 2))], [w]))
    step()
    expect((w.numpy()[~first] == 0).all(), "after one compiled step removed weights are not zero.")
    rule.mask.assign(second)
    step()
    expect(
        (w.numpy()[~second] == 0).all(),
        "the mask was changed after the step was compiled, and the step still uses the old one: read self.mask in "
        "__call__, not a copy made in __init__.",
    )
    expect(np.allclose(w.numpy()[second], 0.8), "kept weights must take both steps, to 0.8.")
