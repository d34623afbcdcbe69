"""Checks of the exercises of chapter 6."""

import numpy as np

from pruneutils.book.checks import check, expect, expect_array


@check("scaling a layer changes nothing, and its largest weight scores 1.")
def lamp_scores(function):
    """Check ``function(W) -> LAMP scores``."""
    W = np.array([[3.0, -1.0], [2.0, -4.0]])
    before = W.copy()
    answer = function(W)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    answer = np.asarray(answer)
    expect(answer.shape == W.shape, f"the scores have shape {answer.shape}, expected that of W, {W.shape}.")
    expect(
        not np.allclose(answer, W**2 / np.sum(W**2)),
        "you divided by the sum over the whole layer; divide by the squares that are not smaller.",
    )
    expect(
        not np.isclose(answer[0, 1], 1),
        "the smallest weight scores 1: you summed the squares that are not larger, instead of not smaller.",
    )
    expect_array(
        answer,
        np.array([[9 / 25, 1 / 30], [4 / 29, 1.0]]),
        "the array of scores",
        "Squares, from the weight itself up.",
    )
    expect(np.array_equal(W, before), "the function changed W itself; work on a copy.")
    expect(
        np.allclose(function(7 * W), answer),
        "seven times the weights have other scores; the squares in numerator and denominator should cancel the 7.",
    )
    expect(
        np.allclose(function(np.array([3, 1, 2])), [1, 1 / 14, 4 / 13]),
        "for the integers 3, 1, 2 the scores are 1, 1/14, 4/13: an array of integers cannot hold them.",
    )
    ties = np.asarray(function(np.ones(4)))
    expect(
        np.allclose(ties, [1 / 4, 1 / 3, 1 / 2, 1]),
        f"four equal weights should score 1/4, 1/3, 1/2, 1, for the later counts as larger, not {ties}.",
    )
    pairs = np.asarray(function(np.tile([1.0, 2.0], 8)))
    expected = np.stack([1 / np.arange(40, 32, -1), 1 / np.arange(8, 0, -1)], axis=1).ravel()
    expect(np.allclose(pairs, expected), "sixteen weights with ties are out of order: sort with kind='stable'.")


@check("the densities keep exactly what was asked, and none exceeds 1.")
def erk_densities(function):
    """Check ``function(shapes, sparsity) -> {name: density}``."""
    shapes = {"a": (100, 100), "b": (100, 20), "c": (20, 10)}
    answer = function(shapes, 0.9)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(set(answer) == set(shapes), f"it returned the layers {sorted(answer)}, expected {sorted(shapes)}.")
    sizes = {name: np.prod(shape) for name, shape in shapes.items()}
    kept = sum(answer[name] * sizes[name] for name in shapes)
    expect(
        not np.isclose(kept, 0.9 * 12200),
        "these are sparsities; the density is the share that is kept.",
    )
    expect(not np.allclose(list(answer.values()), 0.1), "every layer has the same density; that is the uniform rule.")
    expect(np.isclose(kept, 1220), f"{kept:.1f} weights are kept in all, expected 0.1 * 12,200 = 1,220.")
    wanted = {"a": 200 / 10000, "b": 120 / 2000, "c": 30 / 200}
    scale = 1220 / 350
    for name in shapes:
        expect(
            np.isclose(answer[name], scale * wanted[name]),
            f"layer {name!r} has density {answer[name]:.4f}, expected {scale * wanted[name]:.4f}: "
            "proportional to the sum of the sides over their product.",
        )
    answer = function(shapes, 0.5)
    expect(
        max(answer.values()) <= 1 + 1e-9,
        f"at sparsity 0.5 a density is {max(answer.values()):.2f}; nothing is denser than dense.",
    )
    kept = sum(answer[name] * sizes[name] for name in shapes)
    expect(
        np.isclose(kept, 6100),
        f"at sparsity 0.5 {kept:.1f} weights are kept, expected 6,100: what the full layers cannot take, "
        "the others must.",
    )
    answer = function({"a": (100, 100), "b": (20, 30), "c": (2, 20)}, 0.7)
    expect(
        max(answer.values()) <= 1 + 1e-9,
        f"sharing out what one full layer leaves pushed another to {max(answer.values()):.3f}: repeat until none is.",
    )
    answer = function({"conv": (16, 8, 3, 3), "fc": (10, 64)}, 0.8)
    scale = 0.2 * (1152 + 640) / (30 + 74)
    expect(
        np.isclose(answer["conv"], scale * 30 / 1152),
        f"a convolution of shape (16, 8, 3, 3) has density {answer['conv']:.4f}, expected {scale * 30 / 1152:.4f}: it "
        "has four sides, 16 + 8 + 3 + 3.",
    )


@check("no layer is emptied, and the number is still exact.")
def guarded_global(function):
    """Check ``function(weights, sparsity, least) -> {name: mask}``."""
    weights = {"large": np.array([-4.0, 5.0, 2.0, 3.0]), "small": np.array([[0.2, -0.3], [0.4, 0.1]])}
    given = {name: W.copy() for name, W in weights.items()}
    answer = function(given, 0.5, 1)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(set(answer) == set(weights), f"it returned the layers {sorted(answer)}, expected {sorted(weights)}.")
    same = all(np.array_equal(given[name], weights[name]) for name in weights)
    expect(same, "the function changed the weights themselves; work on a copy.")
    small = np.asarray(answer["small"])
    expect(small.any(), "the layer with small weights lost all of them: protect its largest.")
    removed = sum(int((~np.asarray(mask, dtype=bool)).sum()) for mask in answer.values())
    expect(removed == 4, f"{removed} of 8 weights went, expected exactly 4: protecting one must cost another.")
    expect_array(
        answer["small"], np.array([[False, False], [True, False]]), "the mask of 'small'", "Its largest one stays."
    )
    expect_array(answer["large"], np.array([True, True, False, True]), "the mask of 'large'", "Its smallest one goes.")
    two = function({name: W.copy() for name, W in weights.items()}, 0.5, 2)
    expect(int(np.sum(two["small"])) == 2, "with least=2 the layer of small weights keeps two.")
    expect(
        bool(np.asarray(two["small"])[1, 0] and np.asarray(two["small"])[0, 1]), "with least=2 the two largest stay."
    )
    free = function({"a": np.array([1.0, 2.0, 3.0, 4.0]), "b": np.array([5.0, 6.0, 7.0, 8.0])}, 0.25, 1)
    expect(
        int(np.sum(free["a"])) == 2 and int(np.sum(free["b"])) == 4,
        "where no layer is in danger the result must be the ordinary global mask.",
    )
