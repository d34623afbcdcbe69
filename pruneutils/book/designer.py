"""A schedule designer: six sliders and a drawing, on the page, in Colab, in JupyterLab and offline, without a kernel.

The pictures of ``explore`` suffice for one slider; six have too many positions to draw all of them beforehand. So
this one computes in the reader's browser, by the rules of ``schedules.PolynomialDecay`` and of ``on_grid``.
"""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from pruneutils._arguments import whole
from pruneutils.book._card import Control, Explorer, card
from pruneutils.book.plots import BLUE, INK, VERMILION
from pruneutils.schedules import PolynomialDecay

__all__ = ["designer", "on_grid"]

LONGEST = 150  # steps on the axis
ALT = "Above, sparsity over training by both rules, with the goal; below, what share of the rest each cut takes."
HEADING = "A schedule designer"
TASK = "load a design, move a slider, and see which rule reaches the goal, and what the hardest cut takes."
BOX = "0 -8 560 402"  # what the script draws in

# setting -> lowest, highest, step, label
_SLIDERS = {
    "initial": (0, 99, 1, "Initial sparsity (%)"),
    "final": (0, 99, 1, "Final sparsity (%)"),
    "begin": (0, 149, 1, "Begin step"),
    "end": (1, 150, 1, "End step"),
    "power": (0.5, 10, 0.5, "Power"),
    "frequency": (1, 120, 1, "Frequency (steps)"),
}


def on_grid(schedule: PolynomialDecay, steps: int) -> list[float]:
    """Sparsity in force after each step if masks are made on the grid only: the rule of TensorFlow's toolkit.

    A mask is made at ``begin_step``, and every ``frequency`` steps from there while ``end_step`` is not past;
    ``PolynomialDecay`` itself also arrives at ``end_step``.

    Parameters
    ----------
    schedule : the smooth curve and its grid.
    steps : number of training steps, from step 0.

    Returns
    -------
    list of ``steps`` sparsities, fractions in [0, 1).

    Raises
    ------
    ValueError
        if ``steps`` is no whole number.

    References
    ----------
    tfmot.sparsity.keras.PruningSchedule, ``_should_prune_in_step``;
    https://www.tensorflow.org/model_optimization/api_docs/python/tfmot/sparsity/keras/PruningSchedule.

    Examples
    --------
    >>> schedule = PolynomialDecay(initial_sparsity=0.0, final_sparsity=0.8, begin_step=0, end_step=3, frequency=2)
    >>> [round(s, 3) for s in on_grid(schedule, 5)], schedule(4)
    ([0.0, 0.0, 0.77, 0.77, 0.77], 0.8)
    """
    last = schedule.begin_step + (schedule.end_step - schedule.begin_step) // schedule.frequency * schedule.frequency
    return [schedule(min(step, last)) for step in range(whole("steps", steps))]


def designer(
    designs: Mapping[str, PolynomialDecay], *, steps: int, number: str, heading: str = HEADING, task: str = TASK
) -> Explorer:
    """Sliders for the six settings of a schedule; the first of ``designs`` is shown first, all can be loaded.

    Parameters
    ----------
    designs : name -> schedule, at least two; sparsities in whole per cent up to 99, a power that is a multiple of 0.5.
    steps : number of training steps, at most 150; no schedule ends later than step 150.
    number : chapter and explorer, such as "7.1"; its place in the page's address.
    heading : what the explorer is.
    task : what to try, one or two sentences that go on after "Try:".

    Returns
    -------
    Explorer, which a notebook shows when it is the last value of a cell.

    Raises
    ------
    ValueError
        if ``steps`` is out of range, there are fewer than two designs, or one of them is no ``PolynomialDecay`` or
        not on a slider's scale, ``number`` is none, or ``heading`` or ``task`` is empty.
    """
    if whole("steps", steps, at_least=1) > LONGEST:
        raise ValueError(f"steps={steps}: expected at most {LONGEST}, where the axis ends")
    if len(designs) < 2:
        raise ValueError(f"designs={designs!r}: expected at least two")
    for name, schedule in designs.items():
        if not isinstance(schedule, PolynomialDecay):
            raise ValueError(f"designs[{name!r}]={schedule!r}: expected a PolynomialDecay")
        for key, value in _settings(schedule).items():
            low, high, step, _ = _SLIDERS[key]
            if not low <= value <= high or (value - low) % step:
                raise ValueError(f"designs[{name!r}]: {key} {value} is not on its slider, {low} to {high} by {step}")
    facts = {name: _facts(schedule, steps) for name, schedule in designs.items()}
    first = next(iter(designs))
    return card(
        number,
        heading,
        task,
        kind="designer",
        presets={name: _settings(schedule) for name, schedule in designs.items()},
        controls={
            key: Control(label, low, high, step, value, f"{value:g}")
            for (key, value), (low, high, step, label) in zip(
                _settings(designs[first]).items(), _SLIDERS.values(), strict=True
            )
        },
        still=_still(designs[first], steps),
        alt=ALT,
        verdict=f"{first} – " + "; ".join(f"{key}: {value}" for key, value in facts[first].items()),
        rows=[["design", *facts[first]], *([name, *map(str, row.values())] for name, row in facts.items())],
        settings={"steps": steps, "longest": LONGEST, "box": BOX},
    )


def _settings(schedule: PolynomialDecay) -> dict[str, float]:
    """What the sliders show: sparsities in per cent, the rest as it is."""
    initial, final = (round(100 * s, 6) for s in (schedule.initial_sparsity, schedule.final_sparsity))
    values = (initial, final, schedule.begin_step, schedule.end_step, schedule.power, schedule.frequency)
    return dict(zip(_SLIDERS, values, strict=True))


def _facts(schedule: PolynomialDecay, steps: int) -> dict[str, object]:
    """A row of the table: what is in force when training ends, and the cuts on the way."""
    kept = 1 - np.array([0.0, *(schedule(step) for step in range(steps))])
    shares = 1 - kept[1:] / kept[:-1]
    cuts = np.flatnonzero(shares)
    return {
        "goal": f"{schedule.final_sparsity:.1%}",
        "toolkit's rule": f"{on_grid(schedule, steps)[-1]:.1%}",
        "ours": f"{1 - kept[-1]:.1%}",
        "cuts (ours)": len(cuts),
        "hardest takes, of what is left": f"{shares.max():.1%}",
        "steps after the last": steps - 1 - int(cuts[-1]) if len(cuts) else 0,
    }


def _still(schedule: PolynomialDecay, steps: int) -> Figure:
    """The first design as a picture, for where no script runs."""
    figure, ax = plt.subplots(figsize=(5.09, 2.6))
    ax.axhline(100 * schedule.final_sparsity, color=INK, linestyle=":", label="goal")
    ax.step(range(steps), [100 * schedule(step) for step in range(steps)], where="post", color=VERMILION, label="ours")
    held = 100 * np.array(on_grid(schedule, steps))
    ax.step(range(steps), held, where="post", color=BLUE, linestyle="--", label="toolkit")
    ax.set(xlabel="training step", ylabel="sparsity (%)", ylim=(-3, 103))
    ax.legend(loc="lower right")
    plt.close(figure)
    return figure
