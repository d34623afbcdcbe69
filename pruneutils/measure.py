"""Question four, what did it do, honestly: sparsity, parameters, operations, bytes and seconds.

``sparsity``, ``storage``, ``save_sparse``, ``load_sparse``, ``latency``, ``accuracy`` and ``calibration_error`` know no
framework; the others take models, PyTorch modules or Keras 3 models of the TensorFlow or PyTorch backend, and ask the
adapter of each.
"""

import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from pruneutils._arguments import finite, some, whole
from pruneutils._bitmask import load_sparse, save_sparse
from pruneutils._prospects import Prospect, Prospects
from pruneutils._prospects import prospects as _made

if TYPE_CHECKING:
    import keras
    from torch import nn

__all__ = [
    "Latency", "Prospect", "Prospects", "Report", "accuracy", "calibration_error", "evaluate_pruning", "latency",
    "load_sparse", "macs", "parameters", "prospects", "save_sparse", "sparsity", "storage",
]  # fmt: skip


@dataclass(frozen=True)
class Latency:
    """Seconds for one call.

    Attributes
    ----------
    median, lower_quartile, upper_quartile : of the timed calls, in seconds.
    """

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
    score : what ``score_name`` says of outputs and labels, by default the accuracy, fractions of samples.
    score_name : name of the function that made it of them.
    zeros : fractions of prunable weights that are exactly zero, whether a mask, pruning made permanent or chance
        made them so; ``measure.sparsity`` counts by mask instead.
    parameters : numbers of parameters, without those zeros.
    macs : multiply-accumulates a sample, as executed, zeros included.
    storage : format -> bytes of the prunable weights.
    latency : seconds for the whole batch.
    """

    score: tuple[float, float]
    score_name: str
    zeros: tuple[float, float]
    parameters: tuple[int, int]
    macs: tuple[int, int]
    storage: dict[str, tuple[int, int]]
    latency: tuple[Latency, Latency]

    @property
    def compression_ratio(self) -> float:
        """Parameters before over parameters after."""
        return self.parameters[0] / self.parameters[1]

    def _shown(self, score: float) -> str:
        return f"{100 * score:.1f} %" if self.score_name == "accuracy" else f"{score:.4g}"

    def _repr_markdown_(self) -> str:
        rows = [
            (self.score_name, *(self._shown(value) for value in self.score)),
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


def parameters(model: "nn.Module | keras.Model") -> int:
    """Number of parameters that no mask removes, biases and normalisation included, running statistics not.

    Parameters
    ----------
    model : PyTorch module, with or without masks of ``torch.nn.utils.prune``; or Keras 3 model, with or without those
        of ``pruneutils.keras``.

    Returns
    -------
    whole number.

    Raises
    ------
    ValueError
        as for ``weights`` of the model's adapter, and if it is neither a PyTorch module nor a Keras 3 model.

    Examples
    --------
    >>> from torch import nn
    >>> parameters(nn.Linear(3, 2))
    8
    """
    return _asked(model).parameters(model)


def macs(model: "nn.Module | keras.Model", inputs: np.ndarray, *, skip_masked: bool = False) -> int:
    """Multiply-accumulate operations of one forward pass in matrix products and convolutions.

    The pass is one as at inference: the model, its running statistics included, stays as it is.
    In PyTorch all operations are seen, by ``torch.utils.flop_counter``. In Keras they are counted layer by layer, from
    the shapes that each meets: what a layer of your own or a ``Lambda`` multiplies without a kernel is not among them.

    Parameters
    ----------
    model : PyTorch module or Keras 3 model.
    inputs : array of shape (samples, ...); a batch of one gives the operations a sample.
        For a PyTorch module it is sent to the model's own device and float type.
    skip_masked : count each masked layer's operations times its share of kept weights:
        what would be left on hardware that skips every zero, which ordinary kernels do not.

    Returns
    -------
    whole number.

    Raises
    ------
    ValueError
        as for ``parameters``, and if a Keras model has a layer for which there is no formula: one with a kernel that is
        not dense, convolutional or multi-head attention (recurrent ones are not), or ``Dot``, ``Attention`` or
        ``AdditiveAttention``.

    References
    ----------
    Blalock et al. (2020) ask for operations beside parameters; https://arxiv.org/abs/2003.03033.

    Examples
    --------
    >>> from torch import nn
    >>> macs(nn.Sequential(nn.Linear(3, 2)), np.ones((1, 3)))
    6
    """
    return _asked(model).macs(model, inputs, skip_masked)


def storage(weights: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Bytes that the weights take in four formats; only zeros that are exact zeros save anything.

    The sign that ``w * 0`` leaves on a zero is dropped: it says nothing, yet does not compress.

    Parameters
    ----------
    weights : layer name -> float32 array, zeros written in (``weights(model)`` of an adapter).

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


def latency(
    calls: Mapping[str, Callable[[], object]], *, repeats: int = 50, warmup: int = 5, settle: int = 0
) -> dict[str, Latency]:
    """Time several calls in one run, taking turns, so that a change of the machine's mood hits all of them.

    Parameters
    ----------
    calls : name -> function without arguments.
    repeats : timed calls of each.
    warmup : untimed calls of each beforehand.
    settle : untimed calls right before each timed one. Without them a call begins with the caches and the memory
        that the one before it has left, and a fast call behind a slow one takes longer than by itself.

    Returns
    -------
    name -> ``Latency``, in seconds. The number of threads is the caller's to fix.

    Raises
    ------
    ValueError
        if ``calls`` is empty, ``repeats`` is below 1, or ``warmup`` or ``settle`` below 0.

    Examples
    --------
    >>> times = latency({"sum": lambda: sum(range(1000)), "nothing": lambda: None})
    >>> times["sum"].median > times["nothing"].median
    True
    """
    some("calls", calls), whole("repeats", repeats, at_least=1), whole("warmup", warmup)
    whole("settle", settle)
    seconds = {name: [] for name in calls}
    for turn in range(warmup + repeats):
        for name, call in calls.items():
            for _ in range(settle):
                call()
            start = time.perf_counter()
            call()
            if turn >= warmup:
                seconds[name].append(time.perf_counter() - start)
    return {
        name: Latency(*(float(q) for q in np.quantile(taken, [0.5, 0.25, 0.75]))) for name, taken in seconds.items()
    }


def accuracy(outputs: np.ndarray, y: np.ndarray) -> float:
    """Share of samples whose largest output is the label's.

    Parameters
    ----------
    outputs : array of shape (samples, classes).
    y : array of shape (samples,), integer labels.

    Returns
    -------
    fraction in [0, 1].

    Raises
    ------
    ValueError
        if the shapes are others, or there is no sample.

    Examples
    --------
    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    """
    outputs, y = np.asarray(outputs), np.asarray(y)
    if outputs.ndim != 2 or y.shape != outputs.shape[:1] or len(y) == 0:
        raise ValueError(
            f"outputs of shape {outputs.shape}, y of shape {y.shape}: expected (samples, classes) and (samples,)"
        )
    return float((outputs.argmax(axis=1) == y).mean())


def calibration_error(probabilities: np.ndarray, y: np.ndarray, *, bins: int = 15) -> float:
    """Expected calibration error: how far the confidence in a prediction is from the share of right ones.

    Samples are sorted by confidence, their largest probability, into bins of equal width. In each bin the mean
    confidence is compared with the accuracy; the gaps, without their signs, are averaged over all samples.

    Parameters
    ----------
    probabilities : array of shape (samples, classes), rows that sum to 1: a softmax, not logits.
    y : array of shape (samples,), integer labels.
    bins : number of bins; a bin holds its upper edge, not its lower one.

    Returns
    -------
    fraction in [0, 1], 0 for perfect calibration.

    Raises
    ------
    ValueError
        if the shapes are others, there is no sample, a row is no distribution, or ``bins`` is below 1.

    References
    ----------
    Guo et al. (2017), equation 3; https://arxiv.org/abs/1706.04599.

    Examples
    --------
    >>> round(calibration_error(np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([0, 0])), 2)
    0.4
    """
    probabilities, y = finite("probabilities", probabilities), np.asarray(y)
    if probabilities.ndim != 2 or y.shape != probabilities.shape[:1]:
        raise ValueError(
            f"probabilities of shape {probabilities.shape}, y of shape {y.shape}: "
            "expected (samples, classes) and (samples,)"
        )
    sums = probabilities.sum(axis=1)
    if probabilities.min() < 0 or not np.allclose(sums, 1, atol=1e-4):
        raise ValueError(f"probabilities: rows sum to {sums.min():.3g} to {sums.max():.3g}, expected distributions")
    confidence = probabilities.max(axis=1).astype(np.float64)
    gap = (probabilities.argmax(axis=1) == y) - confidence
    of = np.clip(np.ceil(confidence * whole("bins", bins, at_least=1)).astype(int) - 1, 0, bins - 1)
    return float(np.abs(np.bincount(of, gap)).sum() / len(y))


def evaluate_pruning(
    original: "nn.Module | keras.Model",
    pruned: "nn.Module | keras.Model",
    X: np.ndarray,
    y: np.ndarray,
    *,
    score: Callable[[np.ndarray, np.ndarray], float] = accuracy,
    repeats: int = 50,
) -> Report:
    """Measure a model before and after pruning, side by side, on the same data and in the same run.

    Parameters
    ----------
    original, pruned : PyTorch modules or Keras 3 models; ``pruned`` may hold masks, have them made permanent, or be
        smaller.
    X : array of shape (samples, ...), float32; sent to each PyTorch module's own device and float type.
    y : array of shape (samples, ...), what ``score`` compares the outputs with; by default integer labels.
    score : (outputs, y) -> number; by default ``accuracy``.
    repeats : timed forward passes over all of ``X``, each a plain call of the model: Keras's ``predict`` is not timed.

    Returns
    -------
    ``Report``. Removed is what is exactly zero, whether a mask holds it or it was made permanent.

    Raises
    ------
    ValueError
        as for ``macs`` and ``accuracy``, and if ``X`` and ``y`` differ in length, ``score`` cannot be called or
        ``repeats`` is below 1.

    Examples
    --------
    >>> from torch import nn
    >>> model, X, y = nn.Linear(4, 2), np.ones((3, 4), dtype=np.float32), np.array([0, 1, 1])
    >>> evaluate_pruning(model, model, X, y, repeats=1).parameters
    (10, 10)
    """
    X, y, pair = np.asarray(X), np.asarray(y), (original, pruned)
    if X.shape[:1] != y.shape[:1] or y.size == 0:
        raise ValueError(f"X of shape {X.shape}, y of shape {y.shape}: expected one target a sample, at least one")
    if not callable(score):
        raise ValueError(f"score={score!r}: expected a function of outputs and y")
    asked = [_asked(model) for model in pair]
    ready = [ask.permanent(model) for ask, model in zip(asked, pair, strict=True)]
    both = list(zip(asked, ready, strict=True))
    times = latency({str(i): ask.forward(model, X) for i, (ask, model) in enumerate(both)}, repeats=repeats, settle=1)
    weights, held = [ask.weights(model) for ask, model in both], [ask.masks_of(model) for ask, model in both]
    kept = [{name: W != 0 for name, W in of_model.items()} for of_model in weights]
    sizes = [storage(of_model) for of_model in weights]
    return Report(
        score=tuple(float(score(ask.outputs(model, X), y)) for ask, model in both),
        score_name=getattr(score, "__name__", "score"),
        zeros=tuple(sparsity(masks) for masks in kept),
        parameters=tuple(
            ask.parameters(model) - sum(int((W[masks[name]] == 0).sum()) for name, W in of_model.items())
            for (ask, model), of_model, masks in zip(both, weights, held, strict=True)
        ),
        macs=tuple(macs(model, X[:1]) for model in ready),
        storage={name: (sizes[0][name], sizes[1][name]) for name in sizes[0]},
        latency=(times["0"], times["1"]),
    )


def prospects(model: "nn.Module | keras.Model", X: np.ndarray, *, repeats: int = 20) -> Prospects:
    """Say what pruning and int8 would save on this model and this machine, before any training.

    Copies are changed and timed in turns: zeros written in, at 50 and 90 % of each layer; linear layers computed as
    compressed sparse rows; half of the outputs of each layer removed; linear layers in int8. Accuracy is not asked.
    ``python -m pruneutils.prospects module:function`` prints the table for what the function returns, (model, X).

    Parameters
    ----------
    model : PyTorch module or Keras 3 model; it stays as it is, and so do the random generators.
    X : array of shape (samples, ...), float32: the batch that is timed.
    repeats : timed forward passes of each variant.

    Returns
    -------
    ``Prospects``: rows with ``bytes`` of the prunable weights, ``seconds`` (a ``Latency``, or None where nothing was
    timed, which ``note`` explains); ``table()`` is Markdown, ``plot()`` a figure, ``bytes_of(change)`` and
    ``time_of(change)`` are shares of the model as it is.

    Raises
    ------
    ValueError
        as for ``parameters``, and if the model cannot be called on ``X``, its outputs are not finite, or ``repeats``
        is below 1.

    Examples
    --------
    >>> from torch import nn
    >>> model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    >>> found = prospects(model, np.ones((8, 64), dtype=np.float32), repeats=1)
    >>> found.bytes_of("50 % zeros, masked")
    1.0
    """
    return _made(model, X, repeats)


def _asked(model: object) -> ModuleType:
    """Find what answers for models of this framework, which is imported only now."""
    libraries = {base.__module__.partition(".")[0] for base in type(model).__mro__}
    for library, adapter in {"keras": "keras", "torch": "pytorch"}.items():  # a Keras model may be a module of torch
        if library in libraries:
            return import_module(f"pruneutils.{adapter}._measured")
    raise ValueError(f"model={type(model).__name__}: expected a PyTorch module or a Keras 3 model")
