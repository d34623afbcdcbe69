"""Checks of the exercises of chapter 15."""

from numbers import Real

import numpy as np

from pruneutils import masks, scores
from pruneutils.book.checks import _unseen, check, expect


@check("15.1", "linear and cosine have the same reach.")
def reach(function):
    """Check ``function(rate, steps, shape) -> sum of the rates``."""
    found = function(0.01, 100, "constant")
    expect(found is not None and found is not ..., "the function returned nothing so far.")
    expect(np.ndim(found) == 0, "the reach is one number, the sum over all steps.")
    expect(not np.isclose(found, 100), "100 is the sum of shares; multiply by the rate.")
    expect(np.isclose(found, 1), f"100 steps of 0.01 reach 1, not {found}.")
    cosine = function(0.01, 100, "cosine")
    expect(
        not np.isclose(cosine, 0.5), "your cosine begins or ends one step off: t goes from 0 to T - 1, divided by T."
    )
    expect(np.isclose(cosine, 0.505), f"the cosine of (15.1) reaches 0.01 / 2 * 101 = 0.505, not {cosine}.")
    linear = function(0.02, 4, "linear")
    expect(np.isclose(linear, 0.05), f"0.02 (1 + 3/4 + 1/2 + 1/4) is 0.05, not {linear}.")
    even, odd = function(0.01, 100, "step"), function(1.0, 5, "step")
    expect(not np.isclose(even, 0.5), "the second half of 'step' has a tenth of the rate, not none.")
    expect(np.isclose(even, 0.55), f"'step' with 0.01 and 100 steps reaches 0.5 + 0.05, not {even}.")
    expect(np.isclose(odd, 3.2), f"of 5 steps three have t < 2.5: 3 + 2 * 0.1 = 3.2, not {odd}.")


@check("15.2", "label and teacher both have their say.")
def distillation(function):
    """Check ``function(outputs, labels, teacher, temperature, alpha) -> loss``."""
    generator = np.random.default_rng(15)
    z, v, labels = 2 * generator.normal(size=(6, 4)), 3 * generator.normal(size=(6, 4)), generator.integers(4, size=6)
    found = function(z.copy(), labels.copy(), v.copy(), 2.0, 0.0)
    expect(found is not None and found is not ..., "the function returned nothing so far.")
    expect(np.ndim(found) == 0, "the loss is one number, the mean over the samples.")
    hard = -_log_softmax(z)[np.arange(6), labels].mean()
    expect(not np.isclose(found, 6 * hard), "you summed over the samples; take their mean.")
    p, q = _log_softmax(v / 2), _log_softmax(z / 2)
    soft = (np.exp(p) * (p - q)).sum(axis=1).mean()
    expect(not np.isclose(found, 4 * soft), "with alpha = 0 the labels alone count: alpha is the teacher's share.")
    expect(np.isclose(found, hard), f"with alpha = 0 the loss is the cross-entropy, {hard:.4f}, not {found}.")
    found = function(z.copy(), labels.copy(), v.copy(), 2.0, 1.0)
    expect(not np.isclose(found, soft), "the factor T² is missing.")
    reverse = (np.exp(q) * (q - p)).sum(axis=1).mean()
    expect(not np.isclose(found, 4 * reverse), "the teacher's p comes first: p log(p / q), not q log(q / p).")
    cross = -(np.exp(p) * q).sum(axis=1).mean()
    expect(not np.isclose(found, 4 * cross), "that is the cross-entropy -p log q: without log p a perfect pupil pays.")
    expect(not np.isclose(found, 4 * 6 * soft), "you summed the soft part over the samples; take their mean.")
    unsoftened = (np.exp(_log_softmax(v)) * (_log_softmax(v) - q)).sum(axis=1).mean()
    expect(not np.isclose(found, 4 * unsoftened), "divide the teacher's outputs by the temperature, too.")
    expect(np.isclose(found, 4 * soft), f"with alpha = 1 and T = 2 the loss is {4 * soft:.4f}, not {found}.")
    both = function(z.copy(), labels.copy(), v.copy(), 2.0, 0.25)
    expect(np.isclose(both, 0.75 * hard + soft), f"with alpha = 0.25 it is {0.75 * hard + soft:.4f}, not {both}.")
    with np.errstate(all="ignore"):
        large = function(np.array([[1000.0, 0.0]]), np.array([1]), np.array([[1000.0, 0.0]]), 1.0, 0.5)
    expect(
        np.isclose(large, 500),
        f"outputs of 1000 give {large}, expected 500: stay with logarithms. log p is z less its "
        "largest, less the log of a sum of exponentials; the log of a p that has become 0 is no number.",
    )


def _log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


@check("15.3", "in 56 steps your recipe wins back three points more than the book's.")
def own_recipe(recipe):
    """Check ``{"rate": float, "refit": bool, "alpha": float}``: 3 points above a rate of 0.048 with labels alone."""
    names = {"rate", "refit", "alpha"}
    expect(isinstance(recipe, dict) and set(recipe) == names, f"expected a dict with {sorted(names)}, got {recipe!r}.")
    rate, refit, alpha = recipe["rate"], recipe["refit"], recipe["alpha"]
    expect(isinstance(rate, Real) and 0 < rate < 10, f"rate={rate!r}: expected a number above 0, such as 0.003.")
    expect(isinstance(refit, bool), f"refit={refit!r}: expected True or False.")
    expect(isinstance(alpha, Real) and 0 <= alpha <= 1, f"alpha={alpha!r}: expected a share from 0 to 1.")
    expect(refit or alpha > 0 or not np.isclose(rate, 0.048), "that is the book's recipe: find another.")
    yours, book = _won_back(rate, refit, alpha), _won_back(0.048, False, 0.0)
    if yours < book + 0.03:
        why = "the reach is short" if rate < 0.03 else "the rate is high" if rate > 0.1 else "go part of the way before"
        expect(
            False,
            f"yours reaches {yours:.1%} on validation, the book's {book:.1%}, and 3 points more are wanted: {why}.",
        )


def _won_back(rate, refit, alpha):
    """Mean validation accuracy of five pruned digit networks after 56 steps."""
    from pruneutils import pytorch
    from pruneutils.book import train

    dense, splits = _unseen.digit_networks()
    nets = [pytorch.clone(net) for net in dense]
    for net, teacher, split in zip(nets, dense, splits, strict=True):
        found = {name: scores.lamp(W) for name, W in pytorch.weights(net).items()}
        pytorch.apply_masks(net, masks.global_unstructured(found, 0.95))
        if refit:
            pytorch.refit(net, teacher, split.X_train)
    taught = {"teachers": dense, "temperature": 2.0, "soft": float(alpha)} if alpha else {}
    train.fit(nets, [s.X_train for s in splits], [s.y_train for s in splits], steps=56, lr=float(rate), **taught)
    return float(np.mean([train.accuracy([net], s.X_val, s.y_val) for net, s in zip(nets, splits, strict=True)]))
