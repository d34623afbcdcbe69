"""Masks in a PyTorch model, held by ``torch.nn.utils.prune`` itself.

Prunable are the weights of linear and convolutional layers; biases and normalisation are not.
Weights go out as NumPy arrays, masks come back as NumPy arrays, named by their layer as in ``named_modules``.
"""

import copy
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import nn
from torch.nn.utils import prune

from pruneutils._arguments import some
from pruneutils.masks import global_unstructured, unstructured
from pruneutils.scores import magnitude

PRUNABLE = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)


def weights(model: nn.Module) -> dict[str, np.ndarray]:
    """Copy every prunable weight out of the model, masks applied.

    Parameters
    ----------
    model : any module.

    Returns
    -------
    layer name -> array in PyTorch's layout, (out, in) for linear and (out, in, height, width) for 2-D
    convolutional layers. Changing an array does not change the model.

    Raises
    ------
    ValueError
        if the model has no prunable layer.

    Examples
    --------
    >>> {name: W.shape for name, W in weights(nn.Sequential(nn.Linear(3, 2), nn.ReLU())).items()}
    {'0': (2, 3)}
    """
    return {name: _effective_weight(layer).cpu().numpy().copy() for name, layer in _layers(model).items()}


def apply_masks(model: nn.Module, masks: Mapping[str, np.ndarray]) -> None:
    """Hold the given masks in the model: from now on every forward pass uses ``weight * mask``.

    A layer met for the first time is given to ``prune.custom_from_mask``.
    A layer that already holds a mask has it replaced in place, so that thousands of updates
    leave one hook, one buffer and the same parameter, which an optimiser may go on training.
    Where a new mask keeps what the old one removed, the value last held in ``weight_orig`` returns.

    Parameters
    ----------
    model : module to change in place.
    masks : layer name -> boolean array of that layer's weight's shape, True = keep.
        Layers not named stay as they are.

    Raises
    ------
    ValueError
        if ``masks`` is empty, names a layer that the model lacks, or a mask is not boolean or of another
        shape than the weight. The model is then unchanged.

    References
    ----------
    Documentation of ``torch.nn.utils.prune``; https://docs.pytorch.org/docs/stable/nn.html#utilities.

    Examples
    --------
    >>> layer = nn.Sequential(nn.Linear(2, 1))
    >>> apply_masks(layer, {"0": np.array([[True, False]])})
    >>> int((weights(layer)["0"] == 0).sum())
    1
    """
    layers = _layers(model)
    for name, mask in some("masks", masks).items():
        if name not in layers:
            raise ValueError(f"masks[{name!r}]: the model has no such layer, expected one of {sorted(layers)}")
        mask, shape = np.asarray(mask), tuple(_effective_weight(layers[name]).shape)
        if mask.dtype != bool or mask.shape != shape:
            raise ValueError(
                f"masks[{name!r}] of dtype {mask.dtype} and shape {mask.shape}: "
                f"expected a boolean array of the weight's shape {shape}"
            )
    for name, mask in masks.items():
        layer, mask = layers[name], torch.from_numpy(np.array(mask))
        if not _holds_mask(layer):
            prune.custom_from_mask(layer, "weight", mask.to(layer.weight.device))
        with torch.no_grad():
            layer.weight_mask.copy_(mask)
    refresh(model)


def masks_of(model: nn.Module) -> dict[str, np.ndarray]:
    """Read the masks that the model holds; a layer without one counts as kept whole.

    Parameters
    ----------
    model : any module.

    Returns
    -------
    layer name -> boolean array, one for every prunable layer.

    Raises
    ------
    ValueError
        if the model has no prunable layer.

    Examples
    --------
    >>> masks_of(nn.Sequential(nn.Linear(2, 1)))
    {'0': array([[ True,  True]])}
    """
    return {
        name: layer.weight_mask.bool().cpu().numpy().copy()
        if _holds_mask(layer)
        else np.ones(tuple(layer.weight.shape), dtype=bool)
        for name, layer in _layers(model).items()
    }


def make_permanent(model: nn.Module) -> None:
    """Write the zeros into the weights and let go of the masks, as ``prune.remove`` does for one layer.

    The zeros are then ordinary values: training from here on without a mask brings them back.
    Each parameter is a new object; an optimiser made earlier trains the old ones.

    Parameters
    ----------
    model : module to change in place; layers without a mask are left alone.

    Raises
    ------
    ValueError
        if the model has no prunable layer.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(2, 1))
    >>> apply_masks(model, {"0": np.array([[True, False]])})
    >>> make_permanent(model)
    >>> sorted(model.state_dict()), model[0].weight[0, 1].item()
    (['0.bias', '0.weight'], 0.0)
    """
    for layer in _layers(model).values():
        if _holds_mask(layer):
            prune.remove(layer, "weight")


