"""First and second derivatives of a PyTorch model's loss by its prunable weights, and what deleting each really does.

Names and layouts are those of ``pruneutils.pytorch.weights``; masks that the model holds are applied,
and the derivatives are taken with respect to the weights in use, so that they do not vanish at removed ones.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, grad, jacrev, vmap

from pruneutils._arguments import whole
from pruneutils.pytorch._hold import clone, make_permanent, weights

__all__ = [
    "EXACT_LIMIT",
    "deletions",
    "fisher_diagonal",
    "gauss_newton_diagonal",
    "gradients",
    "hessian",
    "loss",
    "loss_for",
]

EXACT_LIMIT = 2000  # weights; the full Hessian has the square of this many entries


def loss(model: nn.Module, X: np.ndarray, y: np.ndarray) -> float:
    """Mean loss in evaluation mode: cross-entropy for integer labels, squared error for float targets.

    Parameters
    ----------
    model : PyTorch module.
    X : array of shape (samples, ...).
    y : array of shape (samples,), integer labels or float targets.

    Returns
    -------
    float, in nats or squared units of the target.

    Raises
    ------
    ValueError
        if ``X`` and ``y`` differ in length, are empty or ``y`` has more than one axis, or the model has no
        prunable layer, or one whose weight is parametrised.
    """
    problem = _Problem(model, X, y)
    return float(problem.loss(problem.flat))


def gradients(model: nn.Module, X: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Gradient of the mean loss.

    Parameters
    ----------
    model, X, y : as in ``loss``.

    Returns
    -------
    layer name -> array of the weight's shape.

    Raises
    ------
    ValueError
        as ``loss`` does.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(1, 1, bias=False))
    >>> _ = nn.init.constant_(model[0].weight, 3.0)
    >>> gradients(model, np.array([[2.0]]), np.array([5.0]))  # d/dw (2 w - 5)^2 = 4 (2 w - 5)
    {'0': array([[4.]], dtype=float32)}
    """
    problem = _Problem(model, X, y)
    return problem.named(grad(problem.loss)(problem.flat))


