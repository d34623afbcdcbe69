"""The contents beside a page: two levels, and a mark that is right at every stop."""

import pytest

from .site import chapters

pytestmark = pytest.mark.slow
EXPECTED = """() => {
    const links = [...document.querySelectorAll("#page-contents a.nav-link")];
    const passed = links.filter(a => document.getElementById(a.hash.slice(1)).getBoundingClientRect().top <= 160);
    const marked = links.filter(a => a.classList.contains("active"));
    const end = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
    return [passed.at(-1)?.hash ?? null, marked.map(a => a.hash), end];
}"""


@pytest.mark.parametrize("name", chapters()[::4])
def test_mark_is_right_at_sixty_stops(reader, name):
    """A mark that lags shows a reader the section before; at the very end the last one may be marked early."""
    visit = reader(width=1400).open(f"{name}.html")
    height = visit.page.evaluate("document.documentElement.scrollHeight - innerHeight")
    wrong = []
    for stop in range(60):
        visit.page.evaluate("y => scrollTo({top: y, behavior: 'instant'})", height * stop / 60)
        visit.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        expected, marked, end = visit.page.evaluate(EXPECTED)
        if not end and marked != ([expected] if expected else []):
            wrong.append((stop, expected, marked))
    assert not wrong


def test_sections_of_sections_are_shown(reader):
    """The same five words in each chapter say nothing of it; its own headings do."""
    visit = reader(width=1400).open(f"{chapters()[0]}.html")
    assert visit.page.locator("#page-contents .toc-h3:visible").count() > 0
