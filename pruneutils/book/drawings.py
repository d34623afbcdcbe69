"""Drawings of ideas, not of results: a network with what a mask removes, and layers with what reads them.

Functions draw on axes and return nothing. What is kept is solid and blue, what is removed is hollow, dotted and grey,
so that shape and line tell them apart without colour.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle

from pruneutils._arguments import boolean, whole
from pruneutils.book.plots import BLUE, GREY, INK

__all__ = ["layers", "network"]

REMOVED = {"edgecolor": GREY, "facecolor": "none", "linestyle": ":", "linewidth": 1.2}


def _blank(ax: Axes, width: float, height: float, top: float = 0.0) -> None:
    ax.set(xlim=(0, width), ylim=(height, top), aspect="equal")
    ax.set_axis_off()


def network(
    ax: Axes, widths: Sequence[int], masks: Mapping[int, np.ndarray] | None = None, *, labels: Sequence[str] = ()
) -> None:
    """Draw the units of a multilayer perceptron and its weights as lines; removed weights are dotted.

    A unit all of whose inputs or all of whose outputs are removed is drawn hollow.

    Parameters
    ----------
    ax : axes to draw on; they lose their frame.
    widths : number of units of each layer, inputs first.
    masks : number of a weight matrix, from 0 -> boolean array of shape (outputs, inputs), True = keep; a matrix that
        is not named is kept whole.
    labels : a word below each layer, or nothing.

    Raises
    ------
    ValueError
        if there are fewer than two layers, a width is not a whole number above 0, a mask has another shape or belongs
        to no matrix, or there are labels, but not one a layer.
    """
    if len(widths) < 2:
        raise ValueError(f"widths={widths!r}: expected at least two layers")
    widths = [whole("widths", width, at_least=1) for width in widths]
    if labels and len(labels) != len(widths):
        raise ValueError(f"labels={labels!r}: expected one for each of {len(widths)} layers")
    kept = {i: np.ones(sides[::-1], dtype=bool) for i, sides in enumerate(pairwise(widths))}
    for i, mask in (masks or {}).items():
        if i not in kept:
            raise ValueError(f"masks[{i!r}]: expected one of {sorted(kept)}")
        kept[i] = boolean(f"masks[{i!r}]", mask, kept[i].shape)
    gap, tall = 3.0, max(widths)
    _blank(ax, gap * (len(widths) - 1) + 1.2, tall + (1 if labels else 0.2))
    at = [[(0.6 + gap * i, (tall - width) / 2 + 0.5 + j) for j in range(width)] for i, width in enumerate(widths)]
    for i, mask in kept.items():
        for (out, into), keep in np.ndenumerate(mask):
            (x0, y0), (x1, y1) = at[i][into], at[i + 1][out]
            style = {"color": BLUE, "linewidth": 1.3} if keep else {"color": GREY, "linewidth": 0.8, "linestyle": ":"}
            ax.plot([x0, x1], [y0, y1], zorder=1, **style)
    for i, places in enumerate(at):
        heard = kept[i - 1].any(axis=1) if i else np.ones(widths[i], dtype=bool)
        read = kept[i].any(axis=0) if i in kept else np.ones(widths[i], dtype=bool)
        for place, alive in zip(places, heard & read, strict=True):
            style = {"facecolor": BLUE, "edgecolor": BLUE} if alive else REMOVED
            ax.add_patch(Circle(place, 0.3, zorder=2, **style))
        if labels:
            ax.text(places[0][0], tall + 0.5, labels[i], ha="center", va="center")


def layers(ax: Axes, blocks: Sequence[tuple[str, np.ndarray]], *, reads: Sequence[tuple[int, int]] = ()) -> None:
    """Draw layers as columns of channels, with an arrow from each layer to every layer that reads it.

    Parameters
    ----------
    ax : axes to draw on; they lose their frame.
    blocks : (name, boolean array of shape (channels,), True = keep), from input to output.
    reads : (maker, reader), numbers of blocks; by default each block is read by the next.

    Raises
    ------
    ValueError
        if there are no blocks, an array is not boolean with one axis, or an arrow leads from or to no block.
    """
    if not blocks:
        raise ValueError("blocks=[]: expected at least one layer")
    columns = [(name, boolean(f"blocks[{name!r}]", kept, (np.size(kept),))) for name, kept in blocks]
    reads = list(reads) or list(pairwise(range(len(columns))))
    for pair in reads:
        if not all(0 <= end < len(columns) for end in pair):
            raise ValueError(f"reads={pair!r}: expected numbers of blocks below {len(columns)}")
    gap, tall = 3.0, max(len(kept) for _, kept in columns)
    longest = max(reader - maker for maker, reader in reads) if reads else 1
    _blank(ax, gap * (len(columns) - 1) + 1.4, tall + 2.2, top=1.0 - 0.45 * gap * (longest - 1))
    for i, (name, kept) in enumerate(columns):
        left, top = 0.2 + gap * i, 1.1 + (tall - len(kept)) / 2
        for row, keep in enumerate(kept):
            style = {"facecolor": BLUE, "edgecolor": "white"} if keep else REMOVED
            ax.add_patch(Rectangle((left, top + row), 1, 1, **style))
        ax.text(left + 0.5, tall + 1.7, name, ha="center", va="center")
    for maker, reader in reads:
        near = reader == maker + 1
        start, end = (gap * maker + 1.3, gap * reader + 0.1) if near else (gap * maker + 0.7, gap * reader + 0.7)
        height = 1.1 + tall / 2 if near else 1.0
        bend = "arc3" if near else "arc3,rad=-0.25"
        arrow = FancyArrowPatch((start, height), (end, height), arrowstyle="-|>", mutation_scale=10, color=INK)
        arrow.set_connectionstyle(bend)
        ax.add_patch(arrow)
