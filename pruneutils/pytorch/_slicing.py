"""Rows and columns of one PyTorch layer, cut out in place; the layer gets new parameters."""

import numpy as np
import torch
from torch import nn

OF_OUTPUTS = ("weight", "bias", "running_mean", "running_var")


def keep_outputs(layer: nn.Module, kept: np.ndarray) -> None:
    """Keep some outputs of a linear or convolutional layer, or some channels of a batch-norm; boolean array."""
    for key in OF_OUTPUTS:
        _keep(layer, key, kept, 0)
    _resize(layer, ("out_features", "out_channels", "num_features"), kept)


def keep_inputs(layer: nn.Module, kept: np.ndarray) -> None:
    """Keep some inputs of a linear or convolutional layer; boolean array."""
    _keep(layer, "weight", kept, 1)
    _resize(layer, ("in_features", "in_channels"), kept)


def _keep(layer: nn.Module, key: str, kept: np.ndarray, axis: int) -> None:
    tensor = getattr(layer, key, None)
    if tensor is not None:
        places = torch.from_numpy(np.flatnonzero(kept)).to(tensor.device)
        part = tensor.detach().index_select(axis, places)
        setattr(layer, key, nn.Parameter(part, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else part)


def _resize(layer: nn.Module, keys: tuple[str, ...], kept: np.ndarray) -> None:
    for key in keys:
        if hasattr(layer, key):
            setattr(layer, key, int(kept.sum()))
