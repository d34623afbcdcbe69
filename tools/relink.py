"""Lead links to a chapter that is written now straight to it: make refresh does it.

Until a chapter is written, others link to its entry in pages/contents.md. When it is there, these links are changed in
the texts of chapters and pages; refresh then stores the texts' notebooks again, without executing them.
"""

import re
from pathlib import Path

from tools import chapters

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\((?:\.\./)?(?:pages/)?contents\.md#([\w-]+)\)")


def relink(root=ROOT):
    """Change the links, and return the texts of chapters that had any."""
    written = {chapter.name for chapter in chapters.chapters(root) if chapter.written}
    changed = []
    for folder, way in (("chapters", ""), ("pages", "../chapters/")):
        for path in sorted((root / folder).glob("*.md")):
            old = path.read_text(encoding="utf-8")
            new = LINK.sub(lambda m, way=way: f"]({way}{m[1]}.ipynb)" if m[1] in written else m[0], old)
            if new != old:
                path.write_text(new, encoding="utf-8")
                changed += [path] * (folder == "chapters")
    return changed
