"""Checks of the exercises of chapter 2."""

import numpy as np

from pruneutils.checks import check, expect, expect_array


@check("exactly the wanted number goes, ties included.")
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
    for n in (8, 5):
        for sparsity in (0.0, 0.25, 0.5, 0.9):
            removed = int((~np.asarray(function(np.full(n, -0.1), sparsity), dtype=bool)).sum())
            expect(
                removed == round(sparsity * n),
                f"of {n} equal weights, sparsity {sparsity} removes {round(sparsity * n)}, but {removed} went: "
                "a threshold takes all ties or none, a rank takes as many as asked.",
            )


@check("amount is a share of what is left.")
def amount_to_pass(function):
    """Check ``function(now, wanted) -> amount``."""
    amount = function(0.5, 0.75)
    expect(amount is not None and amount is not ..., "the function returned nothing so far.")
    expect(not np.isclose(amount, 0.75), "0.75 of the remaining half would go: sparsity 0.875.")
    expect(not np.isclose(amount, 0.25), "0.25 is a share of all weights; amount is a share of what is left.")
    expect(np.isclose(amount, 0.5), f"half is left and a quarter of all must go: amount 0.5, not {amount}.")
    expect(np.isclose(function(0.0, 0.3), 0.3), "for a layer not pruned so far, amount is the sparsity itself.")
    expect(np.isclose(function(0.8, 0.9), 0.5), "from 0.8 to 0.9, half of the remaining fifth goes.")


@check("the weights are masked after the step, so no memory can move a zero.")
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
        weight = torch.nn.Parameter(torch.ones(4))
        optimiser = make_optimiser([weight])
        for _ in range(5):
            weight.grad = torch.ones(4)
            optimiser.step()
        with torch.no_grad():
            weight.mul_(mask)
        for k in range(1, 4):
            kept = weight.detach()[mask].clone()
            weight.grad = torch.full((4,), 0.5)
            function(weight, mask, optimiser)
            moved = int((weight.detach()[~mask] != 0).sum())
            expect(moved == 0, f"with {name}, {moved} of 2 removed weights are not zero after step {k}.")
            expect(
                bool((weight.detach()[mask] != kept).all()),
                f"with {name} the kept weights did not move: the optimiser must still make its step.",
            )
