"""What readers ask of the search, and which section has to come first."""

import pytest

pytestmark = pytest.mark.slow
FIRST = {
    "how do I remove a channel?": "chapters/13-channels.html",
    "2:4": "chapters/03-granularity.html",
    "why do zeros come back": "chapters/02-masks.html#lab-how-zeros-come-back-to-life",
    "layer collapse": "chapters/06-scope.html",
    "Wanda": "chapters/04-scores.html",
    "cubic schedule": "chapters/07-schedules.html#the-cubic-schedule",
    "prune attention heads": "chapters/14-layers-and-heads.html",
    "make zeros permanent": "chapters/11-one-mask-three-frameworks.html",
    "tfmot": "chapters/10-tfmot.html",
    "is a masked model faster?": "chapters/20-speed.html#is-a-masked-layer-faster",
}


@pytest.mark.parametrize("query", FIRST)
def test_first_section_found_while_typing(reader, site, query):
    """Small words of a question must not hide the answer, nor a ratio be torn in two."""
    visit = reader().open("intro.html")
    visit.page.keyboard.press("Control+k")
    visit.page.keyboard.type(query)
    link = visit.page.wait_for_selector(".search-as-you-type li a")
    visit.page.wait_for_function(
        "words => document.querySelector('.search-as-you-type .search-summary')?.textContent.includes(words)", arg=query
    )
    link = visit.page.query_selector(".search-as-you-type li a")
    address = link.evaluate("a => a.href").removeprefix(site)
    assert address.startswith(FIRST[query]) and not visit.complaints


def test_what_no_section_has_is_said(reader):
    visit = reader().open("search.html?q=xylophone")
    assert "did not match" in visit.page.wait_for_selector("#search-results p").inner_text()


def test_a_hit_leads_to_its_section(reader):
    """The address of a heading, which the index uses, is not that of the section."""
    visit = reader().open("search.html?q=cubic schedule")
    visit.page.click("#search-results li a")
    visit.page.wait_for_load_state("load")
    assert visit.page.evaluate("Boolean(document.querySelector(location.hash)?.matches('section'))")