def clone(model: nn.Module) -> nn.Module:
    """Copy a model with its masks, sharing nothing; ``copy.deepcopy`` alone fails on a pruned model that has run.

    ``torch.nn.utils.prune`` leaves the product ``weight_orig * weight_mask`` on the layer, and a tensor
    that carries a gradient history cannot be copied. The history is cut here before the copy.

    Parameters
    ----------
    model : any module.

    Returns
    -------
    a module of the same class, with copies of parameters, buffers and hooks.

    References
    ----------
    The defect: https://github.com/pytorch/pytorch/issues/37322.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(2, 1))
    >>> apply_masks(model, {"0": np.array([[True, False]])})
    >>> output = model(torch.ones(1, 2))  # from here on copy.deepcopy(model) raises RuntimeError
    >>> masks_of(clone(model))
    {'0': array([[ True, False]])}
    """
    refresh(model)
    return copy.deepcopy(model)


def refresh(model: nn.Module) -> None:
    """Renew ``layer.weight``, the product that the pruning hook leaves on each masked layer at a forward pass.

    Needed after ``weight_orig`` or ``weight_mask`` were changed by hand and before ``layer.weight`` is read.

    Parameters
    ----------
    model : module to change in place; layers without a mask are left alone.
    """
    for layer in model.modules():
        if isinstance(layer, PRUNABLE) and _holds_mask(layer):
            layer.weight = _effective_weight(layer)


class GradualPruner:
    """Raise a model's sparsity along a schedule while it trains.

    Call ``step()`` once after each optimiser step. Where the schedule asks for more than is removed,
    masks are made anew from the scores of the current weights; a weight once removed stays removed,
    for its score is set below all others.

    Parameters
    ----------
    model : module to prune in place.
    schedule : step -> sparsity, such as ``PolynomialDecay``; steps count from 0.
    score : array of weights -> array of scores, larger = keep.
    scope : "global" ranks the weights of all layers together, "layer" those of each layer alone.

    Attributes
    ----------
    sparsity : the sparsity last asked for by the schedule.

    Raises
    ------
    ValueError
        if ``scope`` is neither word or the model has no prunable layer.

    References
    ----------
    Zhu & Gupta (2017), section 3; https://arxiv.org/abs/1710.01878.

    Examples
    --------
    >>> from pruneutils.schedules import Constant
    >>> model = nn.Sequential(nn.Linear(4, 5))
    >>> GradualPruner(model, Constant(sparsity=0.5)).step()
    0.5
    """

    def __init__(
        self,
        model: nn.Module,
        schedule: Callable[[int], float],
        *,
        score: Callable[[np.ndarray], np.ndarray] = magnitude,
        scope: str = "global",
    ):
        if scope not in ("global", "layer"):
            raise ValueError(f"scope={scope!r}: expected 'global' or 'layer'")
        _layers(model)
        self.model, self.schedule, self.score, self.scope = model, schedule, score, scope
        self.sparsity, self._step = 0.0, 0

    def step(self) -> float:
        """Bring the masks to the schedule's next sparsity and return it."""
        wanted = self.schedule(self._step)
        if wanted > self.sparsity:
            apply_masks(self.model, self._masks(wanted))
        self.sparsity, self._step = max(wanted, self.sparsity), self._step + 1
        return self.sparsity

    def _masks(self, sparsity: float) -> dict[str, np.ndarray]:
        kept = masks_of(self.model)
        scores = {name: self.score(W) for name, W in weights(self.model).items()}
        below_all = np.nextafter(min(s.min() for s in scores.values()), -np.inf)
        scores = {name: np.where(kept[name], s, below_all) for name, s in scores.items()}
        if self.scope == "global":
            return global_unstructured(scores, sparsity)
        return {name: unstructured(s, sparsity) for name, s in scores.items()}


def _layers(model: nn.Module) -> dict[str, nn.Module]:
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, PRUNABLE)}
    if not layers:
        raise ValueError(f"model={type(model).__name__}: expected at least one linear or convolutional layer")
    first_with = {}
    for name, layer in layers.items():
        parameter = layer.weight_orig if _holds_mask(layer) else layer.weight
        other = first_with.setdefault(id(parameter), name)
        if other != name:
            raise ValueError(f"layers {other!r} and {name!r} share one weight: expected a weight for each")
    return layers


def _holds_mask(layer: nn.Module) -> bool:
    return hasattr(layer, "weight_mask")


def _effective_weight(layer: nn.Module) -> torch.Tensor:
    weight = layer.weight_orig * layer.weight_mask if _holds_mask(layer) else layer.weight
    return weight.detach()
