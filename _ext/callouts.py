"""Turn the book's blockquotes into call-outs.

Chapters must read well in Colab, JupyterLab and on GitHub, so they write `> **Pitfall.** Text` and no directive.
On the page, a blockquote that starts with one of the bold words below becomes an admonition with that title.
This also holds for Markdown that a code cell displays.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform

KINDS = {"Note.": "note", "Pitfall.": "pitfall", "Try it.": "try-it", "Claim.": "claim"}


class CallOuts(SphinxTransform):
    """Replace each such blockquote by an admonition of the classes `callout` and its kind."""

    default_priority = 500

    def apply(self):
        """Change the document in place."""
        for quote in list(self.document.findall(nodes.block_quote)):
            paragraph = quote.children[0] if quote.children else None
            word = paragraph.children[0] if isinstance(paragraph, nodes.paragraph) else None
            if not isinstance(word, nodes.strong) or word.astext() not in KINDS:
                continue
            paragraph.remove(word)
            if paragraph.children and isinstance(paragraph.children[0], nodes.Text):
                paragraph.replace(paragraph.children[0], nodes.Text(paragraph.children[0].lstrip()))
            title = nodes.title("", word.astext().rstrip("."))
            body = [child for child in quote.children if child.astext() or child is not paragraph]
            quote.replace_self(nodes.admonition("", title, *body, classes=["callout", KINDS[word.astext()]]))


def setup(app):
    """Register the transform with Sphinx."""
    app.add_transform(CallOuts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
