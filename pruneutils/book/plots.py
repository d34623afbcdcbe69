"""Figures of the book: one look, colours that survive colour blindness; on the page they follow light and dark.

Functions draw what they are given on axes and return nothing; they compute no result.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib_inline.backend_inline import set_matplotlib_formats

__all__ = [
    "BLUE", "GREEN", "GREY", "INK", "MARKERS", "ORANGE", "PURPLE", "SIGNED", "SKY", "VERMILION",
    "against_sparsity", "matrix", "series", "style", "units", "weight_histograms",
]  # fmt: skip

# Okabe & Ito (2008), Color universal design; https://jfly.uni-koeln.de/color/. Black for baselines.
BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
GREY, INK = "#595959", "#1a1a1a"
NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
MARKERS = ("o", "s", "^", "D", "v", "P")
SIGNED = LinearSegmentedColormap.from_list("signed", [VERMILION, "#ffffff", BLUE])


def style() -> None:
    """Set Matplotlib's defaults for every figure of the book; a notebook then stores figures as SVG.

    The same figure gives the same bytes: names in the file have a fixed salt, and it carries no date.
    """
    if get_ipython() is not None:
        set_matplotlib_formats("svg", bbox_inches="tight", metadata=NO_METADATA)
    colours = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY]
    plt.rcParams.update(
        {
            "figure.figsize": (6.4, 3.6),
            "figure.dpi": 110,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "white",
            "axes.facecolor": "white",
            "axes.prop_cycle": plt.cycler(color=colours),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": GREY,
            "axes.labelcolor": INK,
            "axes.titlelocation": "left",
            "axes.titlesize": "medium",
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#e3e3e3",
            "grid.linewidth": 0.8,
            "legend.frameon": False,
            "image.interpolation": "nearest",
            "font.size": 10,
            "svg.fonttype": "none",
            "svg.hashsalt": "pruneutils",
        }
    )


def against_sparsity(
    ax: Axes,
    curves: Mapping[str, Mapping[float, np.ndarray]],
    *,
    baseline: np.ndarray,
    baseline_label: str,
    quantity: str = "test accuracy (%)",
) -> None:
    """Draw one line a method: the mean over seeds, with a band from the worst to the best seed.

    Parameters
    ----------
    ax : axes to draw on.
    curves : method -> sparsity -> array of shape (seeds,), fractions.
    baseline : array of shape (seeds,), fractions; its mean is the dashed line.
    baseline_label, quantity : what the line is, and what the vertical axis measures.
    """
    for (label, points), marker in zip(curves.items(), MARKERS, strict=False):
        kept = [100 * (1 - s) for s in points]
        values = 100 * np.array(list(points.values()))
        (line,) = ax.plot(kept, values.mean(axis=1), marker=marker, label=label)
        ax.fill_between(kept, values.min(axis=1), values.max(axis=1), color=line.get_color(), alpha=0.18, linewidth=0)
    ax.axhline(100 * np.mean(baseline), color=INK, linestyle="--", linewidth=1.2, label=baseline_label)
    sparsities = sorted({s for points in curves.values() for s in points})
    ax.set_xscale("log")
    ax.set_xlim(ax.get_xlim()[::-1])
    ax.set_xticks(
        [100 * (1 - s) for s in sparsities], [f"{100 * s:g} %\n{1 / (1 - s):.3g}×" for s in sparsities], minor=False
    )
    ax.set_xticks([], minor=True)
    ax.set_xlabel("sparsity (%), and compression ratio of the weights")
    ax.set_ylabel(quantity)
    ax.legend()


def weight_histograms(axes: np.ndarray, stages: Mapping[str, Mapping[str, np.ndarray]], *, bins: int = 61) -> None:
    """Draw a grid of histograms, a row for each layer and a column for each stage, counts on a log scale.

    Exact zeros are a black bar of their own, labelled with their number.

    Parameters
    ----------
    axes : array of shape (layers, stages) of axes, which share their scales.
    stages : stage -> layer -> array of weights.
    bins : number of bins over the range of all weights.
    """
    colours = (BLUE, ORANGE, GREEN, PURPLE)
    reach = max(np.abs(W).max() for layers in stages.values() for W in layers.values())
    edges = np.linspace(-reach, reach, bins + 1)
    for column, (stage, layers) in enumerate(stages.items()):
        for row, (layer, W) in enumerate(layers.items()):
            ax, zeros = axes[row, column], int((W == 0).sum())
            counts, _ = np.histogram(W[W != 0], edges)
            ax.stairs(counts, edges, fill=True, color=colours[row % len(colours)])
            if zeros:
                ax.bar(0, zeros, width=2 * (edges[1] - edges[0]), color=INK)
                ax.annotate(f"{zeros:,} zeros", (0, zeros), xytext=(6, -8), textcoords="offset points")
            ax.set_yscale("log")
            if row == 0:
                ax.set_title(stage.replace(", ", ",\n"))
                ax.locator_params(axis="x", nbins=4)
            if column == 0:
                ax.set_ylabel(f"layer {layer}\nweights (count)")
            if row == len(layers) - 1:
                ax.set_xlabel("weight (no unit)")


def matrix(ax: Axes, W: np.ndarray, *, title: str, reach: float | None = None, annotate: str | None = None) -> None:
    """Draw a matrix as coloured cells: blue above zero, orange-red below, removed entries grey with a 0 or a cross.

    Parameters
    ----------
    ax : axes to draw on.
    W : array of shape (rows, columns); exact zeros count as removed.
    title : heading of the picture.
    reach : value of the strongest colour; by default the largest absolute entry.
    annotate : format of a number in each cell, such as ".2f", or None for no numbers.
    """
    reach = reach or float(np.abs(W).max()) or 1.0
    ax.imshow(W, cmap=SIGNED, vmin=-reach, vmax=reach)
    removed = np.ma.masked_where(W != 0, np.ones_like(W, dtype=float))
    ax.imshow(removed, cmap=ListedColormap(["#d0d0d0"]))
    for (row, column), value in np.ndenumerate(W):
        if value == 0:
            text, colour = ("×" if annotate is None else "0"), GREY
        else:
            text, colour = format(value, annotate or ""), "white" if abs(value) > 0.6 * reach else INK
        if value == 0 or annotate:
            ax.text(column, row, text, ha="center", va="center", color=colour)
    ax.grid(False)
    ax.set_title(title)
    ax.set_xlabel("input")
    ax.set_ylabel("output")


def series(
    ax: Axes, lines: Mapping[str, Sequence[float]], *, xlabel: str, ylabel: str, baseline: Mapping[str, float] | None
) -> None:
    """Draw values step by step, one line a case, with dashed baselines.

    Parameters
    ----------
    ax : axes to draw on.
    lines : label -> value at step 0, 1, 2, ...
    xlabel, ylabel : axis labels with units.
    baseline : label -> constant value, or None.
    """
    for (label, values), marker in zip(lines.items(), MARKERS, strict=False):
        every = max(1, len(values) // 10)
        first = round(MARKERS.index(marker) * every / len(lines))  # lines that coincide show all markers
        ax.plot(range(len(values)), values, marker=marker, markevery=(first, every), label=label)
    for (label, value), linestyle in zip((baseline or {}).items(), ("--", ":", "-."), strict=False):
        ax.axhline(value, color=INK, linestyle=linestyle, linewidth=1.2, label=label)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.legend()


def units(ax: Axes, mask: np.ndarray, unit: np.ndarray, *, title: str) -> None:
    """Draw a mask as cells, blue where it keeps and grey with a cross where it removes, with a line around each unit.

    Parameters
    ----------
    ax : axes to draw on.
    mask : boolean array of shape (rows, columns), True = keep.
    unit : array of the same shape; cells that are removed together have the same number.
    title : heading of the picture.
    """
    ax.imshow(mask, cmap=ListedColormap(["#d0d0d0", SKY]), vmin=0, vmax=1)
    rows, columns = np.nonzero(~mask)
    ax.plot(columns, rows, "x", color=GREY, markersize=2.5, markeredgewidth=0.7)
    framed = np.pad(unit, 1, constant_values=-1)  # so that the outline differs from every unit
    for row, column in np.argwhere(framed[1:, 1:-1] != framed[:-1, 1:-1]):
        ax.plot([column - 0.5, column + 0.5], [row - 0.5, row - 0.5], color=INK, linewidth=0.8)
    for row, column in np.argwhere(framed[1:-1, 1:] != framed[1:-1, :-1]):
        ax.plot([column - 0.5, column - 0.5], [row - 0.5, row + 0.5], color=INK, linewidth=0.8)
    ax.set(title=title, xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.grid(False)
