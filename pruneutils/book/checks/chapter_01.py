"""Checks of the exercises of chapter 1."""

import numpy as np

from pruneutils.book.checks import check, expect, expect_array


@check("1.1", "sparsity and compression ratio are counted over all layers together.")
def sparsity_and_compression(function):
    """Check ``function(masks) -> (sparsity, compression ratio)``."""
    masks = {"small": np.array([True, False]), "large": np.array([[True] * 4, [False] * 4])}
    answer = function(masks)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(np.shape(answer) == (2,), f"it returned {answer!r}, expected a pair (sparsity, compression ratio).")

    masks = {"small": np.array([False, False]), "large": np.ones((2, 4), dtype=bool)}
    s, ratio = function(masks)
    expect(not np.allclose([s, ratio], [1.25, 0.2]), "the order is (sparsity, compression ratio).")
    expect(not np.isclose(s, 0.5), "0.5 is the mean of the layers' sparsities; a large layer counts for more.")
    expect(not np.isclose(s, 0.8), "0.8 is the share that is kept; sparsity is the share removed.")
    expect(not np.isclose(s, 20), "20 is a percentage; sparsity is a fraction, here 0.2.")
    expect(np.isclose(s, 0.2), f"two of ten weights removed give sparsity 0.2, not {s}.")
    expect(not np.isclose(ratio, 5), "5 is 1 / s; the compression ratio is 1 / (1 - s).")
    expect(np.isclose(ratio, 1.25), f"ten weights over eight kept give 1.25, not {ratio}.")


@check("1.2", "each layer loses its own share, exactly.")
def layerwise_masks(function):
    """Check ``function(weights, sparsity) -> {name: mask}``."""
    weights = {"large": np.array([[9.0, -8.0], [7.0, -6.0]]), "small": np.array([0.1, -0.4, 0.2, -0.3])}
    answer = function({name: W.copy() for name, W in weights.items()}, 0.25)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(isinstance(answer, dict), f"it returned {type(answer).__name__}, expected a dict of masks.")
    expect(set(answer) == set(weights), f"it returned the layers {sorted(answer)}, expected {sorted(weights)}.")
    expect(
        not np.all(np.asarray(answer["large"])) or np.sum(np.asarray(answer["small"])) > 2,
        "only the layer with small weights lost any: rank each layer by itself, not all together.",
    )
    expect_array(
        answer["small"],
        np.array([False, True, True, True]),
        "the mask of 'small'",
        "True means keep; a quarter goes, the smallest by absolute value.",
    )
    expect_array(
        answer["large"],
        np.array([[True, True], [True, False]]),
        "the mask of 'large'",
        "A quarter of each layer goes, the smallest by absolute value.",
    )
    for n, wanted in ((8, 2), (11, 3)):
        gone = n - int(np.sum(np.asarray(function({"ties": np.ones(n)}, 0.25)["ties"], dtype=bool)))
        expect(
            gone == wanted,
            f"of {n} equal weights, round(0.25 * {n}) = {wanted} must go, but {gone} went: "
            "a threshold cannot split ties, a ranking can; and round, do not cut off.",
        )


@check("1.3", "each round keeps the same share of what is left.")
def sparsity_after_each_round(function):
    """Check ``function(final_sparsity, rounds) -> list of sparsities``."""
    answer = function(0.784, 3)  # keeps 0.6 of what is left each time
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    answer = list(answer)
    expect(len(answer) == 3, f"three rounds give three numbers, not {len(answer)}.")
    expect(
        not np.isclose(answer[0], 0.784 / 3),
        "equal steps of sparsity remove a growing share of what is left; remove the same share each time.",
    )
    expect(
        not np.isclose(answer[0], 0.784),
        "0.784 in the first round is one-shot pruning; three rounds of that share would leave about 1 %.",
    )
    expect(
        not np.allclose(answer, [0.6, 0.36, 0.216]),
        "that is the share kept after each round; sparsity is the share removed.",
    )
    expect(np.isclose(answer[-1], 0.784), f"the last round must arrive at 0.784, not {answer[-1]}.")
    expect(np.allclose(answer, [0.4, 0.64, 0.784]), f"removing 40 % each time gives 0.4, 0.64, 0.784, not {answer}.")
    expect(np.allclose(list(function(0.9, 1)), [0.9]), "a single round must be one-shot pruning.")
