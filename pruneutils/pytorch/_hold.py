"""Masks that ``torch.nn.utils.prune`` holds in a PyTorch model: read, replaced, raised along a schedule."""

import copy
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn.utils import prune

from pruneutils._gradual import GradualSteps
from pruneutils.pytorch._layers import (
    checked_masks,
    effective_weight,
    holds_mask,
    is_prunable,
    mask_of,
    prunable_layers,
    pruned_tensors,
    to_numpy,
)


def weights(model: nn.Module) -> dict[str, np.ndarray]:
    """Copy every prunable weight out of the model, masks applied.

    Parameters
    ----------
    model : any module.

    Returns
    -------
    layer name -> array in PyTorch's layout, (out, in) for linear and (out, in, height, width) for 2-D
    convolutional layers; bfloat16, which NumPy lacks, as float32. Changing an array does not change the model.
    The projections inside ``nn.MultiheadAttention`` are not among them (see the module's text).

    Raises
    ------
    ValueError
        if the model has no prunable layer, a prunable weight is used elsewhere in it (tied), or
        ``torch.nn.utils.prune`` holds a mask with values other than 0 and 1.

    Examples
    --------
    >>> {name: W.shape for name, W in weights(nn.Sequential(nn.Linear(3, 2), nn.ReLU())).items()}
    {'0': (2, 3)}
    """
    return {name: to_numpy(effective_weight(layer)) for name, layer in prunable_layers(model).items()}


