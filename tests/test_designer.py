"""The schedule designer: its script computes what ``schedules`` computes, and without a script it is complete."""

import re

import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from pruneutils.book.designer import BOX, designer, on_grid
from pruneutils.schedules import PolynomialDecay
from tools.browser import find


def decay(initial=0.0, final=0.8, begin=10, end=100, power=3, frequency=1):
    return PolynomialDecay(
        initial_sparsity=initial,
        final_sparsity=final,
        begin_step=begin,
        end_step=end,
        power=power,
        frequency=frequency,
    )


DESIGNS = {
    "every step": decay(),
    "never": decay(begin=0, end=119, frequency=120),
    "off the grid": decay(frequency=40),
    "too late": decay(end=150),
    "linear, from a half": decay(initial=0.5, power=1, frequency=30),
    "by a hair": decay(frequency=89),
    "nothing to do": decay(final=0.0),
}


@given(st.integers(0, 40), st.integers(1, 60), st.integers(1, 120), st.integers(1, 110))
def test_masks_are_made_on_the_grid_only(begin, span, frequency, steps):
    """Oracle: the rule as TensorFlow's toolkit has it, one step after the other."""
    schedule, held, smooth = decay(begin=begin, end=begin + span, frequency=frequency), 0.0, []
    for step in range(steps):
        if begin <= step <= begin + span and (step - begin) % frequency == 0:
            held = 0.8 - 0.8 * (1 - (step - begin) / span) ** 3
        smooth.append(held)
    np.testing.assert_allclose(on_grid(schedule, steps), smooth, atol=1e-12)


def test_without_a_script_there_are_a_picture_and_a_table_and_nothing_is_loaded():
    html = designer(DESIGNS, steps=120, number="7.1").html
    page = BeautifulSoup(html, "html.parser")
    assert "Goal" not in page.svg["aria-label"] and "80.0%" in page.svg["aria-label"]
    assert [row.th.get_text() for row in page.select("tbody tr")] == list(DESIGNS)
    assert not re.search(r"//\w", re.sub(r"data:image/png;base64,[\w+/=]*", "", html))
    assert page.input.find_parent(hidden=True)  # sliders that do nothing would mislead
    for control in page.select("input"):
        assert page.find("label", attrs={"for": control["id"]}).get_text().strip()
    assert page.h4.get_text() == "Explorer 7.1. A schedule designer"


def test_the_same_call_gives_the_same_html():
    assert designer(DESIGNS, steps=120, number="7.1").html == designer(DESIGNS, steps=120, number="7.1").html


@pytest.fixture(scope="module")
def page():
    """The designer in a browser, and complaints of its script."""
    executable = find()
    if executable is None:
        pytest.skip("no Chromium or Chrome was found")
    from tests.browser.reader import launch  # needs Playwright

    with launch(executable) as browser:
        page = browser.new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.set_content(f"<!doctype html><html><body>{designer(DESIGNS, steps=120, number='7.1').html}</body></html>")
        yield page


@pytest.mark.parametrize("name", DESIGNS)
def test_the_script_agrees_with_the_schedules(page, name):
    """Two implementations, one in the page, would drift apart unseen."""
    page.get_by_role("button", name=name, exact=True).click()
    said, schedule = page.locator("output").text_content(), DESIGNS[name]
    held = np.array([0.0, *(schedule(step) for step in range(120))])
    of_the_rest = np.diff(held) / (1 - held[:-1])
    cuts = np.flatnonzero(np.diff(held) > 0)
    shown = [float(number) for number in re.findall(r"([\d.]+) %", said)]
    wanted = [schedule.final_sparsity, on_grid(schedule, 120)[-1], held[-1]]
    wanted += [of_the_rest.max()] if len(cuts) else []
    np.testing.assert_allclose(shown, 100 * np.array(wanted), atol=0.0501)
    number = {0: "no cut", 1: "1 cut;"}.get(len(cuts), f"{len(cuts)} cuts;")
    assert f"Ours makes {number}" in said
    if len(cuts):
        after = {0: "no steps follow", 1: "1 step follows"}.get(119 - cuts[-1], f"{119 - cuts[-1]} steps follow")
        assert f"after step {of_the_rest.argmax()}," in said and f"; {after} the last cut" in said
    nearly = schedule.final_sparsity - 0.0005 < wanted[1] < schedule.final_sparsity
    assert ("just under" in said) == nearly


def test_one_slider_pushes_the_other(page):
    """An end before the begin, or an initial above the final sparsity, is no schedule."""
    page.get_by_role("button", name="every step", exact=True).click()

    def move(name, value):
        page.locator(f"input[name={name}]").evaluate("(e, v) => { e.value = v; e.oninput(); }", value)

    def values():
        return {
            name: page.locator(f"input[name={name}]").input_value() for name in ("initial", "final", "begin", "end")
        }

    move("begin", 120)
    move("initial", 90)
    assert values() == {"initial": "90", "final": "90", "begin": "120", "end": "121"}
    move("end", 60)
    move("final", 30)
    assert values() == {"initial": "30", "final": "30", "begin": "59", "end": "60"}


def test_the_script_draws_in_a_box_of_its_own(page):
    svg = page.locator("svg")
    assert svg.get_attribute("viewBox") == BOX and "NaN" not in svg.inner_html()
    assert all(words in svg.inner_html() for words in ("end of", "each cut"))


@pytest.mark.parametrize(
    ("designs", "words"),
    [
        ({"one": decay()}, "at least two"),
        ({"one": decay(), "two": None}, "PolynomialDecay"),
        ({"one": decay(), "two": decay(end=151)}, "not on its slider"),
        ({"one": decay(), "two": decay(power=2.2)}, "not on its slider"),
        ({"one": decay(), "two": decay(final=0.805)}, "not on its slider"),
    ],
)
def test_wrong_designs_are_refused(designs, words):
    with pytest.raises(ValueError, match=words):
        designer(designs, steps=120, number="7.1")


def test_wrong_steps_are_refused():
    with pytest.raises(ValueError, match="steps=0"):
        designer(DESIGNS, steps=0, number="7.1")
    with pytest.raises(ValueError, match="steps=151"):
        designer(DESIGNS, steps=151, number="7.1")
