"""Turn the book's blockquotes into call-outs, and claims into boxes that can be linked to.

Chapters must read well in Colab, JupyterLab and on GitHub, so they write `> **Pitfall.** Text`, not a directive.
On the page, a blockquote that starts with one of the bold words below becomes an admonition with that title.
This also holds for Markdown that a code cell displays.

A claim starts with **Claim: its title.**, or **Claim.** where its output was stored by an older version, and ends with
a paragraph with its id. The page makes that an address, and instead of the paragraph says how the claim of the
literature fared and how often this one held on other seeds, as the ledger has them.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform

from tools import ledger

KINDS = {"Note.": "note", "Pitfall.": "pitfall", "Try it.": "try-it", "In short.": "in-short", "Limits.": "limits"}
CLAIM = re.compile(r"Claim[.:]")


def opening(quote):
    """The position, in its first paragraph, of the bold word that a blockquote starts with; None if there is none."""
    if quote.children and isinstance(quote[0], nodes.paragraph):
        for position, child in enumerate(quote[0].children):
            if child.astext():  # the parser puts an empty text before a bold word
                known = child.astext() in KINDS or CLAIM.match(child.astext())
                return position if known and isinstance(child, nodes.strong) else None
    return None


def without_opening(quote, position):
    """The paragraphs of a blockquote, and the bold word that they start with, which is cut off."""
    paragraph, *others = quote.children
    word = paragraph[position].astext()
    del paragraph[: position + 1]
    if paragraph.children and isinstance(paragraph[0], nodes.Text):
        paragraph[0] = nodes.Text(paragraph[0].lstrip())
    return word, ([paragraph, *others] if paragraph.astext() else others)


class CallOuts(SphinxTransform):
    """Replace each such blockquote by an admonition of the classes `callout` and its kind."""

    default_priority = 500

    def apply(self):
        """Change the document in place."""
        for quote in list(self.document.findall(nodes.block_quote)):
            position = opening(quote)
            if position is None:
                continue
            word, body = without_opening(quote, position)
            if CLAIM.match(word):
                quote.replace_self(self.claim(body))
            else:
                title = nodes.title("", word.rstrip("."))
                quote.replace_self(nodes.admonition("", title, *body, classes=["callout", KINDS[word]]))

    def claim(self, body):
        """The box of a claim: title, sentence, and what else is known of it."""
        name = next(body[-1].findall(nodes.literal)).astext()
        facts = nodes.paragraph("", "✔ held when this chapter was executed", classes=["facts"])
        for part in ledger.remarks(name, Path(self.env.srcdir)):
            facts += [nodes.Text(" · "), nodes.inline("", part)]
        address = self.app.builder.get_relative_uri(self.env.docname, "pages/claims") + f"#ledger-{name}"
        facts += [nodes.Text(" · "), nodes.reference("", "in the ledger", internal=True, refuri=address)]
        title = nodes.title("", "Claim: " + ledger.title(name))
        box = nodes.admonition("", title, *body[:-1], facts, classes=["callout", "claim"])
        box["names"].append("claim-" + name)
        self.document.note_explicit_target(box)
        slugs = self.env.metadata[self.env.docname].setdefault("myst_slugs", {})
        slugs["claim-" + name] = (0, "claim-" + name, ledger.title(name))  # so that other chapters can link to it
        return box


def setup(app):
    """Register the transform with Sphinx."""
    app.add_transform(CallOuts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
