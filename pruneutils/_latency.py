"""Seconds for a call, measured in turns; public as ``pruneutils.measure.latency``."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pruneutils._arguments import some, whole


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
