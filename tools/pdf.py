"""Print the whole book as one PDF: make pdf

Sphinx sets the book as one page from the stored outputs, and Chromium prints it, mathematics included.
`make browser` installs Debian's; CHROMIUM=/path/to/chromium chooses another.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import browser

ROOT = Path(__file__).resolve().parent.parent
PDF = "_build/pruning-book.pdf"
CONTENTS = '<div id="jb-print-docs-body" class="onlyprint">'
COVER = '<div class="cover"><img src="_static/social-card.png" alt="" /></div>'
PRINT = ["--headless", "--disable-gpu", "--no-pdf-header-footer", "--generate-pdf-document-outline"]
SECONDS = 60


def one_page(root):
    """Build the book as one page with a cover, and return its file."""
    command = ["jupyter-book", "build", "-W", "-n", "--keep-going", "--builder", "singlehtml"]
    built = subprocess.run([*command, "--path-output", "_build/pdf", "."], cwd=root, capture_output=True, text=True)
    if built.returncode:
        sys.exit(built.stdout + built.stderr + "\nThe book could not be set as one page; make book may say more.")
    folder = root / "_build" / "pdf" / "_build" / "singlehtml"
    text = (folder / "intro.html").read_text(encoding="utf-8")
    text = re.sub(r'href="[\w/-]+\.html#', 'href="#', text.replace(CONTENTS, CONTENTS + COVER))
    page = folder / "book.html"
    page.write_text(text, encoding="utf-8")
    return page


def print_page(program, page, pdf):
    """Print a page with its scripts run."""
    with tempfile.TemporaryDirectory() as profile:
        options = [f"--user-data-dir={profile}", f"--print-to-pdf={pdf}", f"--virtual-time-budget={1000 * SECONDS}"]
        options += ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses to run as root with it
        printed = subprocess.run([program, *PRINT, *options, page.as_uri()], capture_output=True, text=True)
    if printed.returncode or not pdf.exists():
        sys.exit(f"{printed.stderr}\n{program} did not print the book; its messages are above.")


def main(root=ROOT):
    """Build, print, and say where the file is."""
    program, pdf = browser.find(), root / PDF
    if not program:
        sys.exit(
            "make pdf prints with Chromium or Chrome, and found none. Install one (on Debian, make browser does),\n"
            "or say where it is: make pdf CHROMIUM=/path/to/chromium"
        )
    page = one_page(root)
    pdf.unlink(missing_ok=True)
    print_page(program, page, pdf)
    print(f"Open {pdf}")


if __name__ == "__main__":
    main()
