"""What helps a reader to find the way: how long a chapter takes, when it was verified, and a description of each page.

Chapters stay pure notebooks: the line below a chapter's promise comes from data/verified/, where refresh writes.
A chapter that is not there, or whose notebook is not the one that refresh stored, is a warning, which stops the build.
The description that search engines and link previews show is the page's first paragraph, in a chapter its promise.
"""

from datetime import date
from html import escape
from pathlib import Path
from textwrap import shorten

from babel.dates import format_date
from docutils import nodes
from sphinx.util import logging

from tools import verified

LOGGER = logging.getLogger(__name__)
# A browser lets no page read another from the disk, so that search there lists pages without an excerpt.
FROM_DISK = 'if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;'


def first_paragraph(doctree):
    """The paragraph below the page's title, or None."""
    title = doctree.next_node(nodes.title)
    below = title.parent.children[1:] if title else []
    return next((node for node in below if isinstance(node, nodes.paragraph)), None)


def sentences(entry):
    """What the line below a chapter's promise says."""
    day = format_date(date.fromisoformat(entry["date"]), "d MMMM y", locale="en")
    *others, last = (f"{name} {number}" for name, number in entry["versions"].items())
    libraries = " and ".join([", ".join(others), last] if others else [last])
    return (
        f"About {verified.reading_minutes(entry)} minutes to read, and {entry['exercises']} for the exercises. "
        f"Verified on {day}: the code ran in {entry['seconds']:.0f} seconds on one thread, "
        f"with {libraries}."
    )


def show_verified(app, doctree):
    """Add the line to a chapter."""
    folder, _, name = app.env.docname.rpartition("/")
    if folder != "chapters":
        return
    root = Path(app.srcdir)
    app.env.note_dependency(str(verified.file(name, root)))
    entry = verified.load(root).get(name)
    if not entry or entry["digest"] != verified.digest(root / "chapters" / f"{name}.ipynb", root):
        missing = "is not the notebook that `make refresh` stored" if entry else f"has no entry in {verified.FOLDER}"
        LOGGER.warning("chapter %s %s: run make refresh CH=%s", name, missing, name[:2], location=app.env.docname)
        return
    promise = first_paragraph(doctree)
    line = nodes.paragraph("", sentences(entry), classes=["verified"])
    promise.parent.insert(promise.parent.index(promise) + 1, line)


def describe(app, pagename, templatename, context, doctree):
    """Set the description before sphinxext.opengraph makes up its own."""
    paragraph = doctree and first_paragraph(doctree)
    if paragraph:
        text = paragraph.astext().replace(r"\odot", "⊙")  # the only formula in a promise; a description is plain
        text = escape(shorten(text, 200, placeholder=" …"))
        context["meta"] = (context["meta"] or {}) | {"og:description": text}
        context["metatags"] += f'<meta name="description" content="{text}" />\n'


def setup(app):
    """Register both with Sphinx, icons for browsers that take no SVG, and what search needs on the disk."""
    app.add_css_file("icon-32.png", rel="icon", type="image/png", sizes="32x32")
    app.add_css_file("icon-180.png", rel="apple-touch-icon", type="image/png", sizes="180x180")
    app.add_js_file(None, body=FROM_DISK)
    app.connect("doctree-read", show_verified)
    app.connect("html-page-context", describe, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
