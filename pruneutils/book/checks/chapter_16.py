"""Checks of the exercises of chapter 16."""

import numpy as np

from pruneutils import masks, scores
from pruneutils.book.checks import _unseen, check, expect, expect_array


@check("16.1", "the mask is of the trained network, the weights are of its start.")
def rewound(function):
    """Check ``function(start, net, sparsity) -> network``."""
    from pruneutils import pytorch
    from pruneutils.book import train

    start, net = train.mlp(4, 3, 2, seed=0), train.mlp(4, 3, 2, seed=0)
    shift = np.random.default_rng(1)
    for layer in (net[0], net[2]):
        layer.weight.data += layer.weight.data.new_tensor(shift.normal(size=tuple(layer.weight.shape)))
        layer.bias.data += 1
    net[2].weight.data *= 2  # so that a ranking within layers makes other masks
    begun, ended = pytorch.weights(start), pytorch.weights(net)
    right = masks.global_unstructured({name: scores.magnitude(W) for name, W in ended.items()}, 0.5)
    answer = function(start, net, 0.5)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(answer is not start and answer is not net, "it returned a network that it was given; make a copy.")
    same = all((pytorch.weights(start)[n] == W).all() for n, W in begun.items())
    expect(same and all((pytorch.weights(net)[n] == W).all() for n, W in ended.items()), "a network given has changed.")
    found = pytorch.masks_of(answer)
    expect(not all(mask.all() for mask in found.values()), "the copy holds no mask: pytorch.apply_masks.")
    of_start = masks.global_unstructured({name: scores.magnitude(W) for name, W in begun.items()}, 0.5)
    expect(
        not all((found[n] == of_start[n]).all() for n in found),
        "the masks keep the largest weights of the start; rank those of the trained network.",
    )
    expect(
        all((found[n] == right[n]).all() for n in found),
        "the masks are not those of the largest trained weights, all layers together.",
    )
    held = pytorch.weights(answer)
    expect(
        not all(np.allclose(held[n], ended[n] * right[n]) for n in held),
        "the kept weights have their trained values: that is pruning, not rewinding.",
    )
    expect(all(np.allclose(held[n], begun[n] * right[n]) for n in held), "the kept weights are not the start's.")
    expect(bool((answer[0].bias == start[0].bias).all()), "the biases are not the start's: they are rewound, too.")


@check("16.2", "each layer's scores add up to R: what flows in flows out.")
def synflow_scores(function):
    """Check ``function(A, B) -> scores of A, scores of B``."""
    A, B = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]]), np.array([[2.0, -1.0]])
    given = A.copy(), B.copy()
    answer = function(*given)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(len(answer) == 2, "return two arrays, the scores of A and of B.")
    expect((given[0] == A).all() and (given[1] == B).all(), "the function changed a matrix; work on copies.")
    of_A, of_B = map(np.asarray, answer)
    slopes = np.array([[2.0] * 3, [1.0] * 3])
    expect(
        of_A.shape != A.shape or not np.allclose(of_A, slopes),
        "these are the slopes; a score is the slope times the size of the weight.",
    )
    expect(not (of_A < 0).any() and not (of_B < 0).any(), "a score is below zero: take absolute values first.")
    expect_array(of_A, np.array([[2.0, 4.0, 1.0], [0.0, 3.0, 1.0]]), "the scores of A", "Times what leads on from it.")
    expect_array(of_B, np.array([[7.0, 4.0]]), "the scores of B", "Times what reaches it.")
    of_A, of_B = function(np.ones((4, 3)), np.ones((2, 4)))
    expect(np.allclose(np.sum(of_A), 24) and np.allclose(np.sum(of_B), 24), "with two outputs the sums differ from R.")


@check("16.3", "the signs are enough; sizes you can choose.")
def my_start(function):
    """Check ``function(signs, mask) -> weights``: as good a start for one-shot tickets as their own."""
    from pruneutils import pytorch
    from pruneutils.book import train

    signs, mask = np.array([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]]), np.array([[True, True, False], [False, True, True]])
    answer = function(signs.copy(), mask.copy())
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    answer = np.asarray(answer, dtype=float)
    expect(answer.shape == signs.shape, f"the weights have shape {answer.shape}, expected {signs.shape}.")
    expect(bool(np.isfinite(answer).all()), "some weights are not finite numbers.")
    same = bool((np.sign(answer) == signs)[mask].all())
    expect(same, "a kept weight has another sign than it started with, or none: keep the signs, choose the sizes.")
    starts, tickets, splits = _unseen.one_shot_tickets()
    yours = [pytorch.clone(net) for net in starts]
    for net, kept in zip(yours, tickets, strict=True):
        for name, W in pytorch.weights(net).items():
            made = np.asarray(function(np.where(W < 0, -1.0, 1.0), kept[name].copy()), dtype=np.float32)
            expect(bool(np.isfinite(made).all()), "some weights are not finite numbers.")
            weight = net.get_submodule(name).weight
            weight.data.copy_(weight.data.new_tensor(made))
    nets = yours + [pytorch.clone(net) for net in starts]
    for net, kept in zip(nets, tickets * 2, strict=True):
        pytorch.apply_masks(net, kept)
    _unseen.fit_signals(nets, splits, lr=0.02)
    own = pytorch.weights(starts[0])["2"] * tickets[0]["2"]
    size = np.abs(pytorch.weights(nets[0])["2"]).max()
    expect(np.isfinite(size), "training broke down: the weights are too large.")
    pairs = zip(nets, splits * 2, strict=True)
    reached = [train.accuracy([net], d.X_val, d.y_val)[0] for net, d in pairs]
    you, they = np.mean(reached[:5]), np.mean(reached[5:])
    made = np.asarray(function(np.where(own < 0, -1.0, 1.0), tickets[0]["2"].copy()), dtype=float)
    typical, inputs = float(np.abs(made[tickets[0]["2"]]).mean()), tickets[0]["2"].sum(axis=1).mean()
    way = "larger" if typical < inputs**-0.5 else "smaller"
    expect(
        you > they - 0.02,
        f"from your start they reach {you:.1%} on validation, rewound {they:.1%}. Your sizes in the middle layer are "
        f"{typical:.2g} in the mean, and its units have {inputs:.0f} inputs left: try {way} ones.",
    )
