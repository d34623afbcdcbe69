"""Question four, what did it do, honestly: sparsity, parameters, operations, bytes and seconds.

``sparsity``, ``storage`` and ``latency`` know no framework; the others take PyTorch modules.
"""

import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pruneutils._arguments import finite, some, whole

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Latency", "Report", "evaluate_pruning", "latency", "macs", "parameters", "sparsity", "storage"]


@dataclass(frozen=True)
class Latency:
    """Seconds for one call: the median and the quartiles around it."""

    median: float
    lower_quartile: float
    upper_quartile: float

    def __str__(self) -> str:
        low, mid, high = (1e6 * s for s in (self.lower_quartile, self.median, self.upper_quartile))
        return f"{mid:.0f} µs ({low:.0f} to {high:.0f})"


@dataclass(frozen=True)
class Report:
    """What pruning did to one model; each pair is (original, pruned).

    Attributes
    ----------
    accuracy : fractions of samples.
    zeros : fractions of prunable weights that are exactly zero, whether a mask, pruning made permanent or chance
        made them so; ``measure.sparsity`` counts by mask instead.
    parameters : numbers of parameters, without those zeros.
    macs : multiply-accumulates a sample, as executed, zeros included.
    storage : format -> bytes of the prunable weights.
    latency : seconds for the whole batch.
    """

    accuracy: tuple[float, float]
    zeros: tuple[float, float]
    parameters: tuple[int, int]
    macs: tuple[int, int]
    storage: dict[str, tuple[int, int]]
    latency: tuple[Latency, Latency]

    @property
    def compression_ratio(self) -> float:
        """Parameters before over parameters after."""
        return self.parameters[0] / self.parameters[1]

    def _repr_markdown_(self) -> str:
        rows = [
            ("accuracy", *(f"{100 * value:.1f} %" for value in self.accuracy)),
            ("exact zeros", *(f"{100 * value:.1f} %" for value in self.zeros)),
            ("parameters kept", *(f"{value:,}" for value in self.parameters)),
            ("compression ratio, all parameters", "1.0", f"{self.compression_ratio:.1f}"),
            ("multiply-accumulates, as executed", *(f"{value:,}" for value in self.macs)),
            *((f"weights, {name} (bytes)", *(f"{v:,}" for v in pair)) for name, pair in self.storage.items()),
            ("latency of the batch, median (quartiles)", *(str(value) for value in self.latency)),
        ]
        lines = ["| | original | pruned |", "|---|---:|---:|"]
        return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def sparsity(masks: Mapping[str, np.ndarray]) -> float:
    """Share of prunable weights that the masks remove, of all layers together.

    Parameters
    ----------
    masks : layer name -> boolean array, True = keep, one for every prunable layer (``masks_of(model)``).

    Returns
    -------
    fraction in [0, 1]. A weight that is zero by chance but kept by its mask does not count.

    Raises
    ------
    ValueError
        if ``masks`` or an array is empty, or an array is not boolean.

    Examples
    --------
    >>> sparsity({"a": np.array([True, False]), "b": np.array([True, True])})
    0.25
    """
    for name, mask in some("masks", masks).items():
        if finite(f"masks[{name!r}]", mask).dtype != bool:
            raise ValueError(f"masks[{name!r}] of dtype {np.asarray(mask).dtype}: expected a boolean array")
    removed = sum(int((~np.asarray(mask)).sum()) for mask in masks.values())
    return removed / sum(np.size(mask) for mask in masks.values())


def parameters(model: "nn.Module") -> int:
    """Number of parameters that no mask of ``torch.nn.utils.prune`` removes, biases and normalisation included.

    Parameters
    ----------
    model : PyTorch module, with or without masks.

    Returns
    -------
    whole number.

    Raises
    ------
    ValueError
        as for ``pruneutils.pytorch.weights``.

    Examples
    --------
    >>> from torch import nn
    >>> parameters(nn.Linear(3, 2))
    8
    """
    from pruneutils.pytorch._layers import prunable_layers, pruned_tensors

    prunable_layers(model)
    masks = [getattr(module, f"{name}_mask") for module, name in pruned_tensors(model)]
    return sum(parameter.numel() for parameter in model.parameters()) - sum(int((mask == 0).sum()) for mask in masks)


