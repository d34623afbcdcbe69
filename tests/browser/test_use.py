"""Every page in use: with the keyboard alone, copying code, searching."""

import pytest

from . import checks
from .site import chapters, source, toc
from .test_pages import in_turn

pytestmark = pytest.mark.slow


HABITS = {
    "keyboard on a desk": lambda reader, name: checks.keyboard(reader("light", 1400).open(f"{name}.html").unfold()),
    "keyboard on a phone": lambda reader, name: checks.keyboard(reader("dark", 400).open(f"{name}.html").unfold()),
    "unfolding": lambda reader, name: checks.toggles(reader().open(f"{name}.html"), checks.folded(name)),
    "copying": lambda reader, name: checks.copying(
        reader().open(f"{name}.html"), expected="{code-cell}" in source(name)
    ),
}


@pytest.mark.parametrize("name, habit", in_turn([(habit,) for habit in HABITS]))
def test_page_is_used(reader, name, habit):
    """Controls that Tab does not reach or whose focus is not seen; folds that Enter leaves shut; copies of too little.

    `make test` tries one habit on each page, `make test-all` all.
    """
    assert not HABITS[habit](reader, name)


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
