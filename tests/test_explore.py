"""Explorers: labelled, complete without a script, the same each time, and pictures that are put together again."""

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

from pruneutils.book import _frames
from pruneutils.book.explore import TASK, Frame, slider

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


def make(start=1, label=LABEL, alt=ALT, values=VALUES, **more):
    more = {"number": "2.1", "heading": "Four weights", **more}
    return slider(frames(values), label=label, alt=alt, start=start, **more)


def parse(explorer):
    return BeautifulSoup(explorer.html, "html.parser")


def stored(explorer):
    """What the script holds."""
    return json.loads(re.search(r"const settings = (.*);\n", explorer.html)[1])


def test_the_slider_has_its_label_and_its_steps():
    """A control without a name is "slider" to a screen reader, and one without steps cannot be moved by arrow keys."""
    page = parse(make())
    (control,) = page.select("input.explorer")
    label = page.find("label", attrs={"for": control["id"]})
    assert label.get_text() == f"{LABEL}: 2 of 4" and label.b["aria-hidden"] == "true"  # which aria-valuetext says
    assert (control["type"], control["min"], control["max"], control["value"]) == ("range", "0", "3", "1")
    assert control["aria-valuetext"] == "2 of 4"  # not "1", the position
    assert control["data-lm-suppress-shortcuts"] == "true"  # else JupyterLab keeps the arrow keys for itself


def test_what_changes_is_read_out():
    page = parse(make())
    (output,) = page.select("output[aria-live=polite]")
    assert output["for"] == [page.input["id"]]
    assert output.get_text() == "2 of 4 – left: 3; share: 25%"


def test_the_card_says_what_it_is_and_what_to_try():
    page = parse(make())
    assert page.h4.get_text() == "Explorer 2.1. Four weights" and page.figure["aria-labelledby"] == page.h4["id"]
    assert page.p.get_text() == f"Try: {TASK}"
    assert parse(make(task="go\n on.")).p.get_text() == "Try: go on."


def test_presets_are_first_start_and_last_or_those_that_are_wanted():
    def buttons(**more):
        return {b.get_text(): json.loads(b["value"])["position"] for b in parse(make(**more)).select(".presets button")}

    assert buttons() == {"1 of 4": 0, "2 of 4": 1, "4 of 4": 3}
    assert buttons(start=0) == {"1 of 4": 0, "4 of 4": 3}
    assert buttons(presets=VALUES[2:]) == {"3 of 4": 2, "4 of 4": 3}


def test_without_a_script_picture_sentence_and_table_remain():
    """GitHub, an untrusted notebook and a blocked script show a dead slider otherwise."""
    page = parse(make())
    page.script.decompose()
    assert page.input.find_parent(hidden=True) and page.button.find_parent(hidden=True)
    assert "script" in page.select_one(".unscripted").get_text()
    said = f"{ALT} Shown: 2 of 4 – left: 3; share: 25%"
    assert page.svg["aria-label"] == page.img["alt"] == said and not page.svg.find_parent(hidden=True)
    assert page.img["src"].startswith("data:image/png;base64,")  # where a notebook shows neither SVG nor style
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
    outside = [address for address in addresses if not address.startswith("#")]
    assert len(outside) == 1 and outside[0].startswith("data:")
    assert not re.search(r"//\w", re.sub(r"data:image/png;base64,[\w+/=]*", "", html))
    assert not page.find_all(["link", "iframe", "object"])


def test_the_same_call_gives_the_same_html():
    """An id at random would change the stored notebook at each refresh."""
    assert make().html == make().html


def test_ids_start_with_the_number_and_only_they_are_used():
    """Two sliders of one id move one picture, and a clip path of one name hides what the other shows."""
    for number, prefix in (("2.1", "explorer-2-1"), ("12.3", "explorer-12-3")):
        page = parse(make(number=number))
        ids = [element["id"] for element in page.find_all(id=True)]
        assert len(ids) == len(set(ids)) > 3 and page.figure["id"] == prefix
        assert all(name == prefix or name.startswith(prefix + "-") for name in ids)
        assert stored(make(number=number))["id"] == prefix
        assert page.label["for"] == page.output["for"][0] == page.input["id"]
        used = re.findall(r"(?:url\(|href=\"?)#([\w-]+)", str(page.svg))
        assert used and set(used) <= set(ids)