def macs(model: "nn.Module", inputs: np.ndarray, *, skip_masked: bool = False) -> int:
    """Multiply-accumulate operations of one forward pass in matrix products and convolutions.

    The pass is one of a copy in evaluation mode: the model, its running statistics included, stays as it is.
    Counted by ``torch.utils.flop_counter``, at two floating-point operations each; attention is computed step by step
    while it counts, since it knows not all of the fused kernels, none of those for the CPU.

    Parameters
    ----------
    model : PyTorch module.
    inputs : array of shape (samples, ...); a batch of one gives the operations a sample.
        It is sent to the model's own device and float type.
    skip_masked : count each masked layer's operations times its share of kept weights:
        what would be left on hardware that skips every zero, which ordinary kernels do not.

    Returns
    -------
    whole number.

    Raises
    ------
    ValueError
        as for ``pruneutils.pytorch.weights``.

    References
    ----------
    Blalock et al. (2020) ask for operations beside parameters; https://arxiv.org/abs/2003.03033.

    Examples
    --------
    >>> from torch import nn
    >>> macs(nn.Sequential(nn.Linear(3, 2)), np.ones((1, 3)))
    6
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from pruneutils.pytorch import clone, masks_of
    from pruneutils.pytorch._layers import inputs_for, step_by_step

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


def storage(weights: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Bytes that the weights take in four formats; only zeros that are exact zeros save anything.

    The sign that ``w * 0`` leaves on a zero is dropped: it says nothing, yet does not compress.

    Parameters
    ----------
    weights : layer name -> float32 array, zeros written in (``pruneutils.pytorch.weights(model)``).

    Returns
    -------
    format -> bytes:
    ``dense``, four a weight;
    ``gzip``, the dense bytes through DEFLATE at its highest level;
    ``csr``, compressed sparse rows, four for each value, column index and row pointer
    (tensors are flattened to (axis 0, rest));
    ``bitmask``, one bit a weight and four bytes a non-zero.

    Raises
    ------
    ValueError
        if ``weights`` is empty.

    References
    ----------
    Han et al. (2016), section 2, on storing sparse weights; https://arxiv.org/abs/1510.00149.

    Examples
    --------
    >>> storage({"a": np.zeros((8, 8), dtype=np.float32)})["bitmask"]
    8
    """
    arrays = [np.asarray(W, dtype=np.float32) + np.float32(0) for W in some("weights", weights).values()]
    nonzeros = sum(int(np.count_nonzero(W)) for W in arrays)
    return {
        "dense": sum(W.nbytes for W in arrays),
        "gzip": len(zlib.compress(b"".join(W.tobytes() for W in arrays), 9)),
        "csr": 8 * nonzeros + sum(4 * (len(np.atleast_2d(W)) + 1) for W in arrays),
        "bitmask": 4 * nonzeros + sum(-(-W.size // 8) for W in arrays),
    }


def latency(calls: Mapping[str, Callable[[], object]], *, repeats: int = 50, warmup: int = 5) -> dict[str, Latency]:
    """Time several calls in one run, taking turns, so that a change of the machine's mood hits all of them.

    Parameters
    ----------
    calls : name -> function without arguments.
    repeats : timed calls of each.
    warmup : untimed calls of each beforehand.

    Returns
    -------
    name -> ``Latency``, in seconds. The number of threads is the caller's to fix.

    Raises
    ------
    ValueError
        if ``calls`` is empty, ``repeats`` is below 1 or ``warmup`` below 0.

    Examples
    --------
    >>> times = latency({"sum": lambda: sum(range(1000)), "nothing": lambda: None})
    >>> times["sum"].median > times["nothing"].median
    True
    """
    some("calls", calls), whole("repeats", repeats, at_least=1), whole("warmup", warmup)
    seconds = {name: [] for name in calls}
    for turn in range(warmup + repeats):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn >= warmup:
                seconds[name].append(time.perf_counter() - start)
    return {
        name: Latency(*(float(q) for q in np.quantile(taken, [0.5, 0.25, 0.75]))) for name, taken in seconds.items()
    }


def evaluate_pruning(
    original: "nn.Module", pruned: "nn.Module", X: np.ndarray, y: np.ndarray, *, repeats: int = 50
) -> Report:
    """Measure a model before and after pruning, side by side, on the same data and in the same run.

    Parameters
    ----------
    original, pruned : PyTorch classifiers; ``pruned`` may hold masks, have them made permanent, or be smaller.
    X : array of shape (samples, ...), float32; sent to each model's own device and float type.
    y : array of shape (samples,), integer labels.
    repeats : timed forward passes over all of ``X``.

    Returns
    -------
    ``Report``. Removed is what is exactly zero, whether a mask holds it or it was made permanent.

    Raises
    ------
    ValueError
        as for ``pruneutils.pytorch.weights``, and if ``X`` and ``y`` differ in length or ``repeats`` is below 1.
    """
    import torch

    from pruneutils.book.train import accuracy
    from pruneutils.pytorch import clone, make_permanent, weights
    from pruneutils.pytorch._layers import inputs_for

    pair = (original, pruned)
    ready = [clone(model).eval() for model in pair]
    for model in ready:
        make_permanent(model)

    def call(model, inputs):
        model(inputs)
        if inputs.device.type != "cpu":
            torch.accelerator.synchronize(inputs.device)  # an accelerator answers before it is done

    calls = {str(i): partial(call, model, inputs_for(model, X)) for i, model in enumerate(ready)}
    with torch.inference_mode():
        times = latency(calls, repeats=repeats)
    sizes = [storage(weights(model)) for model in ready]
    kept = [{name: W != 0 for name, W in weights(model).items()} for model in ready]
    return Report(
        accuracy=tuple(float(a) for a in accuracy(pair, X, y)),
        zeros=tuple(sparsity(masks) for masks in kept),
        parameters=tuple(
            parameters(model) - sum(int((~mask).sum()) for mask in masks.values())
            for model, masks in zip(ready, kept, strict=True)
        ),
        macs=tuple(macs(model, X[:1]) for model in ready),
        storage={name: (sizes[0][name], sizes[1][name]) for name in sizes[0]},
        latency=(times["0"], times["1"]),
    )
