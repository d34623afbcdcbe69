"""Which layers of a PyTorch model are prunable, and what ``torch.nn.utils.prune`` keeps on them."""

import torch
from torch import nn

PRUNABLE = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)


def prunable_layers(model: nn.Module) -> dict[str, nn.Module]:
    """Map names to layers; refuse a model without any and weights shared by two layers."""
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, PRUNABLE)}
    if not layers:
        raise ValueError(f"model={type(model).__name__}: expected at least one linear or convolutional layer")
    first_with = {}
    for name, layer in layers.items():
        parameter = layer.weight_orig if holds_mask(layer) else layer.weight
        other = first_with.setdefault(id(parameter), name)
        if other != name:
            raise ValueError(f"layers {other!r} and {name!r} share one weight: expected a weight for each")
    return layers


def holds_mask(layer: nn.Module) -> bool:
    """Whether ``torch.nn.utils.prune`` holds a mask for the layer's weight."""
    return hasattr(layer, "weight_mask")


def mask_of(layer: nn.Module) -> torch.Tensor:
    """Read the mask as booleans, all True where none is held."""
    return layer.weight_mask.bool() if holds_mask(layer) else torch.ones_like(layer.weight, dtype=torch.bool)


def effective_weight(layer: nn.Module) -> torch.Tensor:
    """Compute the weight that the next forward pass will use; removed entries are +0, where a product has -0, too."""
    if not holds_mask(layer):
        return layer.weight.detach()
    return torch.where(mask_of(layer), layer.weight_orig.detach(), 0)
