"""Links that no author writes: from an equation's number to the equation, from a word's first use to the glossary.

Chapters write `(6.2)` and tag their equations `\\tag{6.2}`, as Colab shows them. On the page the number is a link, also
from another chapter. The first time that a chapter's prose uses a term of the glossary, it links to its entry.
"""

import re
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform

from tools import notebook

TAG = re.compile(r"\\tag\{(\d+\.\d+)\}")
NUMBER = re.compile(r"\((\d+\.\d+)\)")
ROW = re.compile(r'<span id="([^"]+)">')
NOT_PROSE = (nodes.reference, nodes.literal, nodes.title, nodes.raw, nodes.term, nodes.caption)


@cache
def equations(root):
    """Number of each tagged equation -> the page that has it."""
    found = {}
    for path in sorted((root / "chapters").glob("*.ipynb")):
        prose = "\n".join(cell.source for cell in notebook.read(path).cells if cell.cell_type == "markdown")
        found |= dict.fromkeys(TAG.findall(prose), f"chapters/{path.stem}")
    return found


def anchor(number):
    """The id of an equation."""
    return "equation-" + number.replace(".", "-")


def split(text, pattern, link):
    """The pieces of a text in which matches of a pattern have become what `link` makes of them, or stay where None."""
    pieces, end = [], 0
    for match in pattern.finditer(text):
        node = link(match)
        if node is not None:
            pieces += [nodes.Text(text[end : match.start()]), node]
            end = match.end()
    return [*pieces, nodes.Text(text[end:])] if pieces else []


class Anchors(SphinxTransform):
    """Give each tagged equation an address."""

    default_priority = 600

    def apply(self):
        """Change the document in place."""
        for block in self.document.findall(nodes.math_block):
            block["ids"] += [anchor(number) for number in TAG.findall(block.astext())]


class Rows(SphinxTransform):
    """Let links lead to the rows of the table of all chapters as they do to headings, the only places MyST knows."""

    default_priority = 600

    def apply(self):
        """Tell MyST of them."""
        if self.env.docname == "pages/contents":
            places = self.env.metadata[self.env.docname]["myst_slugs"]
            for row in self.document.findall(nodes.raw):
                places |= {name: (0, name, name) for name in ROW.findall(row.astext())}


class Crossings(SphinxPostTransform):
    """Make the links; MyST has resolved its own by then."""

    default_priority = 300
    formats = ("html",)

    def run(self, **kwargs):
        """Change the document in place."""
        where = equations(Path(self.env.srcdir))
        for text in list(self._prose()):
            text.parent.replace(text, split(text.astext(), NUMBER, lambda m: self._equation(m, where)) or text)
        if self.env.docname.startswith("chapters/"):
            self._glossary()

    def _prose(self):
        for text in self.document.findall(nodes.Text):
            above = list(_above(text))
            in_paragraph = any(isinstance(node, nodes.paragraph) for node in above)
            if in_paragraph and not any(isinstance(node, NOT_PROSE) for node in above):
                yield text

    def _equation(self, match, where):
        page = where.get(match[1])
        return self._link(match[0], page, anchor(match[1]), "equation-number") if page else None

    def _glossary(self):
        objects = self.env.get_domain("std").objects
        terms = {name: target for (kind, name), target in objects.items() if kind == "term"}
        unused = {name.lower(): target for name, target in terms.items()}
        if not unused:
            return
        longest_first = sorted(unused, key=len, reverse=True)
        pattern = re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, longest_first)) + r")(?:s|es)?(?![\w-])", re.I)

        def link(match):
            target = unused.pop(match[1].lower(), None)
            return self._link(match[0], *target, "glossary-word") if target else None

        for text in list(self._prose()):
            if not any("callout" in node.get("classes", []) for node in _above(text)):
                text.parent.replace(text, split(text.astext(), pattern, link) or text)

    def _link(self, words, page, identity, kind):
        address = self.app.builder.get_relative_uri(self.env.docname, page) + "#" + identity
        same = page == self.env.docname
        return nodes.reference("", words, internal=True, refuri=f"#{identity}" if same else address, classes=[kind])


def _above(node):
    while node.parent is not None:
        node = node.parent
        yield node


def setup(app):
    """Register the transforms."""
    app.add_transform(Anchors)
    app.add_transform(Rows)
    app.add_post_transform(Crossings)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
