"""Figures to play with, on the page, in Colab, in JupyterLab and offline, without a kernel.

An explorer is a slider over a few pictures that Matplotlib has drawn from numbers a chapter computed. Plotly, Bokeh
and Altair do this as well, but bring a library of their own with each page, larger than the page may be, or load it
from a network. Matplotlib's ``to_jshtml`` stores every frame whole, takes its buttons from a network, and labels
neither slider nor picture.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from pruneutils._arguments import whole
from pruneutils.book import _frames
from pruneutils.book._card import Control, Explorer, card, identity

__all__ = ["Explorer", "Frame", "slider"]

TASK = "move the slider, and watch what changes in the picture and in the line above it."


@dataclass(frozen=True, eq=False)
class Frame:
    """One position of the slider: the figure drawn for it, its value and what it shows, in words or numbers.

    Attributes
    ----------
    figure : Matplotlib figure.
    value : the text beside the slider, such as "90 %".
    facts : name of each quantity -> its value; they are read out, and are the columns of the table.
    """

    figure: Figure
    value: str
    facts: Mapping[str, object]


def slider(
    frames: Sequence[Frame],
    *,
    number: str,
    heading: str,
    label: str,
    alt: str,
    start: int = 0,
    task: str = TASK,
    presets: Iterable[str] | None = None,
) -> Explorer:
    """Put frames on a slider, which is operated with the mouse, a finger or the arrow keys.

    Where no script runs, the frame ``start`` remains as a still picture, with a table of all frames' values.
    Figures are closed, so that the notebook does not show them a second time. Axes that keep their limits from
    frame to frame make the explorer lighter: it stores what frames share once.

    Parameters
    ----------
    frames : at least two, with figures of one size and the same facts in one order.
    number : chapter and explorer, such as "2.1"; its place in the page's address.
    heading : what the explorer is.
    label : what the slider changes, shown beside it, such as "Sparsity of the output layer".
    alt : what all frames have in common and how they change, for those who do not see them.
    start : position shown first, counted from 0.
    task : what to try, one or two sentences that go on after "Try:".
    presets : values that have a button; by default those of the first frame, of ``start`` and of the last.

    Returns
    -------
    Explorer, which a notebook shows when it is the last value of a cell.

    Raises
    ------
    ValueError
        if there are fewer than two frames, one of them is no ``Frame``, lacks a value or facts, or differs in size
        or in the names of its facts from the first, two have one value, ``number`` is none, ``heading``, ``label``,
        ``alt`` or ``task`` is empty, ``start`` is no position, or a preset no frame's value. No figure is closed
        then.

    Examples
    --------
    >>> frames = [Frame(Figure(figsize=(2, 1)), f"{k} of 4", {"left": 4 - k, "share": k / 4}) for k in range(3)]
    >>> alt = "Four weights, of which the smallest are grey."
    >>> slider(frames, number="1.1", heading="Four weights", label="Removed", alt=alt, start=1)
    Removed | left | share
    0 of 4  | 4    | 0.0
    1 of 4  | 3    | 0.25
    2 of 4  | 2    | 0.5
    """
    rows, place = _table(frames, label, alt), identity(number, heading, task)
    values, last = [frame.value for frame in frames], len(frames) - 1
    if whole("start", start) > last:
        raise ValueError(f"start={start!r}: expected a position from 0 to {last}")
    presets = [values[i] for i in sorted({0, start, last})] if presets is None else list(presets)
    for name in presets:
        if name not in values:
            raise ValueError(f"presets: {name!r}, expected some of {values}")
    sizes = [tuple(map(float, np.round(frame.figure.get_size_inches(), 3))) for frame in frames]
    for i, size in enumerate(sizes):
        if size != sizes[0]:
            raise ValueError(f"frames[{i}].figure of {size} inches: expected {sizes[0]}")
    parts, runs = _frames.shared([_frames.drawing(frame.figure, "", place) for frame in frames])
    said = [f"{row[0]} – " + "; ".join(map(": ".join, zip(rows[0][1:], row[1:], strict=True))) for row in rows[1:]]
    explorer = card(
        number,
        heading,
        task,
        kind="slider",
        presets={name: {"position": values.index(name)} for name in presets},
        controls={"position": Control(label, 0, last, 1, start, values[start])},
        still=frames[start].figure,
        alt=" ".join(alt.split()),
        verdict=said[start],
        rows=rows,
        settings={
            "parts": parts,
            "frames": [
                {"value": frame.value, "verdict": verdict, "runs": taken}
                for frame, verdict, taken in zip(frames, said, runs, strict=True)
            ],
        },
    )
    for frame in frames:
        plt.close(frame.figure)
    return explorer


def _table(frames: Sequence[Frame], label: str, alt: str) -> list[list[str]]:
    """The heading and a row for each frame, as text, once all of it is seen to be right."""
    for name, text in (("label", label), ("alt", alt)):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name}={text!r}: expected words")
    if not isinstance(frames, Sequence) or len(frames) < 2:
        raise ValueError(f"frames={frames!r}: expected a list of at least two")
    for i, frame in enumerate(frames):
        if not isinstance(frame, Frame) or not isinstance(frame.figure, Figure):
            raise ValueError(f"frames[{i}]={frame!r}: expected a Frame with a Matplotlib figure")
        if not isinstance(frame.value, str) or not frame.value.strip():
            raise ValueError(f"frames[{i}].value={frame.value!r}: expected words, such as '90 %'")
        if not isinstance(frame.facts, Mapping) or not frame.facts or list(frame.facts) != list(frames[0].facts):
            expected = "those of frames[0], in their order" if i else "a mapping of names to values"
            raise ValueError(f"frames[{i}].facts={frame.facts!r}: expected {expected}")
    values = [frame.value for frame in frames]
    repeated = [value for value in values if values.count(value) > 1]
    if repeated:
        raise ValueError(f"frames: {len(repeated)} of value {repeated[0]!r}, expected different values")
    return [[label, *map(str, frames[0].facts)], *([f.value, *map(str, f.facts.values())] for f in frames)]
