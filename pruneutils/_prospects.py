"""What pruning would save on a model, before any training: bytes by closed forms, seconds by variants of a copy."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from pruneutils import masks, scores
from pruneutils._arguments import finite, whole
from pruneutils._missing import needed

if TYPE_CHECKING:
    from pruneutils.measure import Latency

__all__ = ["Prospect", "Prospects", "Variant", "prospects"]

SHARES = (0.5, 0.9)
SAME_KERNEL = "zeros are multiplied like any number"
DECODED = "decoded before use: the dense time"


@dataclass(frozen=True)
class Variant:
    """A copy of the model to be timed, or the reason why there is none.

    Attributes
    ----------
    call : function without arguments, one forward pass; None where nothing can be timed.
    note : what was timed, or why nothing was.
    bytes : of its weights where they are fewer numbers; None where closed forms say it.
    """

    call: Callable[[], object] | None
    note: str
    bytes: int | None = None


@dataclass(frozen=True)
class Prospect:
    """What one change would save.

    Attributes
    ----------
    change : what would be done.
    bytes : of the prunable weights, stored so; None where the variant could not be built.
    seconds : ``Latency`` of a forward pass over all of ``X``; None where nothing was timed.
    note : what was timed, or why nothing was.
    """

    change: str
    bytes: int | None
    seconds: "Latency | None"
    note: str


@dataclass(frozen=True)
class Prospects:
    """What each change would save; the first row is the model as it is.

    Attributes
    ----------
    rows : tuple of ``Prospect``.
    """

    rows: tuple[Prospect, ...]

    def __getitem__(self, change: str) -> Prospect:
        """Find the row of a change.

        Raises
        ------
        KeyError
            if there is no such change.
        """
        found = {row.change: row for row in self.rows}
        if change not in found:
            raise KeyError(f"{change!r}: expected one of {list(found)}")
        return found[change]

    def bytes_of(self, change: str) -> float | None:
        """Bytes over those of the model as it is; None where there are none."""
        return None if self[change].bytes is None else self[change].bytes / self.rows[0].bytes

    def time_of(self, change: str) -> float | None:
        """Median time over that of the model as it is; None where nothing was timed."""
        return None if self[change].seconds is None else self[change].seconds.median / self.rows[0].seconds.median

    def table(self) -> str:
        """Lay out the rows as Markdown, bytes and times as shares of the model as it is, quartiles in brackets."""
        lines = ["| change | bytes | of dense | time of dense (quartiles) | note |", "|:---|---:|---:|---:|:---|"]
        dense = self.rows[0].seconds.median
        for row in self.rows:
            size = ("–", "–") if row.bytes is None else (f"{row.bytes:,}", f"{self.bytes_of(row.change):.2f}")
            time = "–"
            if row.seconds is not None:
                mid, low, high = (
                    s / dense for s in (row.seconds.median, row.seconds.lower_quartile, row.seconds.upper_quartile)
                )
                time = f"{mid:.2f} ({low:.2f} to {high:.2f})"
            lines.append(f"| {row.change} | {size[0]} | {size[1]} | {time} | {row.note} |")
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        return self.table()

    def plot(self) -> object:
        """Draw bytes and times as bars, shares of the model as it is; a change without a time has no bar there."""
        with needed("matplotlib", by="Prospects.plot", extra="book"):
            from matplotlib import pyplot as plt
        figure, axes = plt.subplots(1, 2, figsize=(6.4, 0.6 + 0.34 * len(self.rows)), sharey=True)
        names = [row.change for row in self.rows][::-1]
        for ax, share, label in zip(axes, (self.bytes_of, self.time_of), ("bytes", "time"), strict=True):
            found = [share(name) for name in names]
            ax.barh(names, [0 if value is None else value for value in found])
            for place, value in enumerate(found):
                ax.annotate("not measured" if value is None else f" {value:.2f}", (value or 0, place), va="center")
            ax.axvline(1, color="grey", linewidth=1)
            ax.set_xlabel(f"{label} / dense")
            ax.set_xlim(0, 1.25 * max(value or 0 for value in found))
        return figure


def prospects(model: object, X: np.ndarray, repeats: int) -> Prospects:
    """Measure; ``measure.prospects`` says how."""
    from pruneutils import measure

    whole("repeats", repeats, at_least=1)
    with _same_draws():
        asked = measure._asked(model)
        ready = asked.permanent(model)
        try:
            outputs = asked.outputs(ready, X)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            shape = np.shape(X)
            raise ValueError(
                f"model={type(model).__name__} cannot be called on X of shape {shape}: {reason}"
            ) from error
        finite("the outputs of the model on X", outputs)
        weights = asked.weights(ready)
        zeroed = {s: _zeroed(weights, s) for s in SHARES}
        variants = asked.variants(ready, X, zeroed)
        calls = {name: variant.call for name, variant in variants.items() if variant.call is not None}
        times = measure.latency(calls, repeats=repeats, warmup=2, settle=1)
    return Prospects(tuple(_rows(weights, zeroed, variants, times)))


def command(module_and_function: str, repeats: int = 20) -> Prospects:
    """Import ``module:function``, call it for a model and inputs, and measure them."""
    from importlib import import_module

    module, colon, function = module_and_function.partition(":")
    if not colon or not module or not function:
        raise ValueError(f"{module_and_function!r}: expected module:function, the function returning (model, X)")
    model, X = getattr(import_module(module), function)()
    return prospects(model, X, repeats)


def _zeroed(weights: Mapping[str, np.ndarray], share: float) -> dict[str, np.ndarray]:
    """Set the smallest weights of each layer to zero."""
    kept = {name: masks.unstructured(scores.magnitude(W), share) for name, W in weights.items()}
    return {name: np.where(kept[name], W, W.dtype.type(0)) for name, W in weights.items()}


def _rows(
    weights: Mapping[str, np.ndarray],
    zeroed: Mapping[float, Mapping[str, np.ndarray]],
    variants: Mapping[str, Variant],
    times: Mapping[str, "Latency"],
) -> Iterator[Prospect]:
    size = sum(W.size for W in weights.values())
    yield Prospect("dense", 4 * size, times["dense"], "the model as it is")
    for share, W in zeroed.items():
        name, nonzeros = f"{100 * share:.0f} % zeros", sum(int(np.count_nonzero(w)) for w in W.values())
        masked, csr = variants[f"{name}, masked"], variants[f"{name}, CSR"]
        yield Prospect(f"{name}, masked", 4 * size, times[f"{name}, masked"], masked.note)
        yield Prospect(f"{name}, bitmask", 4 * nonzeros + sum(-(-w.size // 8) for w in W.values()), None, DECODED)
        rows = sum(len(np.atleast_2d(w)) + 1 for w in W.values())
        yield Prospect(f"{name}, CSR", 8 * nonzeros + 4 * rows, times.get(f"{name}, CSR"), csr.note)
    yield Prospect("2:4", sum(_two_of_four(W) for W in weights.values()), None, "no such kernel on a CPU")
    half, int8 = variants["half of the channels"], variants["int8"]
    yield Prospect("half of the channels", half.bytes, times.get("half of the channels"), half.note)
    scales = 4 * sum(len(np.atleast_2d(W)) for W in weights.values())
    yield Prospect("int8", size + scales, times.get("int8"), int8.note)


def _two_of_four(W: np.ndarray) -> int:
    """Half of the values and two bits a value for its place; rows that four does not divide stay dense."""
    inputs = W.size // len(np.atleast_1d(W))
    return 4 * W.size // 2 + W.size // 8 if inputs % 4 == 0 else 4 * W.size


@contextmanager
def _same_draws() -> Iterator[None]:
    """Put the generators of Python, NumPy and, where it is loaded, PyTorch back to where they were."""
    import sys

    torch: ModuleType | None = sys.modules.get("torch")
    before = random.getstate(), np.random.get_state(), torch.get_rng_state() if torch else None
    try:
        yield
    finally:
        random.setstate(before[0]), np.random.set_state(before[1])
        if torch:
            torch.set_rng_state(before[2])
