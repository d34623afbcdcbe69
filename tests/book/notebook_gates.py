"""Gates on a chapter's notebook: each takes a Chapter and returns its complaints, none where all is well."""

import ast
import gzip
import re
from collections import Counter
from collections.abc import Iterator

from bs4 import BeautifulSoup

from tools import release
from tools.notebook import check, read

from .chapter import Chapter, called, claim_calls, tags, tree

ALLOWED_TAGS = {
    "remove-cell",
    "hide-input",
    "hide-output",
    "nbval-ignore-output",
    "raises-exception",
    "key-figure",
    "readme-figure",
    "explorer",
}
NBVAL_COMMENT = re.compile(r"^\s*#+\s*(NBVAL_\w+|PYTEST_VALIDATE_IGNORE_OUTPUT)\s*$", re.MULTILINE)
KEBAB = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)+$")
DRAWING_NAMES = {"fig", "ax", "axes", "_"}
SVG_BYTES, CHAPTER_SVG_BYTES = 50 * 1024, 150 * 1024  # compressed, as pages are sent
EXPLORER_BYTES = 50 * 1024  # compressed, too
OUTPUT_CHARACTERS = 78  # a line of the page's column
RICHER = re.compile(r"text/(html|markdown)|image/")  # what the page shows instead of plain text


def pair(chapter: Chapter) -> list[str]:
    """The text and the notebook tell the same story: same cells, types, sources and metadata."""
    text = read(chapter.md).cells
    stored = chapter.notebook.cells
    if len(text) != len(stored):
        return [f"{chapter.md.name} has {len(text)} cells, {chapter.ipynb.name} has {len(stored)}: run make refresh"]
    complaints = []
    for position, (a, b) in enumerate(zip(text, stored, strict=True), 1):
        for what in ("cell_type", "source", "metadata"):
            if a[what] != b[what]:
                complaints.append(f"cell {position}: {what} differs between text and notebook: run make refresh")
    return complaints


def _always_run(statements: list[ast.stmt]):
    """Statements that run whenever the cell runs: top level and the bodies of loops, with and try."""
    for statement in statements:
        yield statement
        if isinstance(statement, (ast.For, ast.While, ast.With, ast.Try)):
            yield from _always_run(statement.body)


def _shows(cell) -> bool:
    """Whether a cell obviously leaves an output.

    What a call at the end returns, nothing perhaps, nbval compares, but in a cell whose output it ignores.
    """
    body = tree(cell.source).body
    for statement in _always_run(body):
        if isinstance(statement, ast.Expr) and called(statement.value) in ("print", "display", "claim", "plt.show"):
            return True
    if not body or not isinstance(body[-1], ast.Expr) or cell.source.rstrip().endswith(";"):
        return False
    return not isinstance(body[-1].value, ast.Call) or "nbval-ignore-output" in tags(cell)


def executed(chapter: Chapter) -> list[str]:
    """Run once from top to bottom with outputs kept: nbval passes a cleared notebook without comparing anything."""
    complaints = []
    for expected, (position, cell) in enumerate(chapter.code, 1):
        if cell.execution_count != expected:
            complaints.append(f"cell {position}: execution count {cell.execution_count}, expected {expected}")
        if cell.source.strip() and not tree(cell.source).body:
            complaints.append(f"cell {position}: does not parse, or holds comments only")
        errors = [o.ename for o in cell.outputs if o.output_type == "error"]
        if errors and "raises-exception" not in tags(cell):
            complaints.append(f"cell {position}: stored error {errors[0]}")
        if _shows(cell) and not cell.outputs:
            complaints.append(f"cell {position}: prints or shows something, but no output is stored")
    return complaints


def bootstrap(chapter: Chapter) -> list[str]:
    """The first code cell is the same everywhere, installs what the badge opens, and is not on the page."""
    if not chapter.code:
        return ["no code cell, so no bootstrap"]
    position, cell = chapter.code[0]
    first = read(min(chapter.ipynb.parent.glob("[0-9][0-9]-*.ipynb")))
    reference = next((c.source for c in first.cells if c.cell_type == "code"), None)
    complaints = release.wrong(chapter.ipynb, chapter.root) + release.wrong(chapter.md, chapter.root)
    if cell.source != reference:
        complaints.append(f"cell {position}: bootstrap differs from that of the first chapter")
    if not release.refs(cell.source):
        complaints.append(f"cell {position}: bootstrap does not install the package from the repository")
    complaints += [
        f"cell {position}: bootstrap lacks {needed!r}"
        for needed in ("google.colab", "[book] @")
        if needed not in cell.source
    ]
    if "remove-cell" not in tags(cell):
        complaints.append(f"cell {position}: bootstrap is not tagged remove-cell")
    return complaints