def apply_masks(model: nn.Module, masks: Mapping[str, np.ndarray]) -> None:
    """Hold the given masks in the model: from now on every forward pass uses ``weight * mask``.

    A layer met for the first time is given to ``prune.custom_from_mask``.
    A layer that already holds a mask has it replaced in place, so that thousands of updates
    leave one hook, one buffer and the same parameter, which an optimiser may go on training.
    Where a new mask keeps what the old one removed, the value last held in ``weight_orig`` returns.

    Parameters
    ----------
    model : module to change in place.
    masks : layer name -> boolean array of that layer's weight's shape, True = keep; other layers stay as they are.

    Raises
    ------
    ValueError
        as for ``weights``, and if ``masks`` is empty, names a layer that the model lacks or whose weight is
        parametrised, or a mask is not boolean or of another shape than the weight. The model is then unchanged.

    Examples
    --------
    >>> layer = nn.Sequential(nn.Linear(2, 1))
    >>> apply_masks(layer, {"0": np.array([[True, False]])})
    >>> int((weights(layer)["0"] == 0).sum())
    1
    """
    for layer, mask in checked_masks(model, masks):
        if not holds_mask(layer):
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
        as for ``weights``.

    Examples
    --------
    >>> masks_of(nn.Sequential(nn.Linear(2, 1)))
    {'0': array([[ True,  True]])}
    """
    return {name: to_numpy(mask_of(layer)) for name, layer in prunable_layers(model).items()}


def make_permanent(model: nn.Module) -> None:
    """Write the zeros into the weights and let go of the masks, as ``prune.remove`` does for one layer.

    The zeros are then ordinary values: training from here on without a mask brings them back.
    The parameter is the one that was there before the masks; an optimiser made earlier still trains it.

    Parameters
    ----------
    model : module to change in place; layers without a mask are left alone.

    Raises
    ------
    ValueError
        as for ``weights``.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(2, 1))
    >>> apply_masks(model, {"0": np.array([[True, False]])})
    >>> make_permanent(model)
    >>> sorted(model.state_dict()), model[0].weight[0, 1].item()
    (['0.bias', '0.weight'], 0.0)
    """
    for layer in prunable_layers(model).values():
        if holds_mask(layer):
            prune.remove(layer, "weight")
            with torch.no_grad():
                layer.weight.add_(0.0)  # turns the -0.0 that w * 0 is for w < 0 into 0.0, which compresses


class GradualPruner(GradualSteps):
    """Raise a model's sparsity along a schedule while it trains.

    Call ``step()`` once after each optimiser step. Where the schedule asks for more than is removed,
    masks are made anew from the scores of the current weights. A weight once removed, by whomever,
    stays removed: a model that is sparser than the schedule keeps its masks.

    Parameters
    ----------
    model : module to prune in place.
    schedule : step -> sparsity, such as ``PolynomialDecay``; steps count from 0.
    score : what ranks the weights, larger = keep: array of weights -> array of scores; or, where scores need more than
        that, such as gradients, data or names, model -> {layer name: array of scores}, which is called once whenever
        masks are made. The first time, ``score`` is given the model, and if it does not answer with a mapping,
        from then on arrays.
    scope : "global" ranks the weights of all layers together, "layer" those of each layer alone; or how sparse each
        layer is to be, ({layer name: shape}, sparsity) -> {layer name: sparsity}, such as
        ``allocation.erdos_renyi_kernel``.
    ignored_layers : names of layers that get no mask and whose weights do not count in the sparsity.

    Attributes
    ----------
    sparsity : the sparsity last asked for by the schedule, a share of the weights of the layers not ignored.

    Raises
    ------
    ValueError
        as for ``weights``, and if ``scope`` is none of these, ``schedule`` or ``score`` cannot be called, or
        ``ignored_layers`` names a layer that the model lacks or all that it has; from ``step()``, if ``score`` is
        neither kind of function, its scores are NaN or infinite or not one for each weight, or ``scope`` does not
        give each layer a sparsity in [0, 1). The masks are then as before.

    References
    ----------
    Zhu & Gupta (2017), section 3; https://arxiv.org/abs/1710.01878.

    Examples
    --------
    >>> from pruneutils.allocation import erdos_renyi_kernel
    >>> from pruneutils.schedules import Constant
    >>> model = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2))
    >>> GradualPruner(model, Constant(sparsity=0.5), scope=erdos_renyi_kernel, ignored_layers=["4"]).step()
    0.5
    >>> {name: int(mask.sum()) for name, mask in masks_of(model).items()}  # 39 of the 78 weights that count
    {'0': 22, '2': 17, '4': 10}

    A score of the model, here from the gradient of its loss:

    >>> from pruneutils import scores
    >>> from pruneutils.pytorch import curvature
    >>> X, y = np.ones((4, 8)), np.array([0, 1, 0, 1])
    >>> def by_taylor(model):
    ...     G = curvature.gradients(model, X, y)
    ...     return {name: scores.taylor(W, G[name]) for name, W in weights(model).items()}
    >>> GradualPruner(model, Constant(sparsity=0.75), score=by_taylor).step()
    0.75
    """

    _weights, _masks_of, _apply_masks = staticmethod(weights), staticmethod(masks_of), staticmethod(apply_masks)


def clone(model: nn.Module) -> nn.Module:
    """Copy a model with its masks, sharing nothing; ``copy.deepcopy`` alone fails on most pruned models.

    ``torch.nn.utils.prune`` leaves the product ``weight_orig * weight_mask`` on the layer, and a tensor that
    carries a gradient history cannot be copied. With gradients enabled, it carries one as soon as torch itself
    has pruned a layer, and after ``apply_masks`` from the first forward pass on. Its copy carries none.

    Parameters
    ----------
    model : any module.

    Returns
    -------
    a module of the same class, with copies of parameters, buffers and hooks; the model stays as it is.

    References
    ----------
    The defect: https://github.com/pytorch/pytorch/issues/37322.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from pruneutils.pytorch._hold import apply_masks, masks_of
    >>> model = nn.Sequential(nn.Linear(2, 1))
    >>> apply_masks(model, {"0": np.array([[True, False]])})
    >>> output = model(torch.ones(1, 2))  # from here on copy.deepcopy(model) raises RuntimeError
    >>> masks_of(clone(model))
    {'0': array([[ True, False]])}
    """
    products = (getattr(module, name) for module, name in pruned_tensors(model))
    twin = copy.deepcopy(model, {id(product): product.detach().clone() for product in products})
    refresh(twin)
    return twin


def refresh(model: nn.Module) -> None:
    """Renew ``layer.weight``, the product that the pruning hook leaves on each masked layer at a forward pass.

    Needed after ``weight_orig`` or ``weight_mask`` were changed by hand and before ``layer.weight`` is read.

    Parameters
    ----------
    model : module to change in place; layers without a mask are left alone.
    """
    for layer in model.modules():
        if is_prunable(layer) and holds_mask(layer):
            layer.weight = effective_weight(layer)
