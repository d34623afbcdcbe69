"""Explorers: the order of the card, its state in the address, its colours, a phone, and a page without scripts.

Each check is seen to complain: the second half spoils a copy of chapter 2, which has two explorers.
"""

from pathlib import Path
from urllib.parse import parse_qsl, urldefrag

import pytest

from pruneutils.book.designer import designer
from pruneutils.schedules import PolynomialDecay

from .reader import Visit, context
from .site import Copy, serve, source, toc

pytestmark = pytest.mark.slow
PAGES = [name for name in toc() if ":tags: [explorer" in source(name)]
SCRIPT = (Path(__file__).parent / "cards.js").read_text(encoding="utf-8")
SAID = """() => Object.fromEntries([...document.querySelectorAll('.explorer-card')]
    .map((card) => [card.id, card.querySelector('output').textContent]))"""
TWO, FIRST, SECOND = "chapters/02-masks", "explorer-2-1", "explorer-2-2"


def look(visit: Visit, name: str, what: str) -> list[str]:
    """One of the functions in cards.js, on a page opened afresh."""
    visit.open(f"{name}.html").page.evaluate(SCRIPT)
    return [*visit.page.evaluate(f"cardChecks.{what}()"), *visit.complaints]


def state(visit: Visit, name: str) -> list[str]:
    """Each explorer, moved with the keyboard, says so in the address, which gives that back, and moves no other."""
    complaints = []
    before = visit.open(f"{name}.html").page.evaluate(SAID)
    for card in before:
        visit.open(f"{name}.html")
        visit.page.locator(f"#{card} input").first.press("ArrowRight")
        said, address = visit.page.evaluate(SAID), visit.page.url
        if said[card] == before[card]:
            complaints.append(f"{card}: does not move")
        if not urldefrag(address).fragment.startswith(f"{card}?"):
            complaints.append(f"{card}: the address is {address}")
            continue
        visit.page.goto("about:blank")
        visit.open(address.removeprefix(visit.base))
        if visit.page.evaluate(SAID) != said:
            complaints.append(f"{card}: {address} gives {visit.page.evaluate(SAID)}, expected {said}")
        box = visit.page.locator(f"#{card} h4").bounding_box()
        if not 0 < box["y"] < 900:
            complaints.append(f"{card}: is at {box['y']} of the window")
    return complaints + visit.complaints


def unscripted(window, address: str) -> list[str]:
    """What is seen of the explorers where no script runs: picture, sentence and table, and nothing to move."""
    page, complaints = window.new_page(), []
    page.goto(address)
    for card in page.locator(".explorer-card").all():
        name = card.get_attribute("id")
        seen = {
            part: card.locator(part).first.is_visible() for part in ("svg text", "output", "summary", ".unscripted")
        }
        complaints += [f"{name}: no {part}" for part, visible in seen.items() if not visible]
        complaints += [f"{name}: dead {c}" for c in ("input", "button") if card.locator(c).first.is_visible()]
    found = page.locator(".explorer-card").count()
    page.close()
    return complaints if found else ["no card"]


def test_there_are_explorers():
    assert TWO in PAGES and len(PAGES) >= 3


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("mode, width", [("light", 1400), ("dark", 390)])
@pytest.mark.parametrize("what", ["order", "colours", "width"])
def test_card(reader, name, mode, width, what):
    """A slider below its picture, a white slab by night, a button off the screen of a phone."""
    assert not look(reader(mode, width), name, what)


@pytest.mark.parametrize("name", PAGES)
def test_state_is_kept_and_restored(reader, name):
    assert not state(reader(), name)


@pytest.mark.parametrize("name", PAGES)
def test_without_script(browser, site, name):
    window = browser.new_context(java_script_enabled=False)
    assert not unscripted(window, f"{site}{name}.html")
    window.close()


