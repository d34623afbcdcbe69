"""Turn the book's blockquotes into call-outs.

Chapters must read well in Colab, JupyterLab and on GitHub, so they write `> **Pitfall.** Text`, not a directive.
On the page, a blockquote that starts with one of the bold words below becomes an admonition with that title.
This also holds for Markdown that a code cell displays.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform

KINDS = {"Note.": "note", "Pitfall.": "pitfall", "Try it.": "try-it", "Claim.": "claim"}


def opening(quote):
    """The position, in its first paragraph, of the bold word that a blockquote starts with; None if there is none."""
    if quote.children and isinstance(quote[0], nodes.paragraph):
        for position, child in enumerate(quote[0].children):
            if child.astext():  # the parser puts an empty text before a bold word
                return position if isinstance(child, nodes.strong) and child.astext() in KINDS else None
    return None


class CallOuts(SphinxTransform):
    """Replace each such blockquote by an admonition of the classes `callout` and its kind."""

    default_priority = 500

    def apply(self):
        """Change the document in place."""
        for quote in list(self.document.findall(nodes.block_quote)):
            position = opening(quote)
            if position is None:
                continue
            paragraph, *others = quote.children
            word = paragraph[position].astext()
            del paragraph[: position + 1]
            if paragraph.children and isinstance(paragraph[0], nodes.Text):
                paragraph[0] = nodes.Text(paragraph[0].lstrip())
            body = [paragraph, *others] if paragraph.astext() else others
            title = nodes.title("", word.rstrip("."))
            quote.replace_self(nodes.admonition("", title, *body, classes=["callout", KINDS[word]]))


def setup(app):
    """Register the transform with Sphinx."""
    app.add_transform(CallOuts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
