"""Several networks as one batched network, for ``train.fit``: copies, masks, batches, and the way back."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from pruneutils.pytorch import clone, make_permanent, refresh


def plain_copies(nets: Sequence[nn.Module]) -> list[nn.Module]:
    """Copy each network without its masks, in training mode; refuse what cannot be trained as one batch."""
    if len(nets) == 0:
        raise ValueError("nets=[]: expected at least one network")
    for i, net in enumerate(nets):
        for name, parameter in net.named_parameters():
            if parameter.dtype != torch.float32 or parameter.device.type != "cpu":
                raise ValueError(
                    f"nets[{i}]: parameter {name!r} is {parameter.dtype} on {parameter.device}, "
                    "expected torch.float32 on the CPU"
                )
    plain = [clone(net).train() for net in nets]
    for net in plain:
        make_permanent(net)
    if len({str(net) for net in plain}) > 1:
        raise ValueError(f"nets: expected one architecture, got {sorted({str(net) for net in plain})}")
    return plain


def stacked_masks(nets: Sequence[nn.Module], parameters: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Stack the masks that the networks hold by parameter, (networks, ...); a network without one keeps all."""
    masks = {}
    for name, stacked in parameters.items():
        held = [dict(net.named_buffers()).get(f"{name}_mask") for net in nets]
        if any(mask is not None for mask in held):
            whole_layer = torch.ones_like(stacked[0])
            masks[name] = torch.stack([whole_layer if mask is None else mask for mask in held])
    return masks


@torch.no_grad()
def hold(masks: dict[str, torch.Tensor], parameters: dict[str, torch.Tensor]) -> None:
    """Set removed weights to zero, in place."""
    for name, mask in masks.items():
        parameters[name].mul_(mask)


def batches(nets: int, samples: int, steps: int, batch: int, seed: int) -> torch.Tensor:
    """Row numbers of shape (networks, steps, batch), epoch after epoch of shuffled samples."""
    epochs = math.ceil(steps * batch / samples)
    rows = []
    for net in range(nets):
        generator = torch.Generator().manual_seed(seed + net)
        order = [torch.randperm(samples, generator=generator) for _ in range(epochs)]
        rows.append(torch.cat([*order, torch.empty(0, dtype=torch.int64)])[: steps * batch])
    return torch.stack(rows).reshape(nets, steps, batch)


@torch.no_grad()
def write_back(nets: Sequence[nn.Module], parameters: dict, buffers: dict) -> None:
    """Copy what was trained into the networks; what their masks remove stays as it was."""
    for i, net in enumerate(nets):
        own = {**dict(net.named_parameters()), **dict(net.named_buffers())}
        for name, stacked in {**parameters, **buffers}.items():
            if name in own:
                own[name].copy_(stacked[i])
            else:
                kept = own[f"{name}_mask"].bool()
                own[f"{name}_orig"].copy_(torch.where(kept, stacked[i], own[f"{name}_orig"]))
        refresh(net)
