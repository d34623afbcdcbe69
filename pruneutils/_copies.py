"""Copies of PyTorch models that hold masks; public as ``pruneutils.pytorch.clone`` and ``refresh``."""

import copy

from torch import nn

from pruneutils._torch_layers import effective_weight, holds_mask, is_prunable, pruned_tensors


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
    >>> from pruneutils.pytorch import apply_masks, masks_of
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