def claims(chapter: Chapter) -> list[str]:
    """At least three claims, each with a stored verdict that holds."""
    complaints, seen = [], set()
    for position, cell in chapter.code:
        stored = [o.metadata["claim"] for o in cell.outputs if "claim" in o.get("metadata", {})]
        unknown = {r["answers"] for r in stored if r.get("answers")} - {e.key for e in chapter.bibliography}
        complaints += [f"cell {position}: claim answers {key!r}, which references.bib lacks" for key in sorted(unknown)]
        for call in claim_calls(cell.source):
            first = call.args[0] if call.args else None
            if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                complaints.append(f"cell {position}: the claim's id is not a literal string")
                continue
            name = first.value
            if not KEBAB.match(name):
                complaints.append(f"cell {position}: claim id {name!r} is not in kebab-case")
            if name in seen:
                complaints.append(f"cell {position}: claim id {name!r} is used twice")
            seen.add(name)
            if [record.get("holds") for record in stored if record.get("id") == name] != [True]:
                complaints.append(f"cell {position}: claim {name!r} has no single stored output that holds")
    if len(seen) < 3:
        complaints.append(f"{len(seen)} claims, at least three are needed")
    return complaints


def _targets(statement: ast.stmt) -> set[str]:
    """Names that a statement computes, or makes empty to be filled: literals and ranges are settings, not results."""
    if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)) or statement.value is None:
        return set()
    names = {n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name)}
    if not names - {"range"} and ast.unparse(statement.value) not in ("[]", "{}"):
        return set()
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}


def _used(source: str) -> set[str]:
    return {n.id for n in ast.walk(tree(source)) if isinstance(n, ast.Name)}


def ignored_outputs_are_claimed(chapter: Chapter) -> list[str]:
    """What nbval does not compare is asserted: the cell claims, or shares a computed variable with one that does."""
    results, asserted = set(), set()
    for _, cell in chapter.code:
        body = tree(cell.source).body
        for statement in _always_run(body):
            results |= _targets(statement)
        if claim_calls(cell.source) or any(isinstance(s, ast.Assert) for s in body):
            asserted |= _used(cell.source)
    complaints = []
    for position, cell in chapter.code:
        if "nbval-ignore-output" not in tags(cell) or claim_calls(cell.source):
            continue
        if not (_used(cell.source) & asserted & results) - DRAWING_NAMES:
            complaints.append(f"cell {position}: output ignored by nbval, and no claim or assert uses its variables")
    return complaints


def alt_text(chapter: Chapter) -> list[str]:
    """Every picture says in words what it shows, and is light enough to be in a page."""
    complaints, seen, total = [], {}, 0
    for position, cell in chapter.code:
        pictures = [m for o in cell.outputs for m in o.get("data", {}) if m.startswith("image/")]
        if not pictures:
            continue
        if set(pictures) != {"image/svg+xml"}:
            complaints.append(f"cell {position}: pictures are stored as SVG, not {sorted(set(pictures))}")
        drawn = [o.data["image/svg+xml"] for o in cell.outputs if "image/svg+xml" in o.get("data", {})]
        sizes = [len(gzip.compress(svg.encode())) for svg in drawn]
        total += sum(sizes)
        complaints += [f"cell {position}: SVG of {n} bytes, at most {SVG_BYTES}" for n in sizes if n > SVG_BYTES]
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "").strip()
        if len(alt) < 30:
            complaints.append(f"cell {position}: alt text (mystnb.image.alt) has {len(alt)} characters, at least 30")
        elif alt in seen:
            complaints.append(f"cell {position}: same alt text as cell {seen[alt]}")
        seen.setdefault(alt, position)
    if total > CHAPTER_SVG_BYTES:
        complaints.append(f"pictures of the chapter weigh {total} bytes, at most {CHAPTER_SVG_BYTES}")
    for position, cell in enumerate(chapter.notebook.cells, 1):
        if cell.cell_type == "markdown" and re.search(r"!\[\s*\]\(", cell.source):
            complaints.append(f"cell {position}: Markdown image without alt text")
    return complaints


