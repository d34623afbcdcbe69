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


def how_far(dense, pruned, loss, *, of=np.mean):
    return max([s for s, reached in pruned.items() if of(reached) >= np.mean(dense) - loss], default=0.0)


def stops_at_the_first_failure(dense, pruned, loss):
    found = 0.0
    for s in sorted(pruned):
        if pruned[s].mean() < dense.mean() - loss:
            break
        found = s
    return found


def percentile(W, sparsity, compare):
    return ~compare(np.abs(W), np.percentile(np.abs(W), 100 * sparsity))


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
    (chapter_01.how_far, how_far),
    (chapter_01.how_far, lambda d, p, loss: np.float64(max([0, *(s for s in p if np.mean(p[s] - d) >= -loss)]))),
    (chapter_01.my_rival, {"pool": 2, "hidden": []}),
    (chapter_01.my_rival, {"hidden": (), "pool": 2}),
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
    (chapter_01.how_far, lambda d, p, loss: None, "nothing so far"),
    (chapter_01.how_far, lambda d, p, loss: [0.8], "one sparsity"),
    (chapter_01.how_far, lambda d, p, loss: how_far(d.max(), p, loss, of=np.max), "compare means"),
    (chapter_01.how_far, lambda d, p, loss: how_far(d, p, 0.01), "0.05 every sparsity"),
    (chapter_01.how_far, lambda d, p, loss: next(s for s in p if p[s].mean() >= d.mean() - loss), "not the first"),
    (chapter_01.how_far, lambda d, p, loss: min(s for s in p if p[s].mean() >= d.mean() - 3 * loss), "0.5 loses"),
    (chapter_01.how_far, lambda d, p, loss: how_far(d, p, loss * d.mean()), "not a share"),
    (chapter_01.how_far, lambda d, p, loss: how_far(d, p, loss - 1e-9), "will do"),
    (chapter_01.how_far, lambda d, p, loss: how_far(d, p, loss, of=np.median), "medians"),
    (chapter_01.how_far, lambda d, p, loss: max([s for s in p if abs(p[s].mean() - d.mean()) <= loss] + [0]), "better"),
    (chapter_01.how_far, lambda d, p, loss: [s for s in p if p[s].mean() >= d.mean() - loss][-1], "the last"),
    (chapter_01.how_far, stops_at_the_first_failure, "every sparsity"),
    (chapter_01.how_far, lambda d, p, loss: max(s for s in p if p[s].mean() >= d.mean() - loss), "ValueError"),
    (chapter_01.my_rival, {"hidden": [4]}, "expected {"),
    (chapter_01.my_rival, {"pool": 3, "hidden": [4]}, "1, 2 or 4"),
    (chapter_01.my_rival, {"pool": 2, "hidden": 11}, "a list"),
    (chapter_01.my_rival, {"pool": 2, "hidden": [20]}, "520 weights"),
    (chapter_01.my_rival, {"pool": 2, "hidden": [6]}, "narrowest"),
    (chapter_01.my_rival, {"pool": 4, "hidden": [11]}, "too few numbers"),
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