def hessian(model: nn.Module, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Exact Hessian of the mean loss with respect to all prunable weights, for tiny networks.

    Parameters
    ----------
    model, X, y : as in ``loss``.

    Returns
    -------
    float64 array of shape (n, n), symmetric, for the weights in the order of ``weights(model)``, row-major.

    Raises
    ------
    ValueError
        if the model has more than 2,000 prunable weights, or as ``loss`` does.
    """
    n = sum(W.size for W in weights(model).values())
    if n > EXACT_LIMIT:
        raise ValueError(f"model with {n:,} prunable weights: expected at most {EXACT_LIMIT:,} for an exact Hessian")
    problem = _Problem(model, X, y, dtype=torch.float64)
    H = jacrev(grad(problem.loss), chunk_size=64)(problem.flat)  # rows at a time, so that they stay in the cache
    return ((H + H.T) / 2).numpy()


def fisher_diagonal(model: nn.Module, X: np.ndarray, y: np.ndarray, *, batch: int = 256) -> dict[str, np.ndarray]:
    """Diagonal of the empirical Fisher matrix: the mean over samples of the squared gradient of each.

    It stands for the Hessian's diagonal near a minimum of the cross-entropy, is never negative, and costs
    one backward pass a sample. At a very good fit it is far too small; see ``gauss_newton_diagonal``.

    Parameters
    ----------
    model, X, y : as in ``loss``.
    batch : samples whose gradients are held at a time.

    Returns
    -------
    layer name -> array of the weight's shape, none below zero.

    Raises
    ------
    ValueError
        if ``batch`` is below 1, or as ``loss`` does.

    References
    ----------
    Theis et al. (2018), section 3; https://arxiv.org/abs/1801.05787.
    """
    whole("batch", batch, at_least=1)
    problem = _Problem(model, X, y)

    def of_one(flat, inputs, target):
        return problem.loss(flat, inputs[None], target[None])

    total = torch.zeros_like(problem.flat)
    for inputs, targets in zip(problem.inputs.split(batch), problem.targets.split(batch), strict=True):
        total += (vmap(grad(of_one), in_dims=(None, 0, 0))(problem.flat, inputs, targets) ** 2).sum(dim=0)
    return problem.named(total / len(problem.inputs))


def gauss_newton_diagonal(model: nn.Module, X: np.ndarray, y: np.ndarray, *, batch: int = 64) -> dict[str, np.ndarray]:
    r"""Exact diagonal of the generalised Gauss-Newton matrix of the mean loss, :math:`J^\top H_L J`.

    The Hessian without the network's own second derivatives; it is never negative. For the cross-entropy it is the
    Fisher matrix with labels drawn from the model, :math:`\sum_k p_k (\partial \log p_k / \partial w)^2`, for the
    squared error :math:`2 (\partial f / \partial w)^2`, each averaged over samples.

    Parameters
    ----------
    model, X, y : as in ``loss``; of ``y`` only the kind matters, labels or targets.
    batch : samples whose derivatives are held at a time, of each one row an output.

    Returns
    -------
    layer name -> array of the weight's shape, none below zero.

    Raises
    ------
    ValueError
        if ``batch`` is below 1, or as ``loss`` does.

    References
    ----------
    Schraudolph (2002), section 3; https://doi.org/10.1162/08997660260028683. That it equals the Fisher matrix:
    Kunstner et al. (2019), section 2; https://arxiv.org/abs/1905.12558.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(1, 1, bias=False))
    >>> gauss_newton_diagonal(model, np.array([[3.0]]), np.array([5.0]))  # (3 w - 5)^2 has the curvature 2 * 3^2
    {'0': array([[18.]], dtype=float32)}
    """
    whole("batch", batch, at_least=1)
    problem = _Problem(model, X, y)
    labels = problem.targets.dtype == torch.int64

    def root(flat, inputs):  # a row an output; their squares sum to the diagonal, or for targets to half of it
        outputs = problem.outputs(flat, inputs[None])[0]
        if not labels:
            return outputs
        logs = torch.log_softmax(outputs, dim=0)
        return logs * (logs.detach() / 2).exp()

    total = torch.zeros_like(problem.flat)
    for inputs in problem.inputs.split(batch):
        total += (vmap(jacrev(root), in_dims=(None, 0))(problem.flat, inputs) ** 2).sum(dim=(0, 1))
    return problem.named(total * (1 if labels else 2) / len(problem.inputs))


def deletions(model: nn.Module, X: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Change of the mean loss when one weight alone is set to zero, found by doing it: what scores try to predict.

    Parameters
    ----------
    model, X, y : as in ``loss``. One forward pass a weight, in float64: for small networks.

    Returns
    -------
    layer name -> float64 array of the weight's shape, in units of the loss; below zero where deletion helps.

    Raises
    ------
    ValueError
        as ``loss`` does.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(1, 1, bias=False))
    >>> _ = nn.init.constant_(model[0].weight, 3.0)
    >>> deletions(model, np.array([[2.0]]), np.array([5.0]))  # (0 - 5)^2 - (6 - 5)^2
    {'0': array([[24.]])}
    """
    problem = _Problem(model, X, y, dtype=torch.float64)
    changes = torch.empty_like(problem.flat)
    with torch.no_grad():
        before = problem.loss(problem.flat)
        for q in range(len(changes)):
            without = problem.flat.clone()
            without[q] = 0
            changes[q] = problem.loss(without) - before
    return problem.named(changes)


class _Problem:
    """The loss as a function of one flat vector of weights, and the way back from it to named arrays."""

    def __init__(self, model: nn.Module, X: np.ndarray, y: np.ndarray, *, dtype: torch.dtype = torch.float32):
        X, y = np.asarray(X), np.asarray(y)
        if y.ndim != 1 or X.shape[:1] != y.shape or len(y) == 0:
            raise ValueError(f"X of shape {X.shape}, y of shape {y.shape}: expected one target a sample, at least one")
        self.shapes = {name: W.shape for name, W in weights(model).items()}
        self.model = clone(model)
        make_permanent(self.model)
        self.model.to("cpu", dtype).eval()
        kind = torch.int64 if y.dtype.kind in "iub" else dtype
        self.inputs, self.targets = torch.tensor(X.copy(), dtype=dtype), torch.tensor(y.copy(), dtype=kind)
        self.fixed = {name: value.detach() for name, value in self.model.state_dict().items()}
        self.keys = [f"{name}.weight".lstrip(".") for name in self.shapes]
        for name, key in zip(self.shapes, self.keys, strict=True):
            if key not in self.fixed:
                raise ValueError(f"layer {name!r}: its weight is parametrised, expected a weight that is a parameter")
        self.flat = torch.cat([self.fixed.pop(key).ravel() for key in self.keys])

    def loss(self, flat: torch.Tensor, inputs: torch.Tensor | None = None, targets: torch.Tensor | None = None):
        inputs, targets = (self.inputs, self.targets) if inputs is None else (inputs, targets)
        return loss_for(targets)(self.outputs(flat, inputs), targets)

    def outputs(self, flat: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        own = dict(zip(self.keys, self._pieces(flat), strict=True))
        return functional_call(self.model, {**self.fixed, **own}, (inputs,))

    def named(self, flat: torch.Tensor) -> dict[str, np.ndarray]:
        return {name: piece.numpy() for name, piece in zip(self.shapes, self._pieces(flat), strict=True)}

    def _pieces(self, flat: torch.Tensor) -> list[torch.Tensor]:
        sizes = [int(np.prod(shape)) for shape in self.shapes.values()]
        return [piece.reshape(shape) for piece, shape in zip(flat.split(sizes), self.shapes.values(), strict=True)]


def loss_for(y: torch.Tensor) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Choose the loss: cross-entropy for integer labels, mean squared error of a single output for float targets.

    Parameters
    ----------
    y : tensor of shape (samples,), int64 labels or float targets; only its type matters.

    Returns
    -------
    function (outputs, targets) -> mean loss, a tensor with one number.
    """
    if y.dtype == torch.int64:
        return nn.functional.cross_entropy
    return lambda outputs, targets: nn.functional.mse_loss(outputs.reshape(targets.shape), targets)
