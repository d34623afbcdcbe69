"""Scores for pruning before training, GraSP and SynFlow; SNIP's is ``scores.taylor`` of the gradients at the start.

Names and layouts are those of ``pruneutils.pytorch.weights``, and larger means keep. The model is left as it was,
weights, gradients, mode and masks; a mask that it holds is applied, so that removed weights count as zeros.
"""

import numpy as np
import torch
from torch import nn
from torch.func import grad

from pruneutils._arguments import fraction, whole
from pruneutils.masks import global_unstructured
from pruneutils.pytorch._hold import clone, make_permanent
from pruneutils.pytorch._layers import prunable_layers, weight_parameter
from pruneutils.pytorch.curvature import _Problem

__all__ = ["grasp", "synflow", "synflow_masks"]


def grasp(model: nn.Module, X: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    r"""Half of what the squared norm of the gradient would fall by without each weight: gradient signal preservation.

    The score is :math:`w \cdot (H g)`, with g the gradient of the mean loss and H its Hessian: to first order, removing
    a weight changes :math:`g^\top g` by :math:`-2 w (H g)`, and training needs the gradient. The paper scores
    :math:`-w \cdot (H g)` and removes the *largest*; larger means keep here, so the sign is turned. Of either sign.

    Parameters
    ----------
    model : PyTorch module, computed in float64 and evaluation mode.
    X : array of shape (samples, ...).
    y : array of shape (samples,), integer labels (cross-entropy) or float targets (squared error).

    Returns
    -------
    layer name -> float64 array of the weight's shape, in units of the loss squared over the weight squared; 0 at
    removed weights.

    Raises
    ------
    ValueError
        if ``X`` and ``y`` differ in length, are empty or ``y`` has more than one axis, or the model has no
        prunable layer, or one whose weight is parametrised.

    References
    ----------
    Wang et al. (2020); https://arxiv.org/abs/2002.07376.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(1, 1, bias=False))
    >>> _ = nn.init.constant_(model[0].weight, 3.0)
    >>> grasp(model, np.array([[1.0]]), np.array([2.0]))  # (w - 2)^2 has g = 2, H = 2
    {'0': array([[12.]])}
    """
    problem = _Problem(model, X, y, dtype=torch.float64)
    gradient = grad(problem.loss)
    fixed = gradient(problem.flat)
    product = grad(lambda flat: gradient(flat) @ fixed)(problem.flat)
    return problem.named(problem.flat * product)


def synflow(model: nn.Module, inputs: tuple[int, ...]) -> dict[str, np.ndarray]:
    r"""Share of each weight in the sum R of all outputs for an input of ones, with absolute weights and no biases.

    The score is :math:`|w| \cdot \partial R / \partial |w|`, never below zero. No data are seen. For a ReLU perceptron
    :math:`R = 1^\top |W_L| \cdots |W_1| 1`, and the scores of each layer add up to R. Computed in float64, because R
    grows with every layer.

    Parameters
    ----------
    model : PyTorch module, in evaluation mode. Biases and running means count as 0, all other parameters and buffers
        with their absolute values, so that normalisation by running statistics is a positive factor.
    inputs : shape of one sample, such as (64,) or (1, 8, 8).

    Returns
    -------
    layer name -> float64 array of the weight's shape, in units of R; 0 at removed weights.

    Raises
    ------
    ValueError
        if ``inputs`` is not a tuple of whole numbers above 0, R is not finite, or the model has no prunable layer,
        or one whose weight is parametrised.

    References
    ----------
    Tanaka et al. (2020); https://arxiv.org/abs/2006.05467.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(2, 1, bias=False), nn.Linear(1, 1, bias=False))
    >>> _ = model[0].weight.data.copy_(torch.tensor([[3.0, -1.0]])), model[1].weight.data.fill_(-2.0)
    >>> synflow(model, (2,))  # R = 2 * (3 + 1)
    {'0': array([[6., 2.]]), '1': array([[8.]])}
    """
    sample = _ones(inputs)
    return _flow(*_positive(model), sample)


def synflow_masks(
    model: nn.Module, inputs: tuple[int, ...], sparsity: float, *, rounds: int = 100
) -> dict[str, np.ndarray]:
    """Prune globally by SynFlow in rounds, scoring anew in each; the density falls by the same factor each time.

    Parameters
    ----------
    model, inputs : as in ``synflow``.
    sparsity : fraction in [0, 1) of all prunable weights together. Weights that are 0 already count, and go first;
        where there are more of them than asked for, the masks keep some.
    rounds : number of rounds, at least 1; with few of them a layer can lose all its weights.

    Returns
    -------
    layer name -> boolean array of the weight's shape, True = keep; between them exactly ``round(sparsity * n)`` False.
    The model does not hold them: hand them to ``apply_masks``.

    Raises
    ------
    ValueError
        if ``sparsity`` is outside [0, 1) or ``rounds`` below 1, and where ``synflow`` does.

    References
    ----------
    Tanaka et al. (2020), algorithm 1; https://arxiv.org/abs/2006.05467.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(2, 1, bias=False), nn.Linear(1, 1, bias=False))
    >>> _ = model[0].weight.data.copy_(torch.tensor([[3.0, -1.0]])), model[1].weight.data.fill_(-2.0)
    >>> synflow_masks(model, (2,), 1 / 3)
    {'0': array([[ True, False]]), '1': array([[ True]])}
    """
    sparsity, rounds = fraction("sparsity", sparsity), whole("rounds", rounds, at_least=1)
    sample = _ones(inputs)
    positive, layers = _positive(model)
    masks = {name: layer.weight.detach().numpy() != 0 for name, layer in layers.items()}
    for k in range(1, rounds + 1):
        flow = _flow(positive, layers, sample)
        ranked = {name: np.where(masks[name], scores, -1.0) for name, scores in flow.items()}  # what is gone stays so
        masks = global_unstructured(ranked, 1 - (1 - sparsity) ** (k / rounds))
        with torch.no_grad():
            for name, layer in layers.items():
                layer.weight.mul_(torch.from_numpy(masks[name]))
    return masks


def _ones(inputs: tuple[int, ...]) -> torch.Tensor:
    if not isinstance(inputs, tuple) or not inputs:
        raise ValueError(f"inputs={inputs!r}: expected the shape of one sample, such as (64,)")
    return torch.ones((1, *(whole("inputs", side, at_least=1) for side in inputs)), dtype=torch.float64)


def _positive(model: nn.Module) -> tuple[nn.Module, dict[str, nn.Module]]:
    """A copy without masks, biases and negative values, in evaluation mode and float64, and its prunable layers."""
    copy = clone(model)
    make_permanent(copy)
    copy.to("cpu", torch.float64).eval().requires_grad_(True)
    layers = prunable_layers(copy)
    for name, layer in layers.items():
        if weight_parameter(layer) is None:
            raise ValueError(f"layer {name!r}: its weight is parametrised, expected a weight that is a parameter")
    with torch.no_grad():
        for name, value in (*copy.named_parameters(), *copy.named_buffers()):
            own = name.rpartition(".")[2]
            value.mul_(0) if "bias" in own or own == "running_mean" else value.abs_()
    return copy, layers


def _flow(positive: nn.Module, layers: dict[str, nn.Module], sample: torch.Tensor) -> dict[str, np.ndarray]:
    total = positive(sample).sum()
    if not torch.isfinite(total):
        raise ValueError(f"model: its outputs for an input of ones add up to {total.item()}, expected a finite number")
    parameters = [layer.weight for layer in layers.values()]
    slopes = torch.autograd.grad(total, parameters, allow_unused=True, materialize_grads=True)
    return {name: (W.detach() * G).numpy() for name, W, G in zip(layers, parameters, slopes, strict=True)}
