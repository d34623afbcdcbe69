"""What _ext/theme.py does to the theme's pages; needs no browser."""

import re
from types import SimpleNamespace

import pytest

from _ext import theme

from .site import pages

LIBRARY = '{"bars":[448,512,[],"f0c9","M0 1"],"moon":[384,512,[],"f186","M2 3"]} {"moon":[384,512,[],"f186","M4 5"]}'


@pytest.fixture
def built(tmp_path):
    """A folder of pages with the theme's icon library, and the application that has built it."""
    scripts = tmp_path / "_static" / "scripts"
    scripts.mkdir(parents=True)
    (scripts / "fontawesome.js").write_text(LIBRARY)
    builder = SimpleNamespace(format="html")
    return tmp_path, SimpleNamespace(builder=builder, outdir=str(tmp_path))


def mended(built, text):
    folder, app = built
    (folder / "page.html").write_text(text)
    theme.mend_pages(app, None)
    once = (folder / "page.html").read_text()
    theme.mend_pages(app, None)
    assert (folder / "page.html").read_text() == once, "a second build without changes changes the page"
    return once


@pytest.mark.parametrize("style, path", [("fas", "M4 5"), ("fa-regular", "M2 3")])
def test_icon_is_drawn_in_its_style(built, style, path):
    """The library has the regular and the solid moon under one name."""
    new = mended(built, f'<i class="theme-switch {style} fa-moon fa-lg" data-mode="dark" title="Dark"></i>')
    assert f'<path d="{path}"/>' in new
    assert 'data-mode="dark"' in new and "theme-switch" in new and "title" not in new


def test_unknown_icon_is_reported_and_kept(built, monkeypatch):
    """A new version of the theme has an icon that we do not find: the build must stop, not lose it."""
    warnings = []
    monkeypatch.setattr(theme.LOGGER, "warning", lambda *arguments: warnings.append(arguments))
    text = '<span class="fa-solid fa-unheard-of"></span>'
    assert mended(built, text) == text
    assert warnings


def test_only_results_of_one_line_are_marked(built):
    """A table printed as text would lose its columns."""
    start = '<div class="output stream highlight-none notranslate"><div class="highlight"><pre><span></span>'
    assert "one-line" in mended(built, f"{start}one result\n</pre>")
    assert "one-line" not in mended(built, f"{start}a  b\n1  2\n</pre>")


@pytest.mark.slow
def test_built_pages_load_no_more_than_they_need(html):
    """Another version of the theme names its scripts differently, and half a megabyte is back unnoticed."""
    for name in pages(html):
        text = (html / f"{name}.html").read_text(encoding="utf-8")
        assert not re.search(r'fontawesome\.js|sphinx-thebe\.js|<(i|span) class="[^"]*\bfa-', text), name
        assert ("mathjax/" in text) == bool(theme.FORMULA.search(text)), name
        assert ("ledger.js" in text) == (name == "pages/claims"), name
        assert "Toggle hidden content" not in text, name
        scripts = re.findall(r'<script[^>]* src="([^"]+)"', text)
        assert len(set(scripts)) == len(scripts), name
