"""Figures that follow the page's light and dark mode: an SVG file's colours become variables, and its ground goes.

A notebook stores a figure as SVG with the colours of `book.plots` on a white ground, as Colab and GitHub show it. In
the page and in explorers each of these colours is a variable, which `_static/figures.css` and `card.css` set.
"""

import re
from hashlib import sha256
from html import escape

COLOURS = {
    "#1a1a1a": "currentcolor",
    "#000000": "currentcolor",
    "#595959": "var(--figure-grey)",
    "#e3e3e3": "var(--figure-grid)",
    "#0072b2": "var(--figure-blue)",
    "#e69f00": "var(--figure-orange)",
    "#009e73": "var(--figure-green)",
    "#cc79a7": "var(--figure-purple)",
    "#56b4e9": "var(--figure-sky)",
    "#d55e00": "var(--figure-vermilion)",
    "#d0d0d0": "var(--figure-removed)",
}
HEAD = re.compile(
    r"\A.*?(?=<svg)|<metadata>.*?</metadata>|(?<=<svg) xmlns:xlink=\"[^\"]*\"|\s*<defs>\s*<style.*?</defs>", re.S
)
SIZE = re.compile(r'(<svg[^>]*?) width="([\d.]+)pt" height="[\d.]+pt"')
FONT = re.compile(r"font-family: [^;\"]*;? ?|(?<=font: )([^'\"]*?px) '[^;\"]*(?=;|\")")
REFERENCE = re.compile(r'(?<=url\(#)[^)]+|(?<=xlink:href="#)[^"]+')
IDENTITY = re.compile(r' id="([^"]+)"')


def themed(svg: str, alt: str, prefix: str = "") -> str:
    """An SVG file of Matplotlib as an element of the page, whose ids start with the prefix, by default its own."""
    prefix = prefix or "f" + sha256(svg.encode()).hexdigest()[:8]
    svg = HEAD.sub("", svg)
    for colour, variable in COLOURS.items():
        svg = svg.replace(colour, variable)
    svg = svg.replace('style="fill: #ffffff"', 'style="fill: none"')  # the grounds of figure and axes; text says more
    svg = FONT.sub(lambda match: f"{match[1]} var(--interface)" if match[1] else "", svg)
    used = set(REFERENCE.findall(svg))  # Matplotlib names all parts, and equal ones alike; a page has a name once
    svg = IDENTITY.sub(lambda match: f' id="{prefix}-{match[1]}"' if match[1] in used else "", svg)
    svg = REFERENCE.sub(lambda match: f"{prefix}-{match[0]}", svg).replace("xlink:href", "href")
    words = f' class="figure" role="img" aria-label="{escape(alt, quote=True)}"'
    # As wide as drawn, 10 points to a label; --drawn is this width in the drawing's own units.
    return SIZE.sub(
        lambda m: f'{m[1]}{words} style="width: {float(m[2]) / 0.75:.0f}px; --drawn: {float(m[2]):.0f}"', svg, count=1
    )
