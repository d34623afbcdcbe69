"""The self-checks of the exercises: each accepts right answers, however written, and rejects the usual wrong ones."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from examination import examination

from pruneutils.book.checks import Feedback, chapter_01, chapter_02, check, registered


def layerwise(W, sparsity, *, count=round, kind="stable"):
    mask = np.ones(W.size, dtype=bool)
    mask[np.argsort(np.abs(W).ravel(), kind=kind)[: count(sparsity * W.size)]] = False
    return mask.reshape(W.shape)


def percentile(W, sparsity, compare):
    return ~compare(np.abs(W), np.percentile(np.abs(W), 100 * sparsity))


def global_ranking(weights, sparsity):
    together = np.sort(np.concatenate([np.abs(W).ravel() for W in weights.values()]))
    cut = together[round(sparsity * len(together))]
    return {name: np.abs(W) >= cut for name, W in weights.items()}


def each(function):
    return lambda weights, sparsity: {name: function(W, sparsity) for name, W in weights.items()}


def kept_share(masks):
    return sum(m.sum() for m in masks.values()) / sum(m.size for m in masks.values())


def mean_of_layers(masks):
    return np.mean([(~m).mean() for m in masks.values()])


def mask_weights(weight, mask, optimiser):
    optimiser.step()
    with torch.no_grad():
        weight.mul_(mask)


def mask_gradient(weight, mask, optimiser):
    weight.grad[~mask] = 0
    optimiser.step()


def forget_everything(weight, mask, optimiser):
    optimiser.state.clear()
    mask_weights(weight, mask, optimiser)


def three_steps(weight, mask, optimiser):
    optimiser.step(), optimiser.step()
    mask_weights(weight, mask, optimiser)


def no_step(weight, mask, optimiser):
    with torch.no_grad():
        weight.mul_(mask)


def swapped_order(weight, mask, optimiser):
    no_step(weight, mask, optimiser)
    optimiser.step()


def assign_data(weight, mask, optimiser):
    optimiser.step()
    weight.data[~mask] = 0


def adam(k, lr, beta1, beta2, t, *, sign=-1, corrected=True, restart=False):
    m, u, w = 1 - beta1**t, 1 - beta2**t, 0.0
    for step in range(t + 1, t + k + 1):
        m, u = beta1 * m, beta2 * u
        age = step - t if restart else step
        c1, c2 = (1 - beta1**age, 1 - beta2**age) if corrected else (1.0, 1.0)
        w += sign * lr * (m / c1) / (u / c2) ** 0.5
    return w


def sum_of_26(k, lr, beta1, beta2, t):
    return -lr * sum((beta1 / beta2**0.5) ** i for i in range(1, k + 1))


RIGHT = [
    (chapter_01.sparsity_and_compression, lambda m: (1 - kept_share(m), 1 / kept_share(m))),
    (chapter_01.sparsity_and_compression, lambda m: np.array([1 - kept_share(m), 1 / kept_share(m)])),
    (chapter_01.layerwise_masks, each(layerwise)),
    (chapter_01.layerwise_masks, each(lambda W, s: torch.from_numpy(layerwise(W, s, kind="quicksort")))),
    (chapter_01.sparsity_after_each_round, lambda s, R: [1 - (1 - s) ** (r / R) for r in range(1, R + 1)]),
    (chapter_01.sparsity_after_each_round, lambda s, R: 1 - (1 - s) ** (np.arange(1, R + 1) / R)),
    (chapter_01.sparsity_after_each_round, lambda s, R: (1 - (1 - s) ** (r / R) for r in range(1, R + 1))),
    (chapter_02.mask_by_rank, layerwise),
    (chapter_02.amount_to_pass, lambda now, wanted: (wanted - now) / (1 - now)),
    (chapter_02.amount_to_pass, lambda now, wanted: np.float64(1 - (1 - wanted) / (1 - now))),
    (chapter_02.masked_step, mask_weights),
    (chapter_02.masked_step, assign_data),
    (chapter_02.drift_of_adam, adam),
]  # fmt: skip

WRONG = [
    (chapter_01.sparsity_and_compression, lambda m: None, "nothing so far"),
    (chapter_01.sparsity_and_compression, lambda m: 0.2, "a pair"),
    (chapter_01.sparsity_and_compression, lambda m: (mean_of_layers(m), 1.25), "mean of the layers"),
    (chapter_01.sparsity_and_compression, lambda m: (kept_share(m), 1.25), "share removed"),
    (chapter_01.sparsity_and_compression, lambda m: (20.0, 1.25), "percentage"),
    (chapter_01.sparsity_and_compression, lambda m: (0.2, 5.0), "1 / s"),
    (chapter_01.sparsity_and_compression, lambda m: (1.25, 0.2), "order"),
    (chapter_01.layerwise_masks, lambda w, s: None, "nothing so far"),
    (chapter_01.layerwise_masks, global_ranking, "by itself"),
    (chapter_01.layerwise_masks, each(lambda W, s: ~layerwise(W, s)), "keep"),
    (chapter_01.layerwise_masks, each(lambda W, s: layerwise(W, 1 - s)), "quarter goes"),
    (chapter_01.layerwise_masks, each(lambda W, s: layerwise(W, s).astype(float)), "boolean"),
    (chapter_01.layerwise_masks, each(lambda W, s: np.quantile(W, s) < W), "absolute value"),
    (chapter_01.layerwise_masks, each(lambda W, s: percentile(W, s, np.less)), "ties"),
    (chapter_01.layerwise_masks, each(lambda W, s: layerwise(W, s, count=int)), "cut off"),
    (chapter_01.sparsity_after_each_round, lambda s, R: [s * r / R for r in range(1, R + 1)], "growing share"),
    (chapter_01.sparsity_after_each_round, lambda s, R: [1 - (1 - s) ** r for r in range(1, R + 1)], "one-shot"),
    (chapter_01.sparsity_after_each_round, lambda s, R: [(1 - s) ** (r / R) for r in range(1, R + 1)], "share kept"),
    (chapter_01.sparsity_after_each_round, lambda s, R: [1 - (1 - s) ** (r / R) for r in range(R)], "arrive at"),
    (chapter_01.sparsity_after_each_round, lambda s, R: [1 - 0.5**r for r in range(1, R + 1)], "arrive at"),
    (chapter_01.sparsity_after_each_round, lambda s, R: s, "TypeError"),
    (chapter_02.mask_by_rank, lambda W, s: ~layerwise(W, s), "keep"),
    (chapter_02.mask_by_rank, lambda W, s: np.sort(W.ravel())[round(s * W.size)] <= W, "absolute value"),
    (chapter_02.mask_by_rank, lambda W, s: percentile(W, s, np.less), "a rank takes"),
    (chapter_02.mask_by_rank, lambda W, s: percentile(W, s, np.less_equal), "a rank takes"),
    (chapter_02.mask_by_rank, lambda W, s: layerwise(W, s, count=int), "cut off"),
    (chapter_02.mask_by_rank, lambda W, s: layerwise(W, s, count=lambda x: int(x + 0.5)), "even neighbour"),
    (chapter_02.mask_by_rank, lambda W, s: layerwise(W, s).ravel(), "shape"),
    (chapter_02.amount_to_pass, lambda now, wanted: wanted, "0.96"),
    (chapter_02.amount_to_pass, lambda now, wanted: wanted - now, "share of all"),
    (chapter_02.amount_to_pass, lambda now, wanted: (wanted - now) / now, "what is gone"),
    (chapter_02.amount_to_pass, lambda now, wanted: (1 - wanted) / (1 - now), "stays"),
    (chapter_02.masked_step, mask_gradient, "momentum"),
    (chapter_02.masked_step, swapped_order, "not zero"),
    (chapter_02.masked_step, no_step, "own step"),
    (chapter_02.masked_step, three_steps, "once"),
    (chapter_02.masked_step, forget_everything, "remembers"),
    (chapter_02.drift_of_adam, sum_of_26, "bias corrections"),
    (chapter_02.drift_of_adam, lambda *a: adam(*a, sign=1), "sign"),
    (chapter_02.drift_of_adam, lambda *a: adam(*a, corrected=False), "PyTorch's Adam"),
    (chapter_02.drift_of_adam, lambda *a: adam(*a, restart=True), "PyTorch's Adam"),
    (chapter_02.drift_of_adam, lambda *a: None, "nothing so far"),
]  # fmt: skip


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_01, chapter_02)


def test_an_error_in_the_readers_code_is_reported_not_raised():
    def broken(masks):
        raise KeyError("fc1")

    assert repr(chapter_01.sparsity_and_compression(broken)) == (
        "Exercise not solved yet: your code raised KeyError: 'fc1'"
    )
    assert check("1.1", "fine")(lambda x: None)(...) == Feedback(False, "nothing handed in so far.")


@pytest.mark.parametrize("number", ["", "2", "2.0", "02.1", "2.1.1", "two"])
def test_a_number_that_is_none_is_refused(number):
    """A check that no exercise can ask for."""
    with pytest.raises(ValueError, match=f"number='{number}'"):
        check(number, "fine")


def test_every_check_is_found_by_its_number():
    """A course asks for the check of exercise 13.2; a chapter's module may be left out, or a number used twice."""
    found = registered()
    assert found["1.1"] is chapter_01.sparsity_and_compression and found["2.4"] is chapter_02.drift_of_adam
    assert {number.split(".")[0] for number in found} >= {"1", "2", "13"}
    assert all(examine.__module__.endswith(f"_{int(number.split('.')[0]):02}") for number, examine in found.items())
    first, second = (check("1.1", praise)(lambda x: None) for praise in ("one", "two"))
    with pytest.raises(ValueError, match=r"exercise 1\.1 has two checks"):
        registered(SimpleNamespace(a=first, b=second))
    assert registered(SimpleNamespace(a=first, b=first)) == {"1.1": first}
