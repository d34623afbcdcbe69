"""Search as you type, by section and over prose only: Pagefind's static index, and the list that shows what it finds.

Pagefind (https://pagefind.app) reads the built pages and writes its index beside them; a browser loads the parts that a
query needs. Where there is no server, on the disk, browsers load nothing of it, and Sphinx's own search answers.
"""

import subprocess
import sys
from pathlib import Path

from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
NOT_PROSE = ".highlight, .math, .cell_output pre, .headerlink, .verified, .toctree-wrapper, svg, script, style"
PAGES = "{intro,chapters/*,pages/*}.html"
OPTIONS = [
    "--glob",
    PAGES,
    "--root-selector",
    "article.bd-article",
    "--include-characters",
    ":.",
    "--exclude-selectors",
    NOT_PROSE,
]


def write_index(app, exception):
    """Index the pages, after all that changes them."""
    if exception or app.builder.name != "html":
        return
    command = [sys.executable, "-m", "pagefind", "--site", app.outdir, *OPTIONS]
    done = subprocess.run(command, capture_output=True, text=True, cwd=app.outdir)
    if done.returncode:
        LOGGER.warning("Pagefind did not index the pages: %s", done.stderr or done.stdout)
    for unused in (path for kind in ("component-ui", "modular-ui", "ui", "highlight") for path in _of(app, kind)):
        unused.unlink()


def _of(app, kind):
    return Path(app.outdir, "pagefind").glob(f"pagefind-{kind}.*")


def setup(app):
    """Write the index last."""
    app.connect("build-finished", write_index, priority=990)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
