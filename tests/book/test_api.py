"""The page made from the package's docstrings."""

import importlib
import inspect
import pkgutil

import pytest
from bs4 import BeautifulSoup

import pruneutils
from _ext.docstrings import as_fields


def public():
    """Full names of all that the package offers, the book's own machinery apart."""
    for found in pkgutil.walk_packages(pruneutils.__path__, "pruneutils."):
        if "._" in found.name or found.name.startswith("pruneutils.book"):
            continue
        module = importlib.import_module(found.name)
        own = [name for name, thing in vars(module).items() if name[0] != "_" and inspect.getmodule(thing) is module]
        for name in getattr(module, "__all__", own):
            if callable(thing := getattr(module, name)):
                yield thing, f"{found.name}.{name}"


@pytest.mark.slow
def test_every_public_name_is_on_the_page(html):
    """A new module that nobody added to pages/api.md; under any one of its names, where it has two."""
    page = BeautifulSoup((html / "pages" / "api.html").read_text(encoding="utf-8"), "html.parser")
    shown, missing = {entry["id"] for entry in page.select("dt.sig[id]")}, {}
    for thing, name in public():
        missing.setdefault(thing, []).append(name)
    assert len(missing) > 30
    assert [names for names in missing.values() if not set(names) & shown] == []


@pytest.mark.slow
def test_classes_made_from_a_framework_show_their_own_parameters(html):
    """Without a framework, autodoc takes the parameters of what stands in for its base class."""
    page = BeautifulSoup((html / "pages" / "api.html").read_text(encoding="utf-8"), "html.parser")
    for name, own in {
        "keras.GradualPruner": "schedule: Callable",
        "pytorch.attention.SelfAttention": "heads: int",
    }.items():
        assert own in page.find(id=f"pruneutils.{name}").get_text()
    assert page.find(id="pruneutils.keras.GradualPruner.step")
    assert page.find(id="pruneutils.scores.magnitude").parent.select("dl.field-list > dd dt code")[0].get_text() == "W"


def test_sections_become_fields():
    """An entry that runs on for lines is one term and one sentence; prose and an example stay as they are."""
    text = """\
Do it.

Parameters
----------
a, b : two
    arrays.
*more : others.

Returns
-------
an array: of ``a``.

Raises
------
ValueError
    if not.

Examples
--------
>>> 1 + 1
2"""
    assert (
        "\n".join(as_fields(text.splitlines())).rstrip()
        == """\
Do it.

:Parameters:
    ``a, b``
        two
        arrays.
    ``*more``
        others.

:Returns:
    an array: of ``a``.

:Raises:
    ``ValueError``
        if not.

:Examples:
    >>> 1 + 1
    2"""
    )
