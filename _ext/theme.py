"""Make the theme's pages lighter and quieter, where its options do not reach.

- Sphinx's index of all words is loaded by the search page only.
- Icons are drawn into the page. The theme loads 1.5 MB of script and 270 kB of fonts to show fifteen of them.
- MathJax is loaded by pages with formulas only; live code, which the book does not use, by none.
- The filter of the ledger is loaded by the ledger only.
- A formula too wide for its column shrinks before it scrolls.
- The colour mode is known before the first paint; the theme reports an error on a reader's first visit.
- A result of one line, which has no columns to keep, is marked so that a phone may break it.
- The mark in the page's contents is right; the theme's lags behind.
- A heading has an address of its own, by which search finds its section.
- Screen readers hear what a button says, not a label that says something else, and lists hold list items only.
"""

import re
from functools import cache
from pathlib import Path

from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
FORMULA = re.compile(r'class="[^"]*\bmath\b')
ICON = re.compile(
    r"<(?P<tag>i|span) (?P<before>[^<>]*)class=\"(?P<classes>[^\"<>]*\bfa[^\"<>]*)\"(?P<after>[^<>]*)></(?P=tag)>"
)
ICON_SCRIPT = re.compile(r'\s*<script[^>]*src="[^"]*scripts/fontawesome\.js[^"]*"></script>')
ONE_LINE = re.compile(
    r'(<div class="output [^"]*)(?<! one-line)"(?=>(?:<div[^>]*>|<pre>|<span></span>|\s)*[^<\n]+\n</pre>)'
)
SEARCH_SCRIPT = re.compile(r'\s*<script[^>]*src="[^"]*(?:searchtools|searchindex|language_data)\.js[^"]*"></script>')
STYLES = {"fas": -1, "fa-solid": -1, "far": 0, "fa-regular": 0, "fab": 0, "fa-brands": 0}
MENDED = [
    (
        re.compile(r'(<section (?:class="[^"]*" )?id="([^"]+)">\s*(?:<span id="[^"]*"></span>\s*)*<h[1-6])(?=>)'),
        r'\1 id="at-\2"',
    ),
    (ICON_SCRIPT, ""),
    (re.compile(r'(?<=id=")pst-page-toc-nav(?=")'), "page-contents"),  # whose mark _static/contents.js sets
    (ONE_LINE, r'\1 one-line"'),
    (re.compile(r'(?<=<summary) aria-label="Toggle hidden content"'), ""),
    (re.compile(r'(<button class="[^"]*\bsearch-button-field\b[^>]*) aria-label="[^"]*"'), r"\1"),
    (re.compile(r'(?<=<div) role="list"(?= class="citation-list")'), ""),
]
COLOUR_MODE = """
const page = document.documentElement.dataset;
if (!page.mode) {
  page.mode = "auto";
  page.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
"""


def trim_scripts(app, pagename, templatename, context, doctree):
    """Leave out the scripts and styles that a page does not need."""
    unused = ["sphinx-thebe", "THEBE_JS_URL"] + ["ledger.js"] * (pagename != "pages/claims")
    if not FORMULA.search(context.get("body", "")):
        unused += ["mathjax", "formulas.js"]
    for kind in ("script_files", "css_files"):
        context[kind] = [f for f in context[kind] if not any(word in described(f) for word in unused)]


def defer_scripts(app, config):
    """Let the scripts in _static/, which Jupyter Book puts into each page, run when the page is there."""
    config.html_js_files = [(name, {"defer": "defer"}) for name in config.html_js_files]


def described(asset):
    """A script's or stylesheet's address and text."""
    return f"{getattr(asset, 'filename', asset)} {getattr(asset, 'attributes', {}).get('body', '')}"


@cache
def library(html):
    """The theme's own icon library, as text."""
    return (html / "_static" / "scripts" / "fontawesome.js").read_text(encoding="utf-8")


@cache
def drawing(html, style, name):
    """Width, height and path of an icon. A name may be in two styles: the library has regular before solid."""
    entry = re.compile(rf'[,{{]"?{re.escape(name)}"?:\[(\d+),(\d+),\[[^\]]*\],"\w+","([^"]+)"')
    found = entry.findall(library(html))
    return found[STYLES[style]] if found else None


def draw(match, html):
    """The icon as inline SVG, with the attributes it had; its button or link has the name."""
    classes = match["classes"].split()
    style = next((c for c in classes if c in STYLES), None)
    names = [c.removeprefix("fa-") for c in classes if c.startswith("fa-") and c not in STYLES and c != "fa-lg"]
    shape = drawing(html, style, names[0]) if style and names else None
    if shape is None:
        LOGGER.warning("no drawing for the icon %s", match.group())
        return match.group()
    width, height, path = shape
    attributes = f'{match["before"]}class="{" ".join(["icon", *classes])}"{match["after"]}'
    attributes = re.sub(r'\s+title="[^"]*"', "", attributes)
    return f'<svg {attributes} viewBox="0 0 {width} {height}" aria-hidden="true"><path d="{path}"/></svg>'


def mend_pages(app, exception):
    """Replace icons by drawings in every page that was built, and mend the theme's markup."""
    if exception or app.builder.format != "html":
        return
    html = Path(app.outdir)
    for page in html.rglob("*.html"):
        if "_static" in page.relative_to(html).parts:
            continue
        text = page.read_text(encoding="utf-8")
        new = ICON.sub(lambda match: draw(match, html), text)
        if page.name != "search.html":  # elsewhere Pagefind's index is loaded, when somebody types
            new = SEARCH_SCRIPT.sub("", new)
        for pattern, replacement in MENDED:
            new = pattern.sub(replacement, new)
        if new != text:
            page.write_text(new, encoding="utf-8")


def setup(app):
    """Register with Sphinx; the page's context is trimmed after all other extensions have added to it."""
    app.add_js_file(None, body=COLOUR_MODE, priority=0)
    app.connect("config-inited", defer_scripts)
    app.connect("html-page-context", trim_scripts, priority=950)
    app.connect("build-finished", mend_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
