"""Every page in use: with the keyboard alone, copying code, searching."""

import pytest

from . import checks
from .site import chapters, source, toc
from .test_pages import in_turn

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name, mode, width", in_turn([("light", 1400), ("dark", 400)]))
def test_keyboard_reaches_everything(reader, name, mode, width):
    """A control that Tab does not reach, or whose focus cannot be seen."""
    assert not checks.keyboard(reader(mode, width).open(f"{name}.html").unfold())


@pytest.mark.parametrize("name", toc())
def test_folded_parts_open_with_enter(reader, name):
    assert not checks.toggles(reader().open(f"{name}.html"), checks.folded(name))


@pytest.mark.parametrize("name", toc())
def test_code_copies(reader, name):
    """A copy button that is not there, or that copies prompts or too little."""
    assert not checks.copying(reader().open(f"{name}.html"), expected="{code-cell}" in source(name))


@pytest.mark.parametrize("name", chapters())
def test_search_finds_a_term_of_the_chapter(reader, name):
    assert not checks.search(reader(), checks.own_term(name), name)


@pytest.mark.parametrize("width", [400, 1400])
def test_search_with_the_keyboard(reader, site, width):
    """From the first page: Control and K, a word, Enter."""
    chapter = chapters()[0]
    visit = reader(width=width).open(f"{toc()[0]}.html")
    visit.page.keyboard.press("Control+k")
    visit.page.keyboard.type(checks.own_term(chapter))
    with visit.page.expect_navigation():
        visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector(f"#search-results a[href*='{chapter}.html']")
    assert not visit.complaints
