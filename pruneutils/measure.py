"""Question four, what did it do, honestly: sparsity, parameters, operations, bytes and seconds.

``sparsity``, ``storage`` and ``latency`` know no framework; the others take PyTorch modules.
"""

import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pruneutils._arguments import some, whole

if TYPE_CHECKING:
    from torch import nn


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
        if ``masks`` is empty or an array is not boolean.

    Examples
    --------
    >>> sparsity({"a": np.array([True, False]), "b": np.array([True, True])})
    0.25
    """
    for name, mask in some("masks", masks).items():
        if np.asarray(mask).dtype != bool:
            raise ValueError(f"masks[{name!r}] of dtype {np.asarray(mask).dtype}: expected a boolean array")
    removed = sum(int((~np.asarray(mask)).sum()) for mask in masks.values())
    return removed / sum(np.size(mask) for mask in masks.values())


def parameters(model: "nn.Module") -> int:
    """Number of parameters that no mask removes, biases and normalisation included.

    Parameters
    ----------
    model : PyTorch module, with or without masks.

    Returns
    -------
    whole number.

    Examples
    --------
    >>> from torch import nn
    >>> parameters(nn.Linear(3, 2))
    8
    """
    from pruneutils.pytorch import masks_of

    total = sum(parameter.numel() for parameter in model.parameters())
    return total - sum(int((~mask).sum()) for mask in masks_of(model).values())


def macs(model: "nn.Module", inputs: np.ndarray, *, skip_masked: bool = False) -> int:
    """Multiply-accumulate operations of one forward pass in matrix products and convolutions.

    Counted by ``torch.utils.flop_counter``, at two floating-point operations each.

    Parameters
    ----------
    model : PyTorch module.
    inputs : array of shape (samples, ...); a batch of one gives the operations a sample.
    skip_masked : count each masked layer's operations times its share of kept weights:
        what would be left on hardware that skips every zero, which ordinary kernels do not.

    Returns
    -------
    whole number.

    References
    ----------
    Blalock et al. (2020), section 5, ask for operations beside parameters; https://arxiv.org/abs/2003.03033.

    Examples
    --------
    >>> from torch import nn
    >>> macs(nn.Sequential(nn.Linear(3, 2)), np.ones((1, 3)))
    6
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from pruneutils.pytorch import masks_of, weights

    weights(model)  # refuses a model without prunable layers
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model(torch.from_numpy(np.asarray(inputs, dtype=np.float32)))
    total = counter.get_total_flops() / 2
    if skip_masked:
        counts = counter.get_flop_counts()
        for name, mask in masks_of(model).items():
            of_layer = sum(counts.get(f"{type(model).__name__}.{name}".rstrip("."), {}).values()) / 2
            total -= of_layer * (1 - mask.mean())
    return round(total)


def storage(weights: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Bytes that the weights take in four formats; only zeros that are exact zeros save anything.

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
    arrays = [np.asarray(W, dtype=np.float32) for W in some("weights", weights).values()]
    nonzeros = sum(int(np.count_nonzero(W)) for W in arrays)
    return {
        "dense": sum(W.nbytes for W in arrays),
        "gzip": len(zlib.compress(b"".join(W.tobytes() for W in arrays), 9)),
        "csr": 8 * nonzeros + sum(4 * (len(np.atleast_2d(W)) + 1) for W in arrays),
        "bitmask": 4 * nonzeros + sum(-(-W.size // 8) for W in arrays),
    }


@dataclass(frozen=True)
class Latency:
    """Seconds for one call: the median and the quartiles around it."""

    median: float
    lower_quartile: float
    upper_quartile: float

    def __str__(self) -> str:
        low, mid, high = (1e6 * s for s in (self.lower_quartile, self.median, self.upper_quartile))
        return f"{mid:.0f} µs ({low:.0f} to {high:.0f})"


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


@dataclass(frozen=True)
class Report:
    """What pruning did to one model; each pair is (original, pruned).

    Attributes
    ----------
    accuracy : fractions of samples.
    sparsity : fraction of prunable weights removed by masks.
    parameters : numbers not removed by a mask.
    macs : multiply-accumulates a sample, as executed, zeros included.
    storage : format -> bytes of the prunable weights.
    latency : seconds for the whole batch.
    """

    accuracy: tuple[float, float]
    sparsity: float
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
            ("sparsity", "0.0 %", f"{100 * self.sparsity:.1f} %"),
            ("parameters kept", *(f"{value:,}" for value in self.parameters)),
            ("compression ratio", "1.0", f"{self.compression_ratio:.1f}"),
            ("multiply-accumulates, as executed", *(f"{value:,}" for value in self.macs)),
            *((f"weights, {name} (bytes)", *(f"{v:,}" for v in pair)) for name, pair in self.storage.items()),
            ("latency of the batch, median (quartiles)", *(str(value) for value in self.latency)),
        ]
        lines = ["| | original | pruned |", "|---|---:|---:|"]
        return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def evaluate_pruning(
    original: "nn.Module", pruned: "nn.Module", X: np.ndarray, y: np.ndarray, *, repeats: int = 50
) -> Report:
    """Measure a model before and after pruning, side by side, on the same data and in the same run.

    Parameters
    ----------
    original, pruned : PyTorch classifiers; ``pruned`` may hold masks, have them made permanent, or be smaller.
    X : array of shape (samples, ...), float32.
    y : array of shape (samples,), integer labels.
    repeats : timed forward passes over all of ``X``.

    Returns
    -------
    ``Report``.
    """
    import torch

    from pruneutils.pytorch import clone, make_permanent, masks_of, weights
    from pruneutils.train import accuracy

    pair = (original, pruned)
    ready = [clone(model).eval() for model in pair]
    for model in ready:
        make_permanent(model)
    inputs = torch.from_numpy(np.asarray(X, dtype=np.float32))
    with torch.inference_mode():
        times = latency({str(i): lambda model=model: model(inputs) for i, model in enumerate(ready)}, repeats=repeats)
    sizes = [storage(weights(model)) for model in pair]
    return Report(
        accuracy=tuple(float(a) for a in accuracy(pair, X, y)),
        sparsity=sparsity(masks_of(pruned)),
        parameters=tuple(parameters(model) for model in pair),
        macs=tuple(macs(model, X[:1]) for model in ready),
        storage={name: (sizes[0][name], sizes[1][name]) for name in sizes[0]},
        latency=(times["0"], times["1"]),
    )