@pytest.mark.parametrize("name", PAGES)
def test_code_is_folded(reader, name):
    """The drawing code above an explorer is twenty lines that nobody needs to read first."""
    page = reader().open(f"{name}.html").page
    folds = page.locator(".cell.tag_explorer details.hide > summary")
    assert folds.count() == page.locator(".explorer-card").count()
    assert {text.strip() for text in folds.all_inner_texts()} == {"Code of this explorer"}


def test_a_link_in_the_page_still_leads_to_its_heading(reader):
    """The state takes the place of an anchor in the address, not that of all anchors."""
    visit = reader().open(f"{TWO}.html#by-hand")
    visit.page.locator(f"#{FIRST} button").first.click()
    assert visit.page.url.endswith(f"#{FIRST}?position=0")
    link = visit.page.locator("#page-contents a.nav-link").last
    link.click()
    assert visit.page.url.endswith(link.get_attribute("href"))


def preset_and_address(visit: Visit) -> list[str]:
    """A preset says in the address what it has set; another address sets what can be, and leaves the rest."""
    page, complaints = visit.open("chapters/07-schedules.html").page, []
    page.get_by_role("button", name="end off the grid", exact=True).click()
    settings = dict(parse_qsl(urldefrag(page.url).fragment.partition("?")[2]))
    if settings != dict(initial="0", final="80", begin="10", end="100", power="3", frequency="60"):
        complaints.append(f"the preset set {settings}")
    pressed = page.get_by_role("button", pressed=True).all_text_contents()
    if pressed != ["end off the grid"]:
        complaints.append(f"pressed: {pressed}")
    page.evaluate("location.hash = '#explorer-7-1?final=50&power=many&other=1'")
    page.wait_for_timeout(300)
    final, power = (page.locator(f"#explorer-7-1 [name={name}]").input_value() for name in ("final", "power"))
    if final != "50":
        complaints.append(f"the address asked for 50, shown {final}")
    if power != "3":
        complaints.append(f"the address asked for no number, shown {power}")
    return complaints + visit.complaints


def test_a_preset_and_another_address_move_the_explorer(reader):
    assert not preset_and_address(reader())


@pytest.mark.parametrize(
    "old, new, word",
    [
        ('addEventListener("hashchange", restore);', "", "asked for 50"),
        ("if (Number.isFinite(values[input.name])) ", "", "asked for no number"),
        ('setAttribute("aria-pressed"', 'setAttribute("data-pressed"', "pressed: []"),
        ("    set(JSON.parse(button.value));", "", "the preset set"),
    ],
)
def test_check_of_presets_and_addresses_sees(reader, old, new, word):
    def spoilt(route):
        answer = route.fetch()
        assert old in answer.text()
        route.fulfill(response=answer, body=answer.text().replace(old, new))

    visit = reader()
    visit.page.route("**/07-schedules.html*", spoilt)
    found = preset_and_address(visit)
    visit.page.unroute("**/07-schedules.html*")
    assert any(word in complaint for complaint in found)


@pytest.fixture(scope="module")
def designed():
    designs = {
        f"to {final:.0%}": PolynomialDecay(initial_sparsity=0.0, final_sparsity=final, begin_step=0, end_step=9)
        for final in (0.5, 0.8)
    }
    return designer(designs, steps=10, number="1.1").html


def in_a_frame(browser, html: str) -> list[str]:
    """What goes wrong in a frame without an address, as Colab shows outputs: a change of the address is refused."""
    page, complaints = browser.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_content('<iframe sandbox="allow-scripts" style="width: 800px; height: 900px"></iframe>')
    page.eval_on_selector("iframe", "(frame, html) => { frame.srcdoc = html; }", html)
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="to 80%").click()
    frame.locator("[name=power]").press("ArrowRight")
    said = frame.locator("output").text_content()
    page.close()
    return complaints + ([] if "Goal 80.0 %" in said else [f"says {said}"])


