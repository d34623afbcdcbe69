"""Figures to play with, on the page, in Colab, in JupyterLab and offline, without a kernel.

An explorer is a slider over a few pictures that Matplotlib has drawn from numbers a chapter computed. Plotly, Bokeh
and Altair do this as well, but bring a library of their own with each page, larger than the page may be, or load it
from a network. Matplotlib's ``to_jshtml`` stores every frame whole, takes its buttons from a network, and labels
neither slider nor picture.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from pruneutils._arguments import whole
from pruneutils.book._pictures import data_addresses, pixels

__all__ = ["Explorer", "Frame", "slider"]

# Without a script: picture, sentence and table. The script shows the slider, and lays what changes on the picture.
# On a dark page the theme puts HTML on a grey ground, which the style takes away.
# JupyterLab would take the arrow keys for itself, but for the attribute data-lm-suppress-shortcuts.
_HTML = """\
<figure id="{id}" style="background: #fff; color: #1a1a1a; color-scheme: light; box-sizing: border-box; \
max-width: {card}px; margin: 1rem 0; padding: 8px">
<style>.text_html:has(> #{id}) {{ background: none; padding: 0 }}</style>
<div style="position: relative; isolation: isolate; line-height: 0"><img class="dark-light" src="{still}" \
alt="{alt} Shown: {sentence}" width="{width}" height="{height}" style="width: 100%; height: auto; \
padding: 0; background: #fff"></div>
<div hidden><label for="{id}-input">{label}</label><input class="explorer" id="{id}-input" type="range" min="0" \
max="{last}" value="{start}" aria-valuetext="{value}" autocomplete="off" data-lm-suppress-shortcuts="true" \
style="display: block; width: 100%; height: 2rem; margin: 0; accent-color: #0072B2"></div>
<output for="{id}-input" aria-live="polite" style="display: block; min-height: 3em">{sentence}</output>
<details><summary>All values as a table</summary>
<div tabindex="0" role="region" aria-label="{label}: all values" style="overflow-x: auto">{table}</div></details>
<script>
for (const card of document.querySelectorAll("#{id}:not([data-ready])")) {{
  const [still, input, output] = ["img", "input", "output"].map(name => card.querySelector(name));
  const alt = {alt_literal}, start = {start}, frames = {frames_literal};
  const layers = frames.map(([, sentence, source]) => Object.assign(new Image(), {{
    className: "dark-light", decoding: "sync", alt: sentence, ariaHidden: "true", src: source || still.src }}));
  input.oninput = () => {{
    const at = Number(input.value), [value, sentence] = frames[at];
    layers.forEach((layer, i) => {{
      const shown = start <= i && i <= at || at <= i && i <= start;
      layer.style.cssText = "position: absolute; inset: 0; width: 100%; height: 100%; padding: 0; "
        + `background: none; z-index: ${{Math.abs(i - start)}}; display: ${{shown ? "block" : "none"}}`;
    }});
    input.setAttribute("aria-valuetext", value);
    still.alt = `${{alt}} Shown: ${{sentence}}`;
    output.textContent = sentence;
  }};
  input.oninput();
  still.after(...layers);
  input.parentElement.hidden = false;
  card.dataset.ready = "";
}}
</script>
</figure>"""


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


@dataclass(frozen=True)
class Explorer:
    """What a notebook shows.

    Attributes
    ----------
    html : one self-contained piece of HTML.
    text : the table, for where only text can be shown.
    """

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def slider(frames: Sequence[Frame], *, label: str, alt: str, start: int = 0) -> Explorer:
    """Put frames on a slider, which is operated with the mouse, a finger or the arrow keys.

    Where no script runs, the frame ``start`` remains as a still picture, with a table of all frames' values.
    Figures are closed, so that the notebook does not show them a second time. Axes that keep their limits from
    frame to frame, and a ``start`` in the middle, make the explorer lighter: it stores differences.

    Parameters
    ----------
    frames : at least two, with figures of one size and the same facts in one order.
    label : what the slider changes, shown beside it, such as "Sparsity of the output layer".
    alt : what all frames have in common and how they change, for those who do not see them.
    start : position shown first, counted from 0.

    Returns
    -------
    Explorer, which a notebook shows when it is the last value of a cell.

    Raises
    ------
    ValueError
        if there are fewer than two frames, one of them is no ``Frame``, lacks a value or facts, or differs in size
        or in the names of its facts from the first, two have one value, ``label`` or ``alt`` is empty, or ``start``
        is no position. No figure is closed then.

    Examples
    --------
    >>> frames = [Frame(Figure(figsize=(2, 1)), f"{k} of 4", {"left": 4 - k, "share": k / 4}) for k in range(3)]
    >>> slider(frames, label="Removed", alt="Four weights, of which the smallest are grey.", start=1)
    Removed | left | share
    0 of 4  | 4    | 0.0
    1 of 4  | 3    | 0.25
    2 of 4  | 2    | 0.5
    """
    rows, start = _table(frames, label, alt), whole("start", start)
    if start >= len(frames):
        raise ValueError(f"start={start!r}: expected a position from 0 to {len(frames) - 1}")
    drawn = [pixels(frame.figure) for frame in frames]
    for i, picture in enumerate(drawn):
        if picture.shape != drawn[0].shape:
            raise ValueError(f"frames[{i}].figure of {picture.shape[:2]} pixels: expected {drawn[0].shape[:2]}")
    (height, width), sources = drawn[0].shape[:2], data_addresses(drawn, start)
    for frame in frames:
        plt.close(frame.figure)
    said = [
        (row[0], f"{row[0]} – " + "; ".join(map(": ".join, zip(rows[0][1:], row[1:], strict=True)))) for row in rows[1:]
    ]
    sources[start], still = "", sources[start]  # which is in the page already
    alt = " ".join(alt.split())
    html = _HTML.format(
        id="explorer-" + hashlib.sha256(json.dumps([rows, alt]).encode()).hexdigest()[:12],
        still=still,
        alt=escape(alt),
        card=width + 16,
        width=width,
        height=height,
        label=escape(label),
        last=len(frames) - 1,
        start=start,
        value=escape(said[start][0]),
        sentence=escape(said[start][1]),
        table=_html_table(rows),
        alt_literal=_literal(alt),
        frames_literal=_literal([(*words, source) for words, source in zip(said, sources, strict=True)]),
    )
    return Explorer(html, _text_table(rows))


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


def _literal(value: object) -> str:
    """A value as JavaScript writes it, which cannot end the script it stands in."""
    return json.dumps(value).replace("<", "\\u003c")


def _html_table(rows: list[list[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in rows[0])
    body = (
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows[1:]
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _text_table(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(" | ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
