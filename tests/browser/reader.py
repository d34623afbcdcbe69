"""A browser that knows no other host, and the pages that it opens."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
SCRIPT = (Path(__file__).parent / "checks.js").read_text(encoding="utf-8")
READY = """async () => {
    if (window.MathJax?.startup?.promise) await MathJax.startup.promise;
    await document.fonts.ready;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


@contextmanager
def launch(executable: str):
    """The browser; closed in the end, for the event loop that it needs would disturb other tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """An open page, and what went wrong while it loaded."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.page.on("console", lambda m: m.type == "error" and self.complaints.append(f"console: {m.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self.outside)
        self.page.on("requestfailed", self.request_failed)
        self.page.on("response", lambda r: r.status >= 400 and self.complaints.append(f"status {r.status}: {r.url}"))

    def request_failed(self, request):
        """What could not be fetched; a request that the next page cut short is no fault of this one."""
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def outside(self, request) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.complaints.append(f"external: {request.url}")

    def open(self, address: str) -> "Visit":
        """Load an address, with its formulas, fonts and folded parts; complaints start anew."""
        self.complaints.clear()
        self.page.goto(self.base + address)
        self.page.evaluate(READY)
        self.page.evaluate(SCRIPT)
        return self

    def unfold(self) -> "Visit":
        """Open all folded parts, so that what they hide is looked at."""
        self.page.evaluate(
            """() => new Promise((done) => {
                for (const details of document.querySelectorAll("main details")) details.open = true;
                requestAnimationFrame(() => requestAnimationFrame(done));
            })"""
        )
        return self

    def call(self, function: str, *arguments):
        """One of the functions in checks.js."""
        return self.page.evaluate("([name, args]) => bookChecks[name](...args)", [function, list(arguments)])


def context(browser: Browser, mode: str, width: int) -> BrowserContext:
    """A reader with a colour mode and a window."""
    found = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=mode)
    found.set_default_timeout(15_000)
    found.add_init_script(f"localStorage.setItem('mode', '{mode}'); localStorage.setItem('theme', '{mode}')")
    return found