def explorers(chapter: Chapter) -> list[str]:
    """Every explorer can be operated and read by anybody, with a script or without, and loads nothing."""
    complaints, ids = [], Counter()
    for position, cell in chapter.code:
        htmls = [o.data["text/html"] for o in cell.outputs if "text/html" in o.get("data", {})]
        found = [html for html in htmls if 'class="explorer"' in html]
        if found and "explorer" not in tags(cell):
            complaints.append(f"cell {position}: an explorer without the tag explorer")
        if found and "hide-input" not in tags(cell):
            complaints.append(f"cell {position}: an explorer without the tag hide-input")
        if not found and "explorer" in tags(cell):
            complaints.append(f"cell {position}: tagged explorer, but no explorer is stored")
        for html in found:
            soup = BeautifulSoup(html, "html.parser")
            ids.update(element["id"] for element in soup.find_all(id=True))
            complaints += [f"cell {position}: explorer {c}" for c in _explorer(soup, html)]
    complaints += [f"id {name!r} is used {n} times in explorers" for name, n in ids.items() if n > 1]
    return complaints


def _explorer(soup: BeautifulSoup, html: str) -> Iterator[str]:
    """What an explorer lacks."""
    for control in soup.select(".explorer"):
        label = soup.find("label", attrs={"for": control.get("id", "")})
        if label is None or not label.get_text().strip():
            yield "without a label"
    if not soup.select("[aria-live]"):
        yield "that reads nothing out"
    if not soup.img or len(soup.img.get("alt", "").strip()) < 30:
        yield "without a still picture, or with less than 30 characters of alt text"
    if len(soup.select("details tr")) < 3 or not soup.select("details th[scope=col]"):
        yield "without a table of its values"
    if re.search(r"//\w", re.sub(r"data:image/\w+;base64,[\w+/=]*", "", html)):
        yield "that loads or links something"
    if (weight := len(gzip.compress(html.encode()))) > EXPLORER_BYTES:
        yield f"of {weight} bytes, at most {EXPLORER_BYTES}"


def size(chapter: Chapter) -> list[str]:
    """25 to 60 cells, at most 20 lines of code in each, at most 90 characters in a line: what the page shows."""
    complaints, n = [], len(chapter.notebook.cells)
    if not 25 <= n <= 60:
        complaints.append(f"{n} cells, expected 25 to 60")
    for position, cell in chapter.code:
        lines = cell.source.splitlines()
        if len(lines) > 20:
            complaints.append(f"cell {position}: {len(lines)} lines of code, at most 20")
        complaints += [
            f"cell {position}: line {i} has {len(line)} characters, at most 90"
            for i, line in enumerate(lines, 1)
            if len(line) > 90
        ]
    return complaints


def wide_output(chapter: Chapter) -> list[str]:
    """No printed line is wider than the page's column; the page breaks a check's verdict, which is one sentence."""
    complaints = []
    for position, cell in chapter.code:
        for output in cell.outputs:
            data = output.get("data", {})
            text = "" if any(map(RICHER.match, data)) else output.get("text", data.get("text/plain", ""))
            lines = text.splitlines()
            if len(lines) == 1 and check(cell.source):
                continue
            complaints += [
                f"cell {position}: prints {len(line)} characters in a line, at most {OUTPUT_CHARACTERS}: {line[:40]!r}"
                for line in lines
                if len(line) > OUTPUT_CHARACTERS
            ]
    return complaints


def unsafe_tags(chapter: Chapter) -> list[str]:
    """No tag or comment switches a check off unseen, and no claim may fail in a cell that is allowed to raise."""
    complaints = []
    for position, cell in enumerate(chapter.notebook.cells, 1):
        found = set(tags(cell))
        complaints += [f"cell {position}: tag {tag!r} is not allowed" for tag in sorted(found - ALLOWED_TAGS)]
        if cell.cell_type != "code":
            continue
        complaints += [f"cell {position}: comment {m!r} switches nbval" for m in NBVAL_COMMENT.findall(cell.source)]
        if "raises-exception" in found and ("nbval-ignore-output" in found or claim_calls(cell.source)):
            complaints.append(f"cell {position}: raises-exception would hide a failing claim or another error")
    return complaints


def experiment_seeds(chapter: Chapter) -> list[str]:
    """An experiment runs over at least three seeds, named so."""
    for _, cell in chapter.code:
        for node in ast.walk(tree(cell.source)):
            if not isinstance(node, ast.Assign):
                continue
            named = any("seeds" in ast.unparse(target).lower() for target in node.targets)
            if named and _count(node.value) >= 3:
                return []
    return ["no variable named seeds with at least three values (a range, list or tuple)"]


def _count(value: ast.expr) -> int:
    """How many values a literal range, list or tuple has; 0 where that cannot be read off."""
    if isinstance(value, (ast.List, ast.Tuple)):
        return len(value.elts)
    if called(value) == "range" and all(isinstance(a, ast.Constant) for a in value.args):
        return len(range(*(a.value for a in value.args)))
    return 0
