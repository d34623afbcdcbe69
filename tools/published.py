"""What chapters use of the package and the released package lacks.

    python -m tools.published    exit 1 if a chapter uses what the tag in its bootstrap does not have

In Colab a chapter runs with the package at the book's ref. While that is main, both are of the same commit. While it
is a tag, a chapter may be written for a function that came later, and would fail there only. Names are compared, not
signatures: what a chapter imports or looks up in a module of the package must be bound at the top of that module.
"""

import ast
import sys
from functools import cache
from pathlib import Path

from tools import notebook, release

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "pruneutils"


def imported(trees):
    """What each name that is imported from the package stands for, such as {'plots': 'pruneutils.book.plots'}."""
    found = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias for alias in node.names if alias.name.split(".")[0] == PACKAGE]
            found |= {alias.asname or PACKAGE: alias.name if alias.asname else PACKAGE for alias in names}
    return found


def used(path):
    """Dotted names of the package that a chapter's code imports or looks up, such as pruneutils.masks.block."""
    trees = [notebook.tree(cell.source) for cell in notebook.code(notebook.read(path))]
    names = imported(trees)
    dotted = set(names.values())
    for node in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)):
        first, _, rest = ast.unparse(node).partition(".")
        if first in names and rest.replace(".", "").isidentifier():
            dotted.add(f"{names[first]}.{rest}")
    return dotted


def bound(source):
    """The names that a module's source binds at its top level, in conditions and try statements too."""
    names, queue = set(), list(ast.parse(source).body)
    for node in queue:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        queue += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
    return names


def has(dotted, source):
    """Whether a package has a dotted name; `source` gives the text of a file, or None where there is none.

    What is looked up in a function or a class is not followed.
    """
    module, *rest = dotted.split(".")
    while True:
        text = source(f"{module}/__init__.py")
        text = source(f"{module}.py") if text is None else text
        if text is None:
            return False
        if not rest:
            return True
        name, *rest = rest
        if source(f"{module}/{name}.py") is None and source(f"{module}/{name}/__init__.py") is None:
            return name in bound(text)
        module = f"{module}/{name}"


def newer(root=ROOT):
    """What chapters use and the working tree has, and the released package lacks; nothing while the ref is no tag."""
    tag = release.current(root)
    if tag == release.BRANCH or tag not in release.tags(root):
        return []
    files = set(release.git(root, "ls-tree", "-r", "--name-only", tag, PACKAGE).splitlines())

    @cache
    def then(name):
        return release.git(root, "show", f"{tag}:{name}") if name in files else None

    @cache
    def now(name):
        return (root / name).read_text("utf-8") if (root / name).is_file() else None

    return [
        f"{path.name} uses {dotted}, which {tag} lacks: release, or go back to {release.BRANCH} (make release)"
        for path in sorted((root / "chapters").glob("*.md"))
        for dotted in sorted(used(path))
        if has(dotted, now) and not has(dotted, then)
    ]


if __name__ == "__main__":
    sys.exit("\n".join(newer()) or None)
