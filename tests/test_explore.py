"""Explorers: labelled, complete without a script, the same each time, and pictures that add up again."""

import base64
import io
import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from bs4 import BeautifulSoup
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure

from pruneutils.book import _pictures
from pruneutils.book.explore import Frame, slider

LABEL, ALT = "Weights to remove", "Bars, of which the smallest are hollow."
VALUES = ("1 of 4", "2 of 4", "3 of 4", "4 of 4")


def drawn(height, *, size=(2, 1.5)):
    figure = Figure(figsize=size, dpi=50)
    ax = figure.subplots()
    ax.bar(range(4), np.arange(4) % height + 0.5)
    ax.set(ylim=(0, 4))
    return figure


def frames(values=VALUES, **more):
    return [Frame(drawn(1 + i), value, {"left": 4 - i, "share": f"{i / 4:.0%}"}) for i, value in enumerate(values)]


def make(start=1, label=LABEL, alt=ALT, values=VALUES):
    return slider(frames(values), label=label, alt=alt, start=start)


def parse(explorer):
    return BeautifulSoup(explorer.html, "html.parser")


def stored(explorer):
    """What the script holds: value, sentence and address of each frame."""
    return json.loads(re.search(r", frames = (\[\[.*\]\]);", explorer.html)[1])


def test_the_slider_has_its_label_and_its_steps():
    """A control without a name is "slider" to a screen reader, and one without steps cannot be moved by arrow keys."""
    page = parse(make())
    (control,) = page.select("input.explorer")
    assert page.find("label", attrs={"for": control["id"]}).get_text() == LABEL
    assert (control["type"], control["min"], control["max"], control["value"]) == ("range", "0", "3", "1")
    assert "step" not in control.attrs  # by default 1
    assert control["aria-valuetext"] == "2 of 4"  # not "1", the position
    assert control["data-lm-suppress-shortcuts"] == "true"  # else JupyterLab keeps the arrow keys for itself


def test_what_changes_is_read_out():
    page = parse(make())
    (output,) = page.select("output[aria-live=polite]")
    assert output["for"] == [page.input["id"]]
    assert output.get_text() == "2 of 4 – left: 3; share: 25%"


def test_without_a_script_picture_sentence_and_table_remain():
    """GitHub, an untrusted notebook and a blocked script show a dead slider otherwise."""
    page = parse(make())
    page.script.decompose()
    assert page.input.find_parent(hidden=True)
    (still,) = page.find_all("img")
    assert still["alt"] == f"{ALT} Shown: 2 of 4 – left: 3; share: 25%" and not still.find_parent(hidden=True)
    assert still["src"].startswith("data:image/png;base64,")
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.select("details table tr")]
    assert rows[0] == [LABEL, "left", "share"]
    assert rows[1:] == [[value, str(4 - i), f"{25 * i}%"] for i, value in enumerate(VALUES)]
    assert len(page.select("th[scope=col]")) == 3 and len(page.select("th[scope=row]")) == 4


def test_where_only_text_is_shown_the_table_remains():
    explorer = make()
    assert str(explorer).splitlines()[0].split(" | ") == ["Weights to remove", "left", "share"]
    assert [line.split()[0] for line in str(explorer).splitlines()[1:]] == ["1", "2", "3", "4"]
    data, _ = DisplayFormatter().format(explorer)
    assert data == {"text/html": explorer.html, "text/plain": explorer.text}


def test_nothing_is_loaded():
    """Offline, a library from a network is missing; a relative address is missing in Colab."""
    html = make().html
    page = BeautifulSoup(html, "html.parser")
    addresses = [value for e in page.find_all(True) for name in ("src", "href", "data") if (value := e.get(name))]
    assert len(addresses) == 1 and addresses[0].startswith("data:")
    assert "//" not in re.sub(r"data:image/png;base64,[\w+/=]*", "", html)
    assert not page.find_all(["link", "iframe", "object"])


def test_the_same_call_gives_the_same_html():
    """An id at random would change the stored notebook at each refresh."""
    assert make().html == make().html


def test_ids_differ_between_explorers_and_only_they_are_used():
    """Two sliders of one id move one picture."""
    explorers = [make(), make(label="Weights to keep"), make(alt=ALT + " Slowly."), make(values=VALUES[:3])]
    ids = [element["id"] for explorer in explorers for element in parse(explorer).find_all(id=True)]
    assert len(ids) == len(set(ids)) == 8
    for explorer in explorers:
        page = parse(explorer)
        assert page.figure["id"] in page.script.string
        assert page.label["for"] == page.output["for"][0] == page.input["id"]


@pytest.mark.parametrize("bad", ['a < b & "c"', "</script><b>", "<!-- <script>", "'; alert(1); '", "${1}{x}\\"])
def test_words_are_shown_as_they_are(bad):
    """A score below a cut is written with a mark that HTML takes for a tag, and one in the script could end it."""
    explorer = slider(
        [Frame(drawn(1), f"{i} {bad}", {bad: f"{bad} {i}"}) for i in range(2)], label=bad, alt=bad, start=1
    )
    page = parse(explorer)
    assert page.label.get_text() == bad
    assert page.img["alt"] == f"{bad} Shown: {page.output.get_text()}"
    assert page.output.get_text() == f"1 {bad} – {bad}: {bad} 1"
    assert page.input["aria-valuetext"] == f"1 {bad}"
    assert page.td.get_text() == f"{bad} 0"
    assert len(page.find_all("script")) == 1 and not page.find_all("b")
    assert stored(explorer)[0][:2] == [f"0 {bad}", f"0 {bad} – {bad}: {bad} 0"]


