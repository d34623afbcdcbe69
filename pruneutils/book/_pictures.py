"""Pictures that repeat each other, as light PNG files in data addresses: one whole, of the others what changes."""

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

COLOURS = 15  # one palette for all pictures; with a transparent entry, four bits a pixel
MARGIN = 2  # pixels kept around each difference, so that no edge shows through when the picture is scaled


def pixels(figure: Figure) -> np.ndarray:
    """Draw the figure: red, green and blue, shape (height, width, 3), 0 to 255."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(np.int32)


def data_addresses(drawn: Sequence[np.ndarray], start: int) -> list[str]:
    """Picture ``start`` whole; each other transparent where it equals its neighbour on the side of ``start``.

    drawn : pictures of one shape (height, width, 3). To see picture i, lay those from ``start`` to i on each other.
    """
    indices, palette = _few_colours(np.stack(drawn))
    sources = []
    for i, picture in enumerate(indices):
        kept = picture != indices[i + np.sign(start - i)]
        for axis in (0, 1):
            kept = np.any([np.roll(kept, k, axis) for k in range(-MARGIN, MARGIN + 1)], axis=0)
        png = _png(np.where(kept | (i == start), picture, COLOURS), palette)
        sources.append("data:image/png;base64," + base64.b64encode(png).decode())
    return sources


def _few_colours(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Replace each colour by the nearest of a few, chosen to be frequent and far from each other.

    drawn (pictures, height, width, 3) -> indices (pictures, height, width), palette (COLOURS, 3)
    """
    codes, inverse, counts = np.unique(drawn @ [1 << 16, 1 << 8, 1], return_inverse=True, return_counts=True)
    colours = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)  # (different colours, 3)
    palette, nearest, distance = [], np.zeros(len(codes), dtype=int), np.full(len(codes), 3 * 255**2 + 1)
    for k in range(COLOURS):
        palette.append(colours[np.argmax(np.sqrt(counts) * distance)])
        to_new = ((colours - palette[k]) ** 2).sum(axis=1)
        nearest[to_new < distance] = k
        distance = np.minimum(distance, to_new)
    return nearest[inverse].reshape(drawn.shape[:-1]), np.array(palette)


def _png(indices: np.ndarray, palette: np.ndarray) -> bytes:
    """A PNG file of indices into the palette, of which number COLOURS is transparent (PNG specification, 11)."""
    height, width = indices.shape
    even = np.pad(indices.astype(np.uint8), ((0, 0), (0, width % 2)))
    rows = np.pad(even[:, ::2] << 4 | even[:, 1::2], ((0, 0), (1, 0)))  # two pixels a byte, after filter type 0
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0),
        b"PLTE": palette.astype(np.uint8).tobytes() + b"\xff" * 3,
        b"tRNS": b"\xff" * COLOURS + b"\x00",
        b"IDAT": zlib.compress(rows.tobytes(), 9),
        b"IEND": b"",
    }
    parts = [
        struct.pack(">I", len(d)) + name + d + struct.pack(">I", zlib.crc32(name + d)) for name, d in chunks.items()
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
