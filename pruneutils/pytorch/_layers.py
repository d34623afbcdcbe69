"""Which layers of a PyTorch model are prunable, and what ``torch.nn.utils.prune`` keeps on them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

from pruneutils._arguments import boolean, some

PRUNABLE = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)


def is_prunable(layer: nn.Module) -> bool:
    """Whether the layer is linear or convolutional, and called: only a call runs the hook that applies its mask.

    ``nn.MultiheadAttention`` reads the weight of its ``out_proj`` and never calls it.
    """
    return isinstance(layer, PRUNABLE) and not isinstance(layer, NonDynamicallyQuantizableLinear)


def prunable_layers(model: nn.Module) -> dict[str, nn.Module]:
    """Map names to layers; refuse a model without any, weights used twice, and masks of other values than 0 and 1."""
    layers = {name: layer for name, layer in model.named_modules() if is_prunable(layer)}
    if not layers:
        raise ValueError(f"model={type(model).__name__}: expected at least one linear or convolutional layer")
    _refuse_tied_weights(model, layers)
    for name, layer in layers.items():
        if holds_mask(layer) and not ((layer.weight_mask == 0) | (layer.weight_mask == 1)).all():
            raise ValueError(
                f"layer {name!r} holds a mask with other values than 0 and 1: expected a mask of zeros and ones"
            )
    return layers


def _refuse_tied_weights(model: nn.Module, layers: Mapping[str, nn.Module]) -> None:
    names = {}
    for prefix, module in model.named_modules():  # a module used in two places comes once: one weight, one mask
        for name, parameter in module.named_parameters(prefix, recurse=False, remove_duplicate=False):
            names.setdefault(id(parameter), []).append(name.removesuffix("_orig").removesuffix(".weight"))
    for layer in layers.values():
        used_by = names.get(id(weight_parameter(layer)), [])
        if len(used_by) > 1:
            raise ValueError(f"layers {used_by[0]!r} and {used_by[1]!r} share one weight: expected a weight for each")


def weight_parameter(layer: nn.Module) -> nn.Parameter | None:
    """Find the parameter behind the layer's weight; None where a parametrisation computes the weight from others."""
    own = dict(layer.named_parameters(recurse=False, remove_duplicate=False))
    return own.get("weight_orig" if holds_mask(layer) else "weight")


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
    return torch.where(mask_of(layer), layer.weight_orig.detach() * layer.weight_mask, 0)


def checked_masks(model: nn.Module, masks: Mapping[str, np.ndarray]) -> list[tuple[nn.Module, torch.Tensor]]:
    """Pair each layer named with a copy of its mask if every mask can be applied, else raise ValueError."""
    layers, checked = prunable_layers(model), []
    for name, mask in some("masks", masks).items():
        if name not in layers:
            raise ValueError(f"masks[{name!r}]: the model has no such layer, expected one of {sorted(layers)}")
        weight = weight_parameter(layers[name])
        if weight is None:
            raise ValueError(
                f"masks[{name!r}]: the layer's weight is parametrised, expected a weight that is a parameter; "
                "torch.nn.utils.parametrize.remove_parametrizations makes it one"
            )
        mask = boolean(f"masks[{name!r}]", mask, tuple(weight.shape))
        checked.append((layers[name], torch.from_numpy(mask.copy())))
    return checked


def pruned_tensors(model: nn.Module) -> Iterator[tuple[nn.Module, str]]:
    """Find every tensor, biases included, for which ``torch.nn.utils.prune`` holds a mask: its module and name."""
    for module in model.modules():
        own = {name for name, _ in module.named_parameters(recurse=False)}
        for buffer, _ in module.named_buffers(recurse=False):
            name = buffer.removesuffix("_mask")
            if name != buffer and f"{name}_orig" in own:
                yield module, name


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """Copy a tensor into an array, as float32 if it is bfloat16, which NumPy lacks."""
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy().copy()


def inputs_for(model: nn.Module, X: np.ndarray) -> torch.Tensor:
    """Put inputs on the device and into the float type of the model's first parameter."""
    of_model = next((p for p in model.parameters() if p.is_floating_point()), torch.empty(0))
    return torch.from_numpy(np.asarray(X, dtype=np.float32)).to(of_model.device, of_model.dtype)


@contextmanager
def step_by_step() -> Iterator[None]:
    """Have torch compute attention by matrix products that a counter of operations can see."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
