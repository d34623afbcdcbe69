"""Checks of the exercises of chapter 6."""

from numbers import Real

import numpy as np

from pruneutils import allocation, masks, scores
from pruneutils.book.checks import _unseen, check, expect, expect_array


@check("6.1", "scaling a layer changes nothing, and its largest weight scores 1.")
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


@check("6.2", "no layer is emptied, and the number is still exact.")
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
    for share, gone in ((0.7, 6), (0.55, 4)):
        made = function({name: W.copy() for name, W in weights.items()}, share, 1)
        removed = sum(int((~np.asarray(mask, dtype=bool)).sum()) for mask in made.values())
        expect(
            removed == gone, f"at {share:.0%} {removed} of 8 weights went, expected round({8 * share:.1f}) = {gone}."
        )


@check("6.3", "your shares hold against ERK's, which never look at a weight.")
def own_shares(shares):
    """Check ``{layer: sparsity}`` for the digit network: 95 % in all, and as good as ERK's after fine-tuning."""
    shapes = {"0": (64, 64), "2": (32, 64), "4": (10, 32)}
    expect(
        isinstance(shares, dict) and set(shares) == set(shapes),
        f"expected a dict with the layers {sorted(shapes)}, got {shares!r}.",
    )
    for name, share in shares.items():
        expect(
            isinstance(share, Real) and 0 <= share < 1,
            f"layer {name!r} has {share!r}, expected a sparsity in [0, 1): a fraction, not a percentage.",
        )
    sizes = {name: int(np.prod(shape)) for name, shape in shapes.items()}
    in_all = sum(shares[name] * sizes[name] for name in shapes) / sum(sizes.values())
    expect(abs(in_all - 0.05) > 0.001, "you gave the shares that stay; a sparsity is the share that goes.")
    expect(
        abs(in_all - 0.95) <= 0.001,
        f"{in_all:.2%} of all weights go, expected 95 %: a layer counts by its number of weights, {sizes}.",
    )
    erk = allocation.erdos_renyi_kernel(shapes, 0.95)
    expect(any(abs(shares[name] - erk[name]) > 0.005 for name in shapes), "these are ERK's own shares: find others.")
    yours, theirs = _fine_tuned(shares), _fine_tuned(erk)
    left = ", ".join(f"{(1 - shares[name]) * sizes[name]:.0f}" for name in shapes)
    starved = min(shapes, key=lambda name: (1 - shares[name]) / (1 - erk[name]))
    expect(
        yours > theirs - 0.015,
        f"your shares leave {left} weights and reach {yours:.1%} on validation, ERK's {theirs:.1%}: "
        f"spare layer {starved} more.",
    )
    expect(
        abs(shares["0"] - shares["2"]) > 0.002,
        "the two large layers have equal shares: the table has that arm; let one of them pay more than the other.",
    )


def _fine_tuned(shares):
    """Mean validation accuracy of five digit networks whose layers lose these shares."""
    from pruneutils import pytorch
    from pruneutils.book import train

    dense, splits = _unseen.digit_networks()
    nets = [pytorch.clone(net) for net in dense]
    for net in nets:
        sizes = {name: scores.magnitude(W) for name, W in pytorch.weights(net).items()}
        pytorch.apply_masks(net, {name: masks.unstructured(S, shares[name]) for name, S in sizes.items()})
    train.fit(nets, [s.X_train for s in splits], [s.y_train for s in splits], steps=225, lr=0.07)
    return float(np.mean([train.accuracy([net], s.X_val, s.y_val) for net, s in zip(nets, splits, strict=True)]))
