"""The card that every explorer sits in: what it is, what to try, presets and verdict, then controls and picture."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from matplotlib.figure import Figure

from pruneutils.book import _frames

HERE = Path(__file__).parent
NUMBER = re.compile(r"\d+\.\d+")
# Without a script: heading, sentence, picture and table. JupyterLab would take the arrow keys for itself, but for the
# attribute data-lm-suppress-shortcuts.
_CARD = """\
<figure class="explorer-card" id="{id}" aria-labelledby="{id}-heading">
<style>{style}</style>
<h4 id="{id}-heading">{heading}</h4>
<p><strong>Try:</strong> {task}</p>
<p class="unscripted"><em>The controls need a script, which does not run here; picture and table stay.</em></p>
<div class="presets" role="group" aria-label="Settings to start from" hidden>{buttons}</div>
<output for="{controlled}" aria-live="polite">{verdict}</output>
<div class="stage"><div class="controls" hidden>{inputs}</div>
{picture}
<img src="{png}" alt="{alt}"></div>
<details><summary>As a table</summary>
<div tabindex="0" role="region" aria-label="{heading}: table">{table}</div></details>
<script>(() => {{
const settings = {settings};
{script}}})();</script>
</figure>"""
_CONTROL = """\
<div><label for="{id}">{label}: <b aria-hidden="true">{words}</b></label>
<input class="explorer" id="{id}" name="{name}" type="range" min="{low}" max="{high}" step="{step:g}" \
value="{value:g}" aria-valuetext="{words}" autocomplete="off" data-lm-suppress-shortcuts="true"></div>"""


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


@dataclass(frozen=True)
class Control:
    """A slider: its scale, and where it stands at first, as a number and in words."""

    label: str
    low: float
    high: float
    step: float
    value: float
    words: str


def identity(number: str, heading: str, task: str) -> str:
    """Where the explorer is on the page, once its words are seen to be there."""
    if not isinstance(number, str) or not NUMBER.fullmatch(number):
        raise ValueError(f"number={number!r}: expected chapter and explorer, such as '7.1'")
    for name, text in (("heading", heading), ("task", task)):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name}={text!r}: expected words")
    return "explorer-" + number.replace(".", "-")


def card(
    number: str,
    heading: str,
    task: str,
    *,
    kind: str,
    presets: Mapping[str, Mapping[str, float]],
    controls: Mapping[str, Control],
    still: Figure,
    alt: str,
    verdict: str,
    rows: Sequence[Sequence[str]],
    settings: Mapping[str, object],
) -> Explorer:
    """The card and its table.

    kind : name of the script that draws.
    presets : name -> control -> value.
    still : the picture that is shown first, and always where no script runs; alt says what all pictures show.
    rows : the table, its heading first.
    settings : what else the script needs.
    """
    place = identity(number, heading, task)
    heading = f"Explorer {number}. {heading}"
    buttons = (
        f'<button type="button" value="{escape(json.dumps(values))}">{escape(name)}</button>'
        for name, values in presets.items()
    )
    inputs = (
        _CONTROL.format(id=f"{place}-{name}", name=name, **_escaped(vars(control)))
        for name, control in controls.items()
    )
    said = f"{alt} Shown: {verdict}"
    html = _CARD.format(
        id=place,
        style=(HERE / "card.css").read_text(encoding="utf-8"),
        buttons="".join(buttons),
        controlled=" ".join(f"{place}-{name}" for name in controls),
        inputs="".join(inputs),
        picture=_frames.drawing(still, said, place),
        png=_frames.png(still),
        table=_html_table(rows),
        settings=_literal({"id": place, "alt": alt, **settings}),
        script="".join((HERE / f"{name}.js").read_text(encoding="utf-8") for name in (kind, "card")),
        **_escaped({"heading": heading, "task": " ".join(task.split()), "verdict": verdict, "alt": said}),
    )
    return Explorer(html, _text_table(rows))


def _escaped(values: Mapping[str, object]) -> dict[str, object]:
    return {name: escape(value) if isinstance(value, str) else value for name, value in values.items()}


def _literal(value: object) -> str:
    """A value as JavaScript writes it, which cannot end the script it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _html_table(rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in rows[0])
    body = (
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows[1:]
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _text_table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(" | ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
