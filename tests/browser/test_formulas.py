"""Formulas on lines of their own and figures: on a desk they fit, on a phone they shrink, and can still be read."""

import pytest

from .site import chapters

pytestmark = pytest.mark.slow
CHAPTERS = chapters()
WIDE = """() => {
    const block = document.querySelector("main div.math");
    const formula = block.querySelector("mjx-container");
    formula.style.minWidth = `${2 * block.clientWidth}px`;
    block.style.width = "99%";
    return new Promise((done) => setTimeout(done, 200));
}"""


LABEL = "document.querySelector('main div.figure text')"


@pytest.mark.parametrize("name", CHAPTERS)
def test_formulas_and_figures_fit_on_a_desk_and_can_be_read_on_a_phone(reader, name):
    """Below seven tenths an index cannot be read; above, what fits should not have to be scrolled. Nor can 8 px."""
    visit = reader(width=1400).open(f"{name}.html").unfold()
    assert not visit.call("formulas", 1)
    before = visit.page.viewport_size
    visit.page.set_viewport_size({"width": 390, "height": 900})
    visit.page.wait_for_timeout(300)  # until they have shrunk
    on_a_phone = visit.call("formulas", 0.7) + visit.call("figures", 9)
    visit.page.set_viewport_size(before)  # the reader's window serves other tests
    assert not on_a_phone


def test_a_wide_formula_is_seen(reader):
    """It shrinks as far as it may, and then scrolls, which is wrong on a desk and right on a phone."""
    visit = reader(width=1400).open(f"{CHAPTERS[0]}.html")
    visit.page.evaluate(WIDE)
    (complaint,) = visit.call("formulas", 1)
    assert complaint.startswith("at 0.7 of its size") and not visit.call("formulas", 0.7)
    visit.page.evaluate("document.querySelector('main div.math').style.fontSize = '90%'")
    (complaint,) = visit.call("formulas", 0.7)
    assert complaint.startswith("wider than its column")


def test_formulas_grow_again_in_a_wider_window(reader):
    visit = reader(width=390).open(f"{CHAPTERS[1]}.html")
    shrunk = "() => [...document.querySelectorAll('main div.math')].filter((block) => block.style.fontSize).length"
    assert visit.page.evaluate(shrunk)
    visit.page.set_viewport_size({"width": 1400, "height": 900})
    visit.page.wait_for_function(f"!({shrunk})()")
    visit.page.set_viewport_size({"width": 390, "height": 900})
    visit.page.wait_for_function(f"({shrunk})()")


@pytest.mark.parametrize(
    "spoilt, complaint",
    [
        (f"{LABEL}.style.setProperty('font-size', '8px', 'important')", "a label of "),
        (f"{LABEL}.setAttribute('transform', 'translate(-99 0)')", "outside: "),
        (f"{LABEL}.after({LABEL}.cloneNode(true))", "over one another: "),
    ],
)
def test_a_label_that_cannot_be_read_is_seen(reader, spoilt, complaint):
    visit = reader(width=390).open(f"{CHAPTERS[0]}.html").unfold()
    assert not visit.call("figures", 9)
    visit.page.evaluate(f"void {spoilt}")
    (found,) = visit.call("figures", 9)
    assert found.startswith(complaint)
