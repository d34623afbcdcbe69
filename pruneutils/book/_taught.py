"""Distillation for ``train.fit``: what each network's teacher says of each sample, and a loss that listens to it."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from pruneutils._arguments import fraction, non_negative
from pruneutils.pytorch import clone


def teaching(
    teachers: Sequence[nn.Module] | None, networks: int, soft: float, temperature: float, labels: bool
) -> tuple[float, float]:
    """Check the options of distillation; return the share of the soft part, and the temperature."""
    if teachers is not None and len(teachers) != networks:
        raise ValueError(f"teachers: {len(teachers)} of them, expected {networks}, one a network")
    if soft != 1:
        fraction("soft", soft)
    if non_negative("temperature", temperature) == 0 or (temperature != 1 and not labels):
        raise ValueError(f"temperature={temperature!r}: expected a number above 0, and 1 for float targets")
    if teachers is None and (soft, temperature) != (0.5, 1.0):
        raise ValueError(f"soft={soft!r}, temperature={temperature!r}: expected teachers, too")
    return float(soft), float(temperature)


@torch.no_grad()
def told(
    teachers: Sequence[nn.Module], X: torch.Tensor, first_rows: Sequence[int], samples: int, outputs: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs of the teachers in evaluation mode, (rows, outputs), and how far each network's lie behind its X."""
    kept, rows, shifts = {}, [], []
    for i, (teacher, first) in enumerate(zip(teachers, first_rows, strict=True)):
        if (id(teacher), first) not in kept:
            said = clone(teacher).eval()(X[first : first + samples])
            if said.shape != (samples, outputs) or not torch.isfinite(said).all():
                raise ValueError(
                    f"teachers[{i}] answers with shape {tuple(said.shape)}: expected finite {(samples, outputs)}"
                )
            kept[id(teacher), first] = len(rows) * samples
            rows.append(said)
        shifts.append(kept[id(teacher), first] - first)
    return torch.cat(rows), torch.tensor(shifts)


def taught(hard: Callable, soft: float, temperature: float, labels: bool) -> Callable:
    """A loss of (outputs, targets, what the teacher said), the mean over a batch.

    Labels: (1 - soft) hard + soft T^2 KL(teacher at T || student at T). Numbers: squared error to the teacher.
    """

    def loss(outputs, targets, said):
        if labels:
            student, teacher = F.log_softmax(outputs / temperature, 1), F.log_softmax(said / temperature, 1)
            apart = temperature**2 * (teacher.exp() * (teacher - student)).sum(1).mean()
        else:
            apart = ((outputs - said) ** 2).mean()
        return (1 - soft) * hard(outputs, targets) + soft * apart

    return loss


def outputs_of(net: nn.Module, X: torch.Tensor) -> int:
    """Number of outputs of a network."""
    with torch.no_grad():
        return int(np.prod(clone(net).eval()(X[:1]).shape[1:]))