@pytest.mark.parametrize("head", ["", ' data-theme="dark"'])
def test_in_a_frame_without_an_address_nothing_fails(browser, designed, head):
    assert not in_a_frame(browser, f"<!doctype html><html{head}><body>{designed}</body></html>")


@pytest.mark.parametrize(
    "old, new, word",
    [("} catch {", "} catch (e) { throw e;", "replaceState"), ("set(JSON.parse(button.value));", "", "says Goal 50.0")],
)
def test_check_of_the_frame_sees(browser, designed, old, new, word):
    assert old in designed
    html = f'<!doctype html><html data-theme="dark"><body>{designed.replace(old, new)}</body></html>'
    assert any(word in complaint for complaint in in_a_frame(browser, html))


@pytest.fixture(scope="module")
def copy(mini, tmp_path_factory):
    return Copy.of(mini, tmp_path_factory.mktemp("spoilt") / "html")


@pytest.fixture(scope="module")
def base(copy):
    with serve(copy.html) as address:
        yield address


@pytest.fixture
def spoil(copy):
    """Replace a text wherever the chapter has it; undone after the test."""
    path = copy.html / f"{TWO}.html"
    text = path.read_text(encoding="utf-8")

    def change(old, new):
        copy.change(f"{TWO}.html", old, new)  # which makes the file one of its own
        path.write_text(text.replace(old, new), encoding="utf-8")

    yield change
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def visit(browser, base):
    window = context(browser, "dark", 390)
    yield Visit(window.new_page(), base)
    window.close()


@pytest.mark.parametrize(
    "what, old, new, word",
    [
        ("order", 'class="presets"', 'class="presets" style="position: relative; top: 300px"', "output above"),
        ("order", 'class="stage"', 'class="stage" style="flex-direction: column-reverse"', "svg above .controls"),
        ("order", "<h4", "<h5", "no h4"),
        ("colours", "--ground: transparent", "--ground: #fff", "the ground is rgb(255, 255, 255)"),
        ("colours", "--ink: #e3e6ea", "--ink: #1a1a1a", "contrast"),
        ("colours", "fill: currentcolor", "fill: #333", "contrast"),
        ("width", 'class="presets"', 'class="presets" style="width: 600px"', "sticks out"),
        ("width", "min-width: 0", "min-width: 600px", "sticks out"),
    ],
)
def test_checks_of_the_card_see(spoil, visit, what, old, new, word):
    assert not look(visit, TWO, what)
    spoil(old, new)
    assert any(word in complaint for complaint in look(visit, TWO, what))


@pytest.mark.parametrize(
    "old, new, word",
    [
        ("history.replaceState(", "Boolean(", "the address is"),
        ("input.onchange = keep", "input.onchange = null", "the address is"),
        ("if (id !== card.id || !query) return;", "return;", "gives"),
        ("if (id !== card.id || !query) return;", "if (!query) return;", f"{SECOND}?position"),
        ("input.oninput =", "input.oncopy =", "does not move"),
        ("card.scrollIntoView()", "scrollTo(0, 0)", "of the window"),
    ],
)
def test_check_of_the_state_sees(spoil, visit, old, new, word):
    assert not state(visit, TWO)
    spoil(old, new)
    assert any(word in complaint for complaint in state(visit, TWO))


@pytest.mark.parametrize(
    "old, new, word",
    [
        ('class="unscripted"', 'class="unscripted" hidden', "no .unscripted"),
        ('class="controls" hidden', 'class="controls"', "dead input"),
        ('aria-label="Settings to start from" hidden', 'aria-label="Settings to start from"', "dead button"),
        (".explorer-card svg {", ".explorer-card svg { visibility: hidden;", "no svg text"),
    ],
)
def test_check_without_script_sees(browser, base, spoil, old, new, word):
    window = browser.new_context(java_script_enabled=False)
    assert not unscripted(window, f"{base}{TWO}.html")
    spoil(old, new)
    assert any(word in complaint for complaint in unscripted(window, f"{base}{TWO}.html"))
    window.close()
