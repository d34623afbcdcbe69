"""What every page must be. Each check returns complaints, empty where all is well; see test_planted.py."""

import gzip
import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from book.chapter import PAGE_BYTES, ROOT
from bs4 import BeautifulSoup
from playwright.sync_api import TimeoutError

from .reader import Visit
from .site import BASEURL, MOVED, PREFIX, pages, prose, source, toc

AXE = (ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
TRANSFERRED_BYTES = 1_500_000
FORMULA = re.compile(r"\$[^$\n]+\$|\$\$|\{math\}")
UNREACHED = {"search", "genindex", "404"}
COPIED = "navigator.clipboard.readText()"


def reading(visit: Visit, name: str) -> list[str]:
    """Loading, formulas, pictures and layout of an open page."""
    return [
        *visit.call("mathematics", bool(FORMULA.search(prose(name)))),
        *visit.call("images"),
        *visit.unfold().call("layout"),
        *visit.complaints,
    ]


def accessibility(visit: Visit) -> list[str]:
    """Serious and critical violations of axe-core's rules, seen twice: colours may still be fading in."""
    visit.page.evaluate(AXE)
    for pause in (0, 3000):
        visit.page.wait_for_timeout(pause)
        violations = visit.page.evaluate("axe.run({resultTypes: ['violations']}).then((results) => results.violations)")
        complaints = [
            f"{v['impact']} {v['id']}: {node['html'][:150]} {node['failureSummary']}"
            for v in violations
            if v["impact"] in ("serious", "critical")
            for node in v["nodes"]
        ]
        if not complaints:
            break
    return complaints


def keyboard(visit: Visit) -> list[str]:
    """Tab reaches every control, the skip link first, and one sees where the focus is."""
    found = visit.call("prepareTab")
    complaints, reached = found["missing"], []
    for _ in range(2 * found["count"] + 20):
        visit.page.keyboard.press("Tab")
        focus = visit.call("focused")
        if focus["number"] in reached:
            break
        if focus["number"] < 0:
            if "name" in focus:
                continue
            break
        reached.append(focus["number"])
        if not focus["visible"]:
            complaints.append(f"focus is not to be seen: {focus['name']}")
    complaints += [f"not reached with Tab: {name}" for name in visit.call("missed", reached)]
    first = visit.call("describe", reached[:1])
    return complaints + [f"first is not the skip link but {name}" for name in first if "#main-content" not in name]


def toggles(visit: Visit, expected: int) -> list[str]:
    """Folded parts open and close with Enter; the colour mode changes with Enter."""
    summaries = visit.page.query_selector_all("article details > summary")
    complaints = [] if len(summaries) >= expected else [f"{len(summaries)} folded parts, expected {expected}"]
    for summary in summaries:
        states = []
        for _ in range(2):
            summary.focus()
            visit.page.keyboard.press("Enter")
            states.append(summary.evaluate("element => element.parentElement.open"))
        if sorted(states) != [False, True]:
            complaints.append(f"Enter does not open and close: {summary.text_content()}")
    if not summaries and not expected:
        return complaints
    switch = visit.page.query_selector(".theme-switch-button")
    modes = []
    for _ in range(3):
        switch.focus()
        visit.page.keyboard.press("Enter")
        modes.append(visit.page.evaluate("document.documentElement.dataset.mode"))
    return complaints if set(modes) == {"light", "dark", "auto"} else [*complaints, f"colour modes: {modes}"]


def copying(visit: Visit, expected: bool) -> list[str]:
    """The buttons at code cells (first, middle and last) copy the cell's code, all of it and nothing else."""
    blocks = visit.unfold().page.query_selector_all("div.cell_input div.highlight")
    if not blocks:
        return ["no code to copy"] if expected else []
    complaints = []
    for block in {id(b): b for b in (blocks[0], blocks[len(blocks) // 2], blocks[-1])}.values():
        code = block.query_selector("pre").text_content().strip()
        button = block.query_selector("button.copybtn")
        if button is None:
            complaints.append(f"no button at: {code[:60]}")
            continue
        visit.page.evaluate("navigator.clipboard.writeText('nothing')")
        block.hover()
        button.click()
        copied = visit.page.evaluate(COPIED).strip()
        if copied != code:
            complaints.append(f"copied {copied[:60]!r} instead of {code[:60]!r}")
    return complaints


def own_term(name: str) -> str:
    """A word that a page uses often and that begins like none on another page."""
    words = {page: Counter(re.findall(r"\b[a-z]{4,}\b", prose(page))) for page in toc()}
    stems = {word[:4] for page in words if page != name for word in words[page]}
    own = {word: n for word, n in words[name].items() if word[:4] not in stems}
    return max(own, key=lambda word: (len(word) > 6, own[word], word))  # stems of long words are long


def search(visit: Visit, term: str, name: str) -> list[str]:
    """The search page finds a page by one of its words."""
    visit.open(f"search.html?q={term}")
    found = f"#search-results a[href*='{name}.html']"
    try:
        visit.page.wait_for_selector(f"{found}, #search-results :text('did not match')", timeout=10_000)
    except TimeoutError:
        return [f"the search for {term!r} does not end", *visit.complaints]
    if visit.page.query_selector(found) is None:
        return [f"{term!r} does not find {name}: {visit.page.inner_text('#search-results')[:200]}", *visit.complaints]
    return list(visit.complaints)


def order(html: Path, names: list[str]) -> list[str]:
    """Previous and next lead along the table of contents."""
    complaints = []
    for before, name, after in zip([None, *names], names, [*names[1:], None], strict=False):
        soup = BeautifulSoup((html / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        for selector, expected in (("a.left-prev", before), ("a.right-next", after)):
            link = soup.select_one(f".prev-next-area {selector}")
            leads = urljoin(f"{name}.html", link["href"]).removesuffix(".html") if link else None
            if leads != expected:
                complaints.append(f"{name}: {selector} leads to {leads}, expected {expected}")
    return complaints


def links(html: Path) -> list[str]:
    """Links and files of the pages that are not there, anchors included; and pages to which no link leads."""
    root = BASEURL.removesuffix(PREFIX)
    complaints, reached, anchors = [], set(), {}

    def anchors_of(path: Path) -> set[str]:
        if path not in anchors:
            soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
            anchors[path] = {e.get("id") for e in soup.find_all(id=True)} | {e["name"] for e in soup.select("a[name]")}
        return anchors[path]

    for page in sorted(html.rglob("*.html")):
        name = page.relative_to(html)
        if name.parts[0] == "_static":
            continue
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for element in soup.select("[href], [src]"):
            written = element.get("href") or element.get("src") or ""
            address, anchor = urldefrag(urljoin(f"{BASEURL}{name}", written))
            if not address.startswith(root + "/"):
                continue
            path = unquote(urlsplit(address).path)
            target = html / path.removeprefix(PREFIX)
            target = target / "index.html" if target.is_dir() else target
            if not path.startswith(PREFIX) or not target.is_file():
                complaints.append(f"{name}: {written} does not exist")
            elif target.suffix == ".html" and anchor and unquote(anchor) not in anchors_of(target):
                complaints.append(f"{name}: {written} has no such anchor")
            elif element.name == "a" and target != page:
                reached.add(target)
    unreached = [n for n in pages(html) if html / f"{n}.html" not in reached and n not in UNREACHED]
    return complaints + [f"{name}: no link leads there" for name in unreached]


def own_bytes(html: Path, name: str) -> int:
    """A page's HTML, compressed as servers send it, and the pictures that only the book has."""
    page = html / f"{name}.html"
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    pictures = {(page.parent / i["src"]).resolve() for i in soup.select("main img[src*='_images/']")}
    return len(gzip.compress(page.read_bytes(), 6)) + sum(picture.stat().st_size for picture in pictures)


def weigh(visit: Visit, name: str) -> tuple[int, int]:
    """Bytes that a reader's first page takes: as transferred, and unpacked."""
    requests = []
    visit.page.on("requestfinished", lambda request: requests.append(request))
    visit.open(f"{name}.html")
    visit.page.wait_for_load_state("networkidle")
    sizes = [request.sizes()["responseBodySize"] for request in requests]
    return sum(sizes), sum(len(request.response().body()) for request in requests)


def too_heavy(name: str, own: int, transferred: int) -> list[str]:
    """What is above the book's budget."""
    complaints = [f"{name}: HTML and pictures {own / 1000:.0f} kB"] if own > PAGE_BYTES else []
    if transferred > TRANSFERRED_BYTES:
        complaints.append(f"{name}: {transferred / 1000:.0f} kB transferred")
    return complaints


def has_moved(html: Path, name: str) -> bool:
    """Whether a page only leads on to another."""
    return bool(MOVED.search((html / f"{name}.html").read_text(encoding="utf-8")))


def folded(name: str) -> int:
    """How many folded parts the text asks for at least."""
    return len(re.findall(r"hide-(?:input|output)|<details", source(name)))
