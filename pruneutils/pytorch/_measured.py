"""What ``pruneutils.measure`` asks about a PyTorch model."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from pruneutils.pytorch._hold import clone, make_permanent, masks_of, weights
from pruneutils.pytorch._layers import inputs_for, prunable_layers, pruned_tensors, step_by_step
from pruneutils.pytorch._prospects import variants

__all__ = ["forward", "macs", "masks_of", "outputs", "parameters", "permanent", "variants", "weights"]


def parameters(model: nn.Module) -> int:
    """Count the parameters that no mask removes."""
    prunable_layers(model)
    masks = [getattr(module, f"{name}_mask") for module, name in pruned_tensors(model)]
    return sum(parameter.numel() for parameter in model.parameters()) - sum(int((mask == 0).sum()) for mask in masks)


def macs(model: nn.Module, inputs: np.ndarray, skip_masked: bool) -> int:
    """Count the operations of a forward pass of a copy in evaluation mode.

    By ``torch.utils.flop_counter``, at two floating-point operations each; attention is computed step by step
    while it counts, since it knows not all of the fused kernels, none of those for the CPU.
    """
    masks, model = masks_of(model), clone(model).eval()
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), step_by_step(), counter:
        model(inputs_for(model, inputs))
    total = counter.get_total_flops() / 2
    if skip_masked:
        counts = counter.get_flop_counts()
        for name, mask in masks.items():
            of_layer = sum(counts.get(f"{type(model).__name__}.{name}".rstrip("."), {}).values()) / 2
            total -= of_layer * (1 - mask.mean())
    return round(total)


def permanent(model: nn.Module) -> nn.Module:
    """Copy a model, in evaluation mode, with its masks made permanent."""
    copy = clone(model).eval()
    make_permanent(copy)
    return copy


def outputs(model: nn.Module, X: np.ndarray) -> np.ndarray:
    """Compute the outputs of a model in evaluation mode."""
    with torch.no_grad():
        return model(inputs_for(model, X)).float().cpu().numpy()


def forward(model: nn.Module, X: np.ndarray) -> Callable[[], None]:
    """Make a call of a model in evaluation mode that returns when all is computed."""
    inputs = inputs_for(model, X)

    def call():
        with torch.inference_mode():
            model(inputs)
        if inputs.device.type != "cpu":
            torch.accelerator.synchronize(inputs.device)  # an accelerator answers before it is done

    return call
