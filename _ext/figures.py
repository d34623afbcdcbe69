"""Draw figures into the page as SVG that follows the page's light and dark mode, with a number and a link to itself.

Colours become variables of `_static/figures.css` (see pruneutils._themed), and the white ground goes.
A figure with a caption (cell metadata `mystnb: figure: caption`) is numbered after its chapter: Figure 6.2.
The figure of the cell tagged `key-figure` is shown once more below the promise, with a link to where it is made.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from pruneutils._themed import themed

NUMBERED = re.compile(r"chapters/(\d\d)-")


class InlineFigures(SphinxPostTransform):
    """Replace pictures that are SVG files made by a cell, and number the captions."""

    default_priority = 250
    formats = ("html",)

    def run(self, **kwargs):
        """Change the document in place."""
        self.number()
        self.inline()
        self.show_key_figure()

    def number(self):
        """Number the figures that have a caption, and give each an address."""
        chapter, count = NUMBERED.match(self.env.docname), 0
        for image in list(self.document.findall(nodes.image)):
            figure = image.parent if isinstance(image.parent, nodes.figure) else None
            if chapter and figure is not None:
                count += 1
                number = f"{int(chapter[1])}.{count}"
                for caption in figure.findall(nodes.caption):
                    caption.insert(0, nodes.strong("", f"Figure {number}. "))
                figure["ids"] = [f"figure-{number.replace('.', '-')}"]

    def inline(self):
        """Put the drawings into the page."""
        for image in list(self.document.findall(nodes.image)):
            path = Path(self.env.srcdir) / image["uri"]
            if path.suffix == ".svg" and "jupyter_execute" in path.parts and path.is_file():
                html = themed(path.read_text(encoding="utf-8"), image.get("alt", ""))
                image.replace_self(nodes.raw("", f'<div class="figure">{html}</div>', format="html"))

    def show_key_figure(self):
        """Repeat one figure at the top."""
        cells = (c for c in self.document.findall(nodes.container) if "tag_key-figure" in c.get("classes", []))
        figure = next((f for cell in cells for f in cell.findall(nodes.figure)), None)
        if figure is None:
            return
        key = figure.deepcopy()
        for caption in key.findall(nodes.caption):
            link = nodes.reference("", "How it was made", internal=True, refuri=f"#{figure['ids'][0]}")
            caption += [nodes.Text(" "), link, nodes.Text(".")]
        key["ids"], key["names"] = ["key-figure"], []
        title = self.document.next_node(nodes.title)
        below = next(node for node in title.parent.children[1:] if isinstance(node, nodes.paragraph))
        title.parent.insert(title.parent.index(below) + 1, key)


def number_no_figures(app, config):
    """Jupyter Book numbers figures through the whole book; ours are numbered after their chapter."""
    config.numfig = False


def setup(app):
    """Register the transform and the colours."""
    app.connect("config-inited", number_no_figures, priority=999)
    app.add_post_transform(InlineFigures)
    app.add_css_file("figures.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
