"""The ledger's filter: what it shows and says, with the keyboard alone, on a phone, and without a script."""

import pytest

from tools import ledger

pytestmark = pytest.mark.slow
ENTRIES = "#all-claims-by-chapter li"
SHOWN = f"{ENTRIES}:visible"
STATUS = ".ledger-filter [role=status][aria-live]"
CLAIMS = list(ledger.known().values())
KINDS = {
    "Answer the literature": [c["id"] for c in CLAIMS if c["answers"]],
    "Literature’s claim did not hold here": [c["id"] for c in CLAIMS if c["verdict"] == "not at this scale"],
    "Held on fewer than 9 of 10 other seeds": [c["id"] for c in CLAIMS if ledger.weak(c)],
}


def text(claim):
    return f"{ledger.title(claim['id'])} {claim['statement']}".lower()


@pytest.fixture(params=[390, 1400])
def page(request, reader):
    visit = reader(width=request.param).open("pages/claims.html")
    yield visit.page
    assert not visit.call("layout") + visit.complaints


def ids(page):
    return page.evaluate(
        f"""() => [...document.querySelectorAll("{ENTRIES} [data-kinds]")]
        .filter((place) => place.closest("li").checkVisibility()).map((place) => place.id.replace("ledger-", ""))"""
    )


def test_at_first_all_claims_are_there(page):
    assert len(ids(page)) == len(CLAIMS)
    assert page.inner_text(STATUS) == f"{len(CLAIMS)} claims"
    assert page.locator("h2:visible").count() > 1


@pytest.mark.parametrize("chip", KINDS)
def test_a_chip_shows_its_kind_and_all_shows_the_rest_again(page, chip):
    """From the keyboard; what is hidden is neither counted nor left behind as an empty heading."""
    page.get_by_role("button", name=chip).press("Enter")
    assert page.get_by_role("button", name=chip).get_attribute("aria-pressed") == "true"
    assert ids(page) == KINDS[chip]
    assert page.inner_text(STATUS) == f"{len(KINDS[chip])} of {len(CLAIMS)} claims"
    assert page.locator("h2:visible").count() == 1
    assert page.locator("h3:visible").count() == len({c["file"] for c in CLAIMS if c["id"] in KINDS[chip]})
    page.get_by_role("button", name="All", exact=True).press("Space")
    assert len(ids(page)) == len(CLAIMS)


def test_words_and_a_chip_narrow_together(page):
    page.get_by_label("Find claims").press_sequentially("LAMP global")
    both = ids(page)
    assert len(both) > 1 and both == [c["id"] for c in CLAIMS if all(word in text(c) for word in ("lamp", "global"))]
    page.keyboard.press("Enter")
    assert "claims.html" in page.url
    page.get_by_role("button", name="Answer the literature").click()
    assert ids(page) == [name for name in both if name in KINDS["Answer the literature"]]
    page.get_by_label("Find claims").fill("xylophone")
    assert page.inner_text(STATUS) == f"0 of {len(CLAIMS)} claims"


def test_a_link_to_a_hidden_claim_shows_it(page):
    page.get_by_label("Find claims").fill("xylophone")
    page.evaluate(f"location.hash = 'ledger-{CLAIMS[0]['id']}'")
    page.wait_for_selector(f"{SHOWN} >> nth={len(CLAIMS) - 1}")


def test_without_a_script_everything_is_there(browser, site):
    window = browser.new_context(java_script_enabled=False)
    page = window.new_page()
    page.goto(f"{site}pages/claims.html")
    shown, forms = page.locator(SHOWN).count(), page.locator(".ledger-filter").count()
    window.close()
    assert (shown, forms) == (len(CLAIMS), 0)
