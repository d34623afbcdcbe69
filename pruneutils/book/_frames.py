"""Pictures that repeat each other: each as an SVG that follows the page's colours, and all from parts stored once."""

import base64
import io
import re
from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from pruneutils._themed import themed
from pruneutils.book.plots import NO_METADATA

NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'  # which an element within HTML has anyway
RASTER = re.compile(r"(?<=;base64,)[^\"]+")
LONG_NUMBER = re.compile(r"\d+\.\d{3,}")
BARE_GROUP = re.compile(r"<g>((?:(?!</?g\b).)*)</g>", re.S)  # one that says nothing, and holds no other
SHAPE = re.compile(r"(?=<(?:path|use|text|image)\b)")


def drawing(figure: Figure, alt: str, prefix: str) -> str:
    """The figure as an element of the page, on one line, in hundredths of a point."""
    file = io.StringIO()
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "pruneutils"}):
        figure.savefig(file, format="svg", metadata=NO_METADATA)
    svg = themed(file.getvalue(), alt, prefix).replace(NAMESPACE, "")
    svg = LONG_NUMBER.sub(lambda match: f"{float(match[0]):.2f}", svg)
    svg = RASTER.sub(lambda match: "".join(match[0].split()), svg)
    svg = re.sub(r">\s+<", "><", " ".join(svg.split()))
    found = 1
    while found:
        svg, found = BARE_GROUP.subn(r"\1", svg)
    return svg


def shared(drawings: Sequence[str]) -> tuple[list[str], list[list[list[int]]]]:
    """The different parts of all drawings; and for each drawing, from which to before which it takes them."""
    parts: dict[str, int] = {}
    taken = []
    for svg in drawings:
        inside = svg[svg.index(">") + 1 : svg.rindex("</svg>")]
        runs: list[list[int]] = []
        for part in SHAPE.split(inside):
            at = parts.setdefault(part, len(parts))
            if runs and runs[-1][1] == at:
                runs[-1][1] += 1
            else:
                runs.append([at, at + 1])
        taken.append(runs)
    return list(parts), taken


def png(figure: Figure) -> str:
    """The figure in a data address, in few colours: for where SVG is taken out of a notebook, as on GitHub."""
    drawn, file = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=72)
    Image.open(drawn).convert("RGB").quantize(16).save(file, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
