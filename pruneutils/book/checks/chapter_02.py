"""Checks of the exercises of chapter 2."""

import numpy as np

from pruneutils.book.checks import check, expect, expect_array


@check("2.1", "exactly the wanted number goes, ties included.")
def mask_by_rank(function):
    """Check ``function(W, sparsity) -> mask``."""
    W = np.array([[0.5, -0.1, 0.3], [-0.9, 0.2, -0.4]])
    before = W.copy()
    mask = function(W, 0.5)
    expect_array(
        mask,
        np.array([[True, False, False], [True, False, True]]),
        "the mask",
        "True means keep; rank by absolute value.",
    )
    expect(np.array_equal(W, before), "the function changed W itself; work on a copy.")
    for n in (8, 5, 11):
        for sparsity in (0.0, 0.25, 0.5, 0.9):
            removed, wanted = n - int(np.sum(np.asarray(function(np.full(n, -0.1), sparsity)))), round(sparsity * n)
            expect(
                removed == wanted or removed not in (0, n),
                f"of {n} equal weights, sparsity {sparsity} removes {wanted}, but {removed} went: "
                "a threshold takes all ties or none, a rank takes as many as asked.",
            )
            expect(
                removed == wanted,
                f"round({sparsity} * {n}) is {wanted} in Python, but {removed} went; do not cut off, "
                "and note that round takes halves to the even neighbour.",
            )


@check("2.2", "amount is a share of what is left.")
def amount_to_pass(function):
    """Check ``function(now, wanted) -> amount``."""
    amount = function(0.6, 0.9)
    expect(amount is not None and amount is not ..., "the function returned nothing so far.")
    expect(not np.isclose(amount, 0.9), "0.9 of what is left would go: sparsity 0.96.")
    expect(not np.isclose(amount, 0.3), "0.3 is a share of all weights; amount is a share of what is left.")
    expect(not np.isclose(amount, 0.5), "0.3 over 0.6 divides by what is gone already; divide by what is left.")
    expect(not np.isclose(amount, 0.25), "0.25 is the share of what is left that stays; amount is what goes.")
    expect(np.isclose(amount, 0.75), f"0.4 is left and 0.3 of all must go: amount 0.75, not {amount}.")
    expect(np.isclose(function(0.0, 0.3), 0.3), "for a layer not pruned so far, amount is the sparsity itself.")
    expect(np.isclose(function(0.8, 0.9), 0.5), "from 0.8 to 0.9, half of the remaining fifth goes.")


@check("2.3", "no memory of the optimiser can move a zero, and the kept weights train as they would have.")
def masked_step(function):
    """Check ``function(weight, mask, optimiser)``, which makes a step and keeps removed weights at zero."""
    import torch

    cases = {
        "SGD": lambda p: torch.optim.SGD(p, lr=0.1),
        "SGD with momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
        "Adam": lambda p: torch.optim.Adam(p, lr=0.1),
        "AdamW": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.1),
    }
    mask = torch.tensor([True, False, True, False])
    for name, make_optimiser in cases.items():
        weight, free = torch.nn.Parameter(torch.ones(4)), torch.nn.Parameter(torch.ones(4))
        optimiser, reference = make_optimiser([weight]), make_optimiser([free])
        for k in range(8):
            weight.grad, free.grad = torch.full((4,), 1.0 - 0.1 * k), torch.full((4,), 1.0 - 0.1 * k)
            reference.step()
            if k < 5:
                optimiser.step()
                continue
            with torch.no_grad():
                weight.mul_(mask) if k == 5 else None
            function(weight, mask, optimiser)
            moved = int((weight.detach()[~mask] != 0).sum())
            expect(moved == 0, f"with {name}, {moved} of 2 removed weights are not zero after step {k - 4}.")
            expect(
                torch.allclose(weight.detach()[mask], free.detach()[mask], atol=1e-6),
                f"with {name} the kept weights do not move as without a mask: make the optimiser's own step, once, "
                "and leave what it remembers of the kept weights alone.",
            )


@check("2.4", "that is Adam's drift, bias correction included.")
def drift_of_adam(function):
    """Check ``function(k, lr, beta1, beta2, t) -> value of the removed weight after k masked steps``."""
    import torch

    def measured(k, lr, beta1, beta2, t):
        weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        optimiser = torch.optim.Adam([weight], lr=lr, betas=(beta1, beta2), eps=0.0)
        for step in range(t + k):
            weight.grad = torch.full((1,), 1.0 if step < t else 0.0, dtype=torch.float64)
            if step == t:
                with torch.no_grad():
                    weight.zero_()
            optimiser.step()
        return weight.item()

    answer = function(1, 0.01, 0.9, 0.999, 50)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    q = 0.9 / 0.999**0.5
    expect(not np.isclose(answer, -measured(1, 0.01, 0.9, 0.999, 50)), "the sign: a step goes against the mean.")
    expect(
        not np.isclose(answer, -0.01 * q, rtol=1e-6),
        "that leaves out the bias corrections: m is divided by 1 - beta1 ** step, u by 1 - beta2 ** step, "
        "where step goes on counting from t + 1, and both are still short of 1 after t gradients.",
    )
    for case in ((1, 0.01, 0.9, 0.999, 50), (7, 0.01, 0.9, 0.999, 50), (3, 0.1, 0.5, 0.9, 4)):
        expected = measured(*case)
        expect(
            np.isclose(function(*case), expected, rtol=1e-6),
            f"for (k, lr, beta1, beta2, t) = {case} PyTorch's Adam arrives at {expected:.6f}, "
            f"your function at {function(*case):.6f}.",
        )