def decoded(address):
    return plt.imread(io.BytesIO(base64.b64decode(address.partition(",")[2])), format="png")


@pytest.mark.parametrize("start", range(4))
def test_layers_add_up_to_the_frames(start):
    """A layer that lacks a pixel leaves one of another frame: what is seen belongs to no value."""
    explorer = make(start=start)
    still = decoded(parse(explorer).img["src"])[..., :3]
    layers = [decoded(address) if address else None for _, _, address in stored(explorer)]
    assert [i for i, layer in enumerate(layers) if layer is None] == [start]
    for i in range(4):
        seen = still.copy()
        for k in range(start, i, 1 if i > start else -1):
            layer = layers[k + np.sign(i - start)]
            seen = np.where(layer[..., 3:] > 0, layer[..., :3], seen)
        wanted = _pictures.pixels(drawn(1 + i)) / 255
        assert seen.shape == wanted.shape
        assert np.abs(seen - wanted).mean() < 0.01
        assert np.abs(seen - wanted).max() < 0.25


@pytest.mark.parametrize("width", [3, 4])
def test_few_colours_are_kept_exactly(width):
    """White that is nearly white shows as a patch on the card; an odd width has half a byte to spare."""
    rng = np.random.default_rng(0)
    palette = rng.integers(0, 256, (_pictures.COLOURS, 3))
    pictures = [palette[rng.integers(0, len(palette), (40, width))] for _ in range(2)]
    whole, change = map(decoded, _pictures.data_addresses(pictures, 0))
    assert np.array_equal(np.round(255 * whole[..., :3]), pictures[0]) and (whole[..., 3] == 1).all()
    seen = np.where(change[..., 3:] > 0, change[..., :3], whole[..., :3])
    assert np.array_equal(np.round(255 * seen), pictures[1])


def test_what_stays_is_not_stored_again():
    """The page of a chapter may weigh 400 KB, and eleven whole frames take a fifth of that."""
    explorer = make(start=0)
    assert all(len(address) < 0.6 * len(parse(explorer).img["src"]) for *_, address in stored(explorer)[1:])


def test_figures_are_closed_once_they_are_drawn():
    """Jupyter shows each open figure below the cell."""
    figures = [plt.subplots(figsize=(1, 1))[0] for _ in range(2)]
    slider([Frame(figure, str(i), {"n": i}) for i, figure in enumerate(figures)], label=LABEL, alt=ALT)
    assert not plt.get_fignums()


GOOD = frames()
BAD = {
    "frames=[]: expected a list of at least two": dict(frames=[]),
    "at least two": dict(frames=GOOD[:1]),
    "frames=<generator": dict(frames=(f for f in GOOD)),
    "frames[1]='b': expected a Frame": dict(frames=[GOOD[0], "b"]),
    "frames[1]=Frame(figure=None": dict(frames=[GOOD[0], Frame(None, "b", GOOD[0].facts)]),
    "frames[1].value=2: expected words": dict(frames=[GOOD[0], Frame(drawn(1), 2, GOOD[0].facts)]),
    "frames[1].value=' ': expected words": dict(frames=[GOOD[0], Frame(drawn(1), " ", GOOD[0].facts)]),
    "frames[0].facts={}: expected a mapping": dict(frames=[Frame(drawn(1), "a", {}), GOOD[1]]),
    "frames[0].facts=['x']: expected a mapping": dict(frames=[Frame(drawn(1), "a", ["x"]), GOOD[1]]),
    "frames[1].facts={'left': 3}: expected those of frames[0]": dict(
        frames=[GOOD[0], Frame(drawn(1), "b", {"left": 3})]
    ),
    "frames: 2 of value '1 of 4', expected different": dict(frames=[GOOD[0], GOOD[0]]),
    "frames[1].figure of (75, 50) pixels: expected (75, 100)": dict(
        frames=[GOOD[0], Frame(drawn(1, size=(1, 1.5)), "b", GOOD[0].facts)]
    ),
    "label='': expected words": dict(label=""),
    "label=None: expected words": dict(label=None),
    "alt=' ': expected words": dict(alt=" "),
    "start=4: expected a position from 0 to 3": dict(start=4),
    "start=-1: expected a whole number of at least 0": dict(start=-1),
    "start=0.5: expected a whole number": dict(start=0.5),
}


@pytest.mark.parametrize("says", BAD)
def test_wrong_input_is_refused_by_name_value_and_expectation(says):
    arguments = {"frames": GOOD, "label": LABEL, "alt": ALT, **BAD[says]}
    with pytest.raises(ValueError, match=re.escape(says)):
        slider(arguments.pop("frames"), **arguments)
