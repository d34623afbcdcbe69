"""Calls timed in turns, and the ratios between them."""

import statistics
import time
from collections.abc import Callable, Mapping


def processor_seconds(calls: Mapping[str, Callable[[], object]], *, repeats: int) -> dict[str, list[float]]:
    """Seconds of processor time for each call, in every turn but the first, which warms up.

    On one thread this is the time on the clock of an idle machine; what else runs disturbs it less than the clock.
    """
    seconds = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, call in calls.items():
            start = time.process_time()
            call()
            if turn > 0:
                seconds[name].append(time.process_time() - start)
    return seconds


def ratio(above: list[float], below: list[float]) -> tuple[float, float, float]:
    """Median and quartiles of the ratio, taken turn by turn."""
    ratios = [a / b for a, b in zip(above, below, strict=True)]
    lower, middle, upper = statistics.quantiles(ratios, n=4, method="inclusive")
    return middle, lower, upper


def verdict(what: str, value: float, *, at_least: float | None = None, at_most: float | None = None) -> str:
    """One line that says whether a goal was reached."""
    reached = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
    goal = f"at least {at_least:g}" if at_least is not None else f"at most {at_most:g}"
    return f"goal {'reached' if reached else 'MISSED'}: {what} {value:.3g}, {goal} wanted"
