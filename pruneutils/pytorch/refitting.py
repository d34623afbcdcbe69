"""The survivors of a pruned PyTorch model refitted by least squares: no labels, no training steps."""

import numpy as np
import torch
from torch import nn

from pruneutils._arguments import non_negative
from pruneutils.pytorch._hold import clone, refresh
from pruneutils.pytorch._layers import inputs_for, mask_of, prunable_layers, weight_parameter

__all__ = ["refit"]


def refit(model: nn.Module, dense: nn.Module, X: np.ndarray, *, ridge: float = 1e-3) -> None:
    """Refit kept weights and biases of each linear layer so that it says what the dense model's layer says.

    Layer after layer, in the order in which they are called: for each row i the change of its kept weights and of
    its bias minimises

        mean over samples of (z_i - z*_i)² + ridge * (sum of squared changes),

    where z is the layer's output in ``model``, whose earlier layers are refitted already, and z* that of the same
    layer in ``dense``. Where many changes are as good, the smallest is taken.
    Masks stay; other layers stay as they are.

    Parameters
    ----------
    model : module to change in place, with masks that it holds, run in evaluation mode.
    dense : module with the same linear layers, as it was before pruning; left as it is.
    X : array of shape (samples, ...), inputs of both.
    ridge : price of a change, at least 0, in squared units of the layers' inputs. With 0, layers whose inputs nearly
        repeat each other get huge weights, which fit here and cannot be fine-tuned.

    Raises
    ------
    ValueError
        if ``ridge`` is not a finite number of at least 0; if the models have no linear layers, not the same ones, or
        one that is parametrised or not called exactly once; if there are no samples, or what the layers read or say
        is not finite. The model is then unchanged.

    References
    ----------
    He, Zhang & Sun (2017), section 3.1, for channels; https://arxiv.org/abs/1707.06168.

    Examples
    --------
    >>> from pruneutils.pytorch import apply_masks, weights
    >>> dense = nn.Sequential(nn.Linear(2, 1, bias=False))
    >>> with torch.no_grad():
    ...     _ = dense[0].weight.copy_(torch.tensor([[2.0, 1.0]]))
    >>> model = clone(dense)
    >>> apply_masks(model, {"0": np.array([[True, False]])})
    >>> refit(model, dense, np.array([[1.0, 1.0], [3.0, 3.0]]), ridge=0)  # of equal inputs one is enough
    >>> weights(model)["0"].round(3)
    array([[3., 0.]], dtype=float32)
    """
    ridge, twin = non_negative("ridge", ridge), clone(model).eval()
    wanted = _seen(clone(dense).eval(), X, "dense")
    if list(_seen(twin, X, "model")) != list(wanted):
        raise ValueError(f"model: expected the linear layers of dense, {list(wanted)}, called in that order")
    for name, (_, target) in wanted.items():
        reads, says = _seen(twin, X, "model")[name]
        if says.shape != target.shape:
            raise ValueError(
                f"layer {name!r} of model says {says.shape}: expected the shape of dense's, {target.shape}"
            )
        _change(twin.get_submodule(name), reads, target - says, ridge)
        refresh(twin)
    with torch.no_grad():
        for parameter, new in zip(model.parameters(), twin.parameters(), strict=True):
            parameter.copy_(new)
    refresh(model)


def _seen(model: nn.Module, X: np.ndarray, which: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What each linear layer reads and says, (samples, inputs) and (samples, outputs), in the order of the calls."""
    found, hooks = {}, []
    layers = {n: layer for n, layer in prunable_layers(model).items() if isinstance(layer, nn.Linear)}
    if not layers or any(weight_parameter(layer) is None for layer in layers.values()):
        raise ValueError(f"{which}: expected linear layers whose weights are parameters, got {list(layers)}")

    def note(name):
        def hook(layer, inputs, output):
            # Copies: a ReLU that works in place would write into what the layer has said.
            rows = [t.detach().double().cpu().clone().reshape(-1, t.shape[-1]).numpy() for t in (inputs[0], output)]
            found.setdefault(name, []).append(rows)

        return hook

    for name, layer in layers.items():
        hooks.append(layer.register_forward_hook(note(name)))
    try:
        with torch.no_grad():
            model(inputs_for(model, X))
    finally:
        for hook in hooks:
            hook.remove()
    for name in layers:
        calls = found.get(name, [])
        if len(calls) != 1 or not all(part.size and np.isfinite(part).all() for part in calls[0]):
            raise ValueError(f"{which}: layer {name!r} called {len(calls)} times: expected one call, of finite numbers")
    return {name: calls[0] for name, calls in found.items()}


@torch.no_grad()
def _change(layer: nn.Linear, reads: np.ndarray, missing: np.ndarray, ridge: float) -> None:
    """Add to each row's kept weights, and to its bias, what makes up best for what its output misses."""
    kept, weight, biased = mask_of(layer).cpu().numpy(), weight_parameter(layer), layer.bias is not None
    samples = len(reads)
    for row, keep in enumerate(kept):
        A = np.column_stack([reads[:, keep], *([np.ones(samples)] if biased else [])])
        if A.shape[1] == 0:
            continue
        price = np.sqrt(samples * ridge) * np.eye(A.shape[1])
        change = np.linalg.lstsq(np.vstack([A, price]), np.append(missing[:, row], np.zeros(len(price))), rcond=None)[0]
        at = torch.from_numpy(keep).to(weight.device)
        weight[row, at] += torch.from_numpy(change[: keep.sum()]).to(weight)
        if biased:
            layer.bias[row] += float(change[-1])
