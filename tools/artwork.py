"""Draw the book's logo, icons and social card: a matrix of weights, of which a mask keeps some.

    python -m tools.artwork    writes _static/{logo.svg,icon-32.png,icon-180.png,social-card.png}

A kept weight is a square, blue above zero and orange-red below; a removed one is a dot. Shape and colour both tell
them apart, and all three colours stand out on white and on black. The same script gives the same pictures.
"""

from pathlib import Path

import matplotlib.image
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pruneutils.book.plots import BLUE, INK, VERMILION
from pruneutils.masks import unstructured
from pruneutils.scores import magnitude

ROOT = Path(__file__).resolve().parent.parent
TITLE = "Pruning\nneural networks,\nmeasured"
SUBTITLE = "Every result was printed\nby the code beside it."
REMOVED = "#808080"
LOGO = np.array([[2, 0, -1, 0], [0, 1, 0, -2], [-1, 0, 0, 1], [0, 2, 1, 0]])
CELL, KEPT, DOT = 4, 3, 1  # in units of the logo, which has a pixel each in an icon of 16


def squares(W):
    """Left, top, side and colour of each entry of W, in units; an exact zero was removed."""
    for (row, column), value in np.ndenumerate(W):
        side, colour = (KEPT, BLUE if value > 0 else VERMILION) if value else (DOT, REMOVED)
        inset = 0.5 + (KEPT - side) / 2
        yield CELL * column + inset, CELL * row + inset, side, colour


def logo(W=LOGO):
    """The picture of a matrix as SVG."""
    size = CELL * len(W)
    cells = (f'<path fill="{c}" d="M{x:g} {y:g}h{a}v{a}h-{a}z"/>' for x, y, a, c in squares(W))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}" height="{size}">'
    return "\n".join([head, *cells, "</svg>\n"])


def icon(pixels, ground, margin=0, W=LOGO):
    """The same as an array of shape (pixels, pixels, 4), on a ground of its own or on none."""
    image = np.tile(to_rgba(ground), (pixels, pixels, 1))
    scale = (pixels - 2 * margin) / (CELL * len(W))
    for x, y, side, colour in squares(W):
        left, top, right, bottom = (round(margin + scale * edge) for edge in (x, y, x + side, y + side))
        image[top:bottom, left:right] = to_rgba(colour)
    return image


def card():
    """The social card: the title beside a large matrix, pruned as chapter 2 does it; 1200 by 630 pixels."""
    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor="white")
    figure.text(0.05, 0.865, TITLE, fontsize=41, fontweight="bold", color=INK, va="top", linespacing=1.25)
    figure.text(0.05, 0.135, SUBTITLE, fontsize=23, color=INK, va="bottom", linespacing=1.4)
    W = np.random.default_rng(0).standard_normal((10, 10))
    W *= unstructured(magnitude(W), 0.6)
    reach = CELL * len(W)
    ax = figure.add_axes((0.56, 0.119, 0.4, 0.762), xlim=(0, reach), ylim=(reach, 0), aspect="equal")
    ax.set_axis_off()
    for x, y, side, colour in squares(W):
        ax.add_patch(Rectangle((x, y), side, side, color=colour, linewidth=0))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def write(folder):
    """Write all pictures; the PNG files carry no version of the library that wrote them."""
    (folder / "logo.svg").write_text(logo(), encoding="utf-8")
    pictures = {"icon-32": icon(32, "none"), "icon-180": icon(180, "white", margin=18), "social-card": card()}
    for name, image in pictures.items():
        matplotlib.image.imsave(folder / f"{name}.png", image, metadata={"Software": None})


if __name__ == "__main__":
    write(ROOT / "_static")
