"""Say what a folded cell holds: its solution, how a claim is checked, the code of a figure, the answer to a guess.

MyST-NB labels them all alike, "Show code cell source". The label comes from the cell itself: a first line
`#@title Solution 1.2` is what Colab shows, too. A solution folds together with its output, which says "solved".
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

TITLE = re.compile(r"\s*#@title +(.+)")
IMPORTS = re.compile(r"\s*(import|from) \w")
CLAIM = re.compile(r"^\s*claim\(", re.MULTILINE)


def label(source, has_figure, hidden, tags=()):
    """The words for a folded part of a cell, from its code."""
    title = TITLE.match(source)
    if title:
        return title[1].strip()
    if "tag_explorer" in tags:
        return "Code of this explorer"
    if hidden == "output":
        return "The answer"
    if IMPORTS.match(source):
        return "Imports"
    claims = len(CLAIM.findall(source))
    if claims:
        return "How this claim is checked" if claims == 1 else "How these claims are checked"
    return "Code of this figure" if has_figure else "Code of this step"


class FoldedCells(SphinxPostTransform):
    """Label folded cells, before MyST-NB (priority 199) wraps them."""

    default_priority = 198
    formats = ("html",)

    def run(self, **kwargs):
        """Change the document in place."""
        for cell in self.document.findall(nodes.container):
            if cell.get("nb_element") != "cell_code" or not cell.get("hide_mode"):
                continue
            source = next((part.astext() for part in cell.findall(nodes.literal_block)), "")
            has_figure = next(cell.findall(nodes.image), None) is not None
            words = label(source, has_figure, cell["hide_mode"], cell.get("classes", []))
            cell["prompt_show"] = cell["prompt_hide"] = words
            if words.startswith("Solution"):
                cell["hide_mode"] = "all"


def setup(app):
    """Register the transform with Sphinx."""
    app.add_post_transform(FoldedCells)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
