"""Pages for those who come by another address: index.html, 404.html, and the old names of renamed chapters.

redirects.txt has a line `old new` for each renamed page. The build stops if an old name is a page again, or if a new
one is none. The server shows 404.html at any address, so that its links start at the root of the published book.
"""

import posixpath
import re
from html import escape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
FILE = "redirects.txt"
NOT_FOUND = """\
<h1>Page not found</h1>
<p>The book has no page at this address: it may be mistyped, or from a time when the page had another name.</p>
<ul>
<li><a href="{root}">Go to the first page</a></li>
<li><a href="pages/contents.html">Look through all chapters</a></li>
<li><a href="search.html">Search the book</a></li>
</ul>
"""
MOVED = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>{title}</title>
<link rel="canonical" href="{canonical}" />
<script>location.replace("{new}" + location.hash)</script>
<noscript><meta http-equiv="refresh" content="0; url={new}" /></noscript>
</head>
<body><main><h1>{title}</h1><p>Go on to <a href="{new}">{new}</a>.</p></main></body>
</html>
"""
RELATIVE = re.compile(r'\b(href|src|action|data-content_root)="(?![#/?]|[a-z][a-z0-9+.-]*:)(?:\./)?([^"]*)"')


def redirects(text):
    """Old and new address of each line that is neither empty nor a comment; ValueError if one is not such a pair."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for words in lines:
        if len(words) != 2 or not all(re.fullmatch(r"(?!.*\.\.)\w[\w./-]*\.html(#[\w-]+)?", word) for word in words):
            raise ValueError(
                f"{' '.join(words)!r}: expected two pages, such as chapters/02-old.html chapters/02-new.html"
            )
    return [tuple(words) for words in lines]


def wrong(pairs, pages):
    """What is wrong with redirects, given the pages that the book has."""
    olds = [old for old, _ in pairs]
    complaints = [f"{old} occurs twice" for old in sorted({old for old in olds if olds.count(old) > 1})]
    complaints += [f"{old} is a page of the book: readers would not reach it" for old in olds if old in pages]
    return complaints + [
        f"{old} leads to {new}, which is no page" for old, new in pairs if new.split("#")[0] not in pages
    ]


def not_found(app):
    """The body of 404.html."""
    body = NOT_FOUND.format(root=app.builder.get_target_uri(app.config.root_doc))
    yield (
        "404",
        {"title": "Page not found", "body": body, "metatags": '<meta name="robots" content="noindex" />'},
        "page.html",
    )


def write(app, exception):
    """Write the pages that lead on, and let the links of 404.html start at the root."""
    if exception or app.builder.name != "html":
        return
    source, out = Path(app.srcdir) / FILE, Path(app.outdir)
    try:
        pairs = redirects(source.read_text(encoding="utf-8")) if source.exists() else []
        complaints = wrong(pairs, {app.builder.get_target_uri(name) for name in app.env.found_docs})
    except ValueError as error:
        pairs, complaints = [], [error]
    for complaint in complaints:
        LOGGER.warning("%s: %s", FILE, complaint)
    if not complaints:
        for old, new in [("index.html", app.builder.get_target_uri(app.config.root_doc)), *pairs]:
            (out / old).parent.mkdir(parents=True, exist_ok=True)
            link = posixpath.relpath(new, posixpath.dirname(old) or ".")
            canonical = urljoin(app.config.html_baseurl, new)
            title = escape(app.config.html_title)
            (out / old).write_text(MOVED.format(title=title, canonical=canonical, new=link), encoding="utf-8")
    page, root = out / "404.html", urlsplit(app.config.html_baseurl).path or "/"
    page.write_text(RELATIVE.sub(rf'\1="{root}\2"', page.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app):
    """Register with Sphinx; before sphinx-external-toc, which would write another index.html."""
    app.connect("html-collect-pages", not_found)
    app.connect("build-finished", write, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
