"""NumPy-style docstrings as lists that Sphinx renders.

The book's docstrings write `name : what it is, and may go on for lines`. sphinx.ext.napoleon and numpydoc take what
follows the colon for a type, and would tear such sentences in two; types are in the signature here. Each section
becomes a field with its heading; in Parameters and the like, the names become the terms of a list.

The pages are built without frameworks, which autodoc then mocks; here its mocks learn to stand in `Tensor | None`.
"""

import inspect
import re
from itertools import pairwise
from typing import Union

from sphinx.ext.autodoc.mock import _MockObject

NAMED = {"Parameters", "Attributes", "Raises"}
ENTRY = re.compile(r"(?P<names>\*{0,2}\w+(?:, \w+)*)(?: : (?P<text>.*))?")


def terms(body, *, always):
    """Lines of a section as a definition list; unchanged where its lines name nothing, as `Returns` often does."""
    starts = [line for line in body if line[:1].strip()]
    matches = [ENTRY.fullmatch(line) for line in starts]
    if not starts or not all(match and (always or match["text"]) for match in matches):
        return body
    lines = []
    for line in body:
        match = ENTRY.fullmatch(line) if line[:1].strip() else None
        lines += [f"``{match['names']}``", *([f"    {match['text']}"] if match["text"] else [])] if match else [line]
    return lines


def as_fields(lines):
    """A docstring's lines, each underlined section turned into a field; what stands before them stays as it is."""
    heads = [i for i in range(len(lines) - 1) if lines[i][:1].isupper() and re.fullmatch(r"---+", lines[i + 1])]
    result = list(lines[: [*heads, len(lines)][0]])
    for start, end in pairwise([*heads, len(lines)]):
        body = inspect.cleandoc("\n".join(lines[start + 2 : end])).splitlines()
        body = terms(body, always=lines[start] in NAMED)
        result += [f":{lines[start]}:", *(f"    {line}".rstrip() for line in body), ""]
    return result


def process(app, what, name, thing, options, lines):
    """Change the lines in place, as autodoc wants it."""
    lines[:] = as_fields(lines)


def either(one, other):
    """The type hint `one | other`, which a mock does not make by itself."""
    return Union[one, other]  # noqa: UP007


def setup(app):
    """Register with autodoc."""
    _MockObject.__or__ = either
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", process)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
