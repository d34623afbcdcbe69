"""Several networks as one batched network, for ``train.fit``: copies, masks, batches, and the way back."""

import math
from collections.abc import Callable, Sequence
from itertools import groupby

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


def each_network(name: str, value, networks: int, check: Callable, step: int = 0) -> list:
    """One checked value a network: those of a sequence, or a single value, ``step`` more for each network."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return [check(name, value) + i * step for i in range(networks)]
    if len(value) != networks:
        raise ValueError(f"{name}={value!r}: expected one value, or {networks}, one a network")
    return [check(name, one) for one in value]


class Optimiser:
    """AdamW on stacked parameters, with a rate and a decay for each network: a group for each stretch of equal ones."""

    def __init__(self, parameters: dict[str, torch.Tensor], rates: Sequence[float], decays: Sequence[float]):
        self.leaves, self.stretches, groups, start = list(parameters.values()), [], [], 0
        for (rate, decay), same in groupby(zip(rates, decays, strict=True)):
            stretch = slice(start, start := start + len(list(same)))
            views = [leaf.detach()[stretch] for leaf in self.leaves]  # share their memory with the stack
            groups.append({"params": views, "lr": rate, "weight_decay": decay, "first_rate": rate})
            self.stretches.append(stretch)
        self.adamw = torch.optim.AdamW(groups, fused=True)

    def step(self, share: float) -> None:
        """One step with this share of the rates; uses up the gradients."""
        for group, stretch in zip(self.adamw.param_groups, self.stretches, strict=True):
            group["lr"] = group["first_rate"] * share
            for view, leaf in zip(group["params"], self.leaves, strict=True):
                view.grad = None if leaf.grad is None else leaf.grad[stretch]
        self.adamw.step()
        for leaf in self.leaves:
            leaf.grad = None


def batches(
    seeds: Sequence[int], first_rows: Sequence[int], samples: int, steps: int, batch: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Row numbers of shape (different, steps, batch), epoch after epoch of shuffled samples, and which are whose.

    Networks with one seed and the same samples share theirs.
    """
    epochs, rows, own = math.ceil(steps * batch / samples), {}, []
    for key in zip(seeds, first_rows, strict=True):
        if key not in rows:
            generator = torch.Generator().manual_seed(key[0])
            order = [torch.randperm(samples, generator=generator) for _ in range(epochs)]
            rows[key] = torch.cat([*order, torch.empty(0, dtype=torch.int64)])[: steps * batch] + key[1]
        own.append(list(rows).index(key))
    return torch.stack(list(rows.values())).reshape(len(rows), steps, batch), torch.tensor(own)


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