@pytest.mark.parametrize("bad", ['a < b & "c"', "</script><b>", "<!-- <script>", "'; alert(1); '", "${1}{x}\\"])
def test_words_are_shown_as_they_are(bad):
    """A score below a cut is written with a mark that HTML takes for a tag, and one in the script could end it."""
    explorer = slider(
        [Frame(drawn(1), f"{i} {bad}", {bad: f"{bad} {i}"}) for i in range(2)],
        **dict(label=bad, alt=bad, start=1, number="2.1", heading=bad, task=bad),
    )
    page = parse(explorer)
    assert page.label.get_text() == f"{bad}: 1 {bad}"
    assert page.h4.get_text() == f"Explorer 2.1. {bad}" and page.p.get_text() == f"Try: {bad}"
    assert page.svg["aria-label"] == page.img["alt"] == f"{bad} Shown: {page.output.get_text()}"
    assert page.output.get_text() == f"1 {bad} – {bad}: {bad} 1"
    assert page.input["aria-valuetext"] == f"1 {bad}"
    assert page.td.get_text() == f"{bad} 0"
    assert len(page.find_all("script")) == len(page.find_all("b")) == 1
    frame = stored(explorer)["frames"][0]
    assert (frame["value"], frame["verdict"]) == (f"0 {bad}", f"0 {bad} – {bad}: {bad} 0")


def inside(svg):
    return svg[svg.index(">") + 1 : svg.rindex("</svg>")]


def test_parts_add_up_to_the_frames():
    """A part too many or too few shows what belongs to no value."""
    settings = stored(make())
    for i, frame in enumerate(settings["frames"]):
        seen = "".join("".join(settings["parts"][start:end]) for start, end in frame["runs"])
        assert seen == inside(_frames.drawing(drawn(1 + i), "", "explorer-2-1"))


def test_what_frames_share_is_stored_once():
    """The page of a chapter may weigh 400 KB, and eleven whole frames take a fifth of that."""
    parts = stored(make())["parts"]
    assert len(set(parts)) == len(parts)
    alone = len(inside(_frames.drawing(drawn(1), "", "explorer-2-1")))
    assert sum(map(len, parts)) < 1.5 * alone


def test_a_drawing_has_the_colours_of_the_page_and_no_ground():
    figure = drawn(1)
    figure.axes[0].plot([0, 3], [0, 4], color="#0072B2")
    figure.axes[0].imshow(np.random.default_rng(0).random((30, 30)))
    svg = _frames.drawing(figure, "Four bars.", "e")
    assert "var(--figure-blue)" in svg and "#0072b2" not in svg and "fill: #ffffff" not in svg
    assert re.search(r'"data:image/png;base64,[\w+/=]+"', svg)
    assert 'aria-label="Four bars."' in svg and "\n" not in svg


def test_the_picture_for_where_svg_is_taken_out_is_the_figure():
    address = _frames.png(drawn(2))
    seen = plt.imread(io.BytesIO(base64.b64decode(address.partition(",")[2])), format="png")
    assert seen.shape[:2] == (108, 144) and len(address) < 3000
    assert np.array_equal(seen[0, 0, :3], [1, 1, 1]) and seen[..., :3].min() < 0.1


def test_figures_are_closed_once_they_are_drawn():
    """Jupyter shows each open figure below the cell."""
    figures = [plt.subplots(figsize=(1, 1))[0] for _ in range(2)]
    kept = [Frame(figure, str(i), {"n": i}) for i, figure in enumerate(figures)]
    slider(kept, number="2.1", heading="Two", label=LABEL, alt=ALT)
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
    "frames[1].figure of (1.0, 1.5) inches: expected (2.0, 1.5)": dict(
        frames=[GOOD[0], Frame(drawn(1, size=(1, 1.5)), "b", GOOD[0].facts)]
    ),
    "label='': expected words": dict(label=""),
    "label=None: expected words": dict(label=None),
    "alt=' ': expected words": dict(alt=" "),
    "number=2.1: expected chapter and explorer": dict(number=2.1),
    "number='2': expected chapter and explorer": dict(number="2"),
    "heading=' ': expected words": dict(heading=" "),
    "task='': expected words": dict(task=""),
    "presets: '5 of 4', expected some of ['1 of 4'": dict(presets=["5 of 4"]),
    "start=4: expected a position from 0 to 3": dict(start=4),
    "start=-1: expected a whole number of at least 0": dict(start=-1),
    "start=0.5: expected a whole number": dict(start=0.5),
}


@pytest.mark.parametrize("says", BAD)
def test_wrong_input_is_refused_by_name_value_and_expectation(says):
    arguments = {"frames": GOOD, "number": "2.1", "heading": "Four", "label": LABEL, "alt": ALT, **BAD[says]}
    with pytest.raises(ValueError, match=re.escape(says)):
        slider(arguments.pop("frames"), **arguments)
