"""Gates on a chapter's prose: each takes a Chapter and returns its complaints, none where all is well."""

import ast
import math
import re
from collections.abc import Iterator
from itertools import pairwise

from tools import ledger

from .chapter import (
    AUTHOR_YEAR,
    NUMERAL,
    PAPER_HOSTS,
    Chapter,
    blocks,
    canonical_url,
    claim_calls,
    is_citation,
    load,
    markdown,
    plain,
    slug,
    tree,
)

HTML_TAG = re.compile(r"</?([a-zA-Z!?][\w-]*)([^>]*)>?")
ALLOWED_HTML = {"details", "summary", "br", "sub", "sup"}
NOT_MARKDOWN = {
    "colon fence": re.compile(r"^\s*:::"),
    "comment": re.compile(r"^\s*%"),
    "target": re.compile(r"^\s*\([\w.-]+\)=\s*$"),
    "block break": re.compile(r"^\s*\+\+\+"),
    "substitution": re.compile(r"\{\{"),
    "footnote": re.compile(r"\[\^[^\]]+\]"),
    "LaTeX environment outside $$": re.compile(r"\\begin\{"),
    "displayed mathematics that does not stand alone": re.compile(r"\$\$"),
}
NUMBER = re.compile(
    r"(?<![\w.])(?P<number>\d+(?:[,\u00a0\u202f ]\d{3}(?!\d))*(?:\.\d+)*)(?P<gap>[ \u00a0\u202f-]?)"
    r"(?P<unit>(?:%|per ?cent|percentage points?|points?|ms|µs|us|s|seconds?|[kKMG]i?B|bytes?|times|fold|[x×])(?!\w))?"
)
REFERENCE = re.compile(
    r"(equations?|eqs?\.|exercises?|solutions?|sections?|chapters?|figures?|tables?|versions?|python|pytorch|torch"
    r"|numpy|keras|tensorflow|scikit-learn|CC BY)( [\d.]+ (and|or|to))?[ \u00a0]\(?$",
    re.IGNORECASE,
)


def colab_safe_markdown(chapter: Chapter) -> list[str]:
    """Only Markdown that Colab, JupyterLab, GitHub and the book all render; headings in order, equations numbered."""
    complaints, equations = [], []
    for position, cell in enumerate(chapter.notebook.cells, 1):
        if cell.cell_type == "markdown":
            tokens = markdown(cell.source)
            complaints += [f"cell {position}: {c}" for c in _foreign(tokens)]
            maths = [t for t in _flat(tokens) if t.type.startswith("math")]
            equations += [(position, tag) for t in maths for tag in re.findall(r"\\tag\{([^}]*)\}", t.content)]
    for k, (position, tag) in enumerate(equations, 1):
        if tag != f"{chapter.number}.{k}":
            complaints.append(f"cell {position}: equation tag {tag}, expected {chapter.number}.{k}")
    return [*complaints, *_heading_order(chapter)]


def _flat(tokens) -> Iterator:
    for token in tokens:
        yield token
        yield from token.children or []


def _foreign(tokens) -> Iterator[str]:
    """What in a cell's tokens only one of the renderers understands."""
    before = None
    for token in _flat(tokens):
        if token.type == "fence" and token.info.strip().startswith("{"):
            yield f"directive {token.info.strip()}"
        elif token.type == "math_block_label":
            yield "label behind an equation, use \\tag"
        elif token.type in ("html_block", "html_inline"):
            for name, attributes in HTML_TAG.findall(token.content):
                if name.lower() not in ALLOWED_HTML or attributes.strip(" /") not in ("", "open"):
                    yield f"HTML <{name}{attributes}>"
        elif token.type == "code_inline" and before.type == "text" and re.search(r"\{[\w:.-]+\}$", before.content):
            yield f"role {before.content.split()[-1]}`{token.content}`"
        elif token.type == "text":
            if before.type in ("image", "link_close") and token.content.startswith("{"):
                yield f"attributes {token.content}"
            yield from (f"{what}: {token.content}" for what, p in NOT_MARKDOWN.items() if p.search(token.content))
        before = token


def _heading_order(chapter: Chapter) -> Iterator[str]:
    headings = [b for b in blocks(chapter) if b.kind == "heading"]
    if [b.position for b in headings if b.level == 1] != [1]:
        yield "exactly one H1 is needed, in the first cell"
    for above, below in pairwise(headings):
        if below.level > above.level + 1:
            yield f"cell {below.position}: heading {below.text!r} jumps from H{above.level} to H{below.level}"


def no_measured_numbers(chapter: Chapter) -> list[str]:
    """Prose types no measured number: it would outlive the run it came from.

    It may quote settings from code, and what a claim of the chapter says where it links to that claim.
    """
    literals, complaints, by_hand = _literals(chapter), [], False
    equations = re.findall(r"\\tag\{([^}]*)\}", "\n".join(cell.source for cell in chapter.notebook.cells))
    reference = re.compile(rf"\(({'|'.join(map(re.escape, equations))})\)")
    stated = {f"#claim-{claim['id']}": claim["statement"] for claim in ledger.chapter_claims(chapter.ipynb)}
    for block in blocks(chapter):
        if block.kind == "heading":
            by_hand = block.text.startswith("By hand") if block.level == 2 else by_hand
        elif block.kind != "code" and not by_hand:
            claimed = " ".join(stated.get(href, "") for line in block.lines for _, href in line.links)
            known = literals | {float(number.replace(",", "")) for number in NUMERAL.findall(claimed)}
            for line in block.lines:
                if not any(is_citation(*link) for link in line.links):
                    complaints += [
                        f"cell {block.position}: {n!r} in {line.text.strip()!r} is neither a setting in code nor cited"
                        for n in _measured(reference.sub(" ", line.text), known)
                    ]
    return complaints


def _literals(chapter: Chapter) -> set[float]:
    nodes = (node for _, cell in chapter.code for node in ast.walk(tree(cell.source)))
    values = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {float(v) for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)}


def _measured(text: str, literals: set[float]) -> Iterator[str]:
    """Percentages, decimals and numbers with a unit in a line of prose that no literal in code accounts for."""
    for match in NUMBER.finditer(text):
        digits, unit = re.sub(r"[,\u00a0\u202f ]", "", match["number"]), match["unit"]
        if digits.count(".") > 1 or not (unit or "." in digits) or REFERENCE.search(text[: match.start()]):
            continue
        if unit == "x" and re.match(r"[ \u00a0]?\d", text[match.end() :]):
            continue  # a shape such as 3 x 3
        if unit == "s" and not match["gap"] and re.fullmatch(r"(19|20)\d0", digits):
            continue  # a decade
        value = float(digits)
        settings = (value, value / 100, value * 100)
        if not any(math.isclose(s, literal) for s in settings for literal in literals):
            yield match.group().strip(" -")


def citations(chapter: Chapter) -> list[str]:
    """Every paper that a chapter links to is in references.bib, under the author and year that the link gives."""
    entries, complaints = {url: e for e in chapter.bibliography for url in e.urls}, []
    for position, text, href in _links(chapter):
        match, entry = AUTHOR_YEAR.match(text), entries.get(canonical_url(href))
        if PAPER_HOSTS.match(href) and entry is None:
            complaints.append(f"cell {position}: [{text}]({href}) is not in references.bib")
        elif match and entry and entry.year != match["year"]:
            complaints.append(f"cell {position}: [{text}] is of {entry.year} in references.bib ({entry.key})")
        elif match and entry and not plain(match["author"]).startswith(entry.surname):
            complaints.append(f"cell {position}: [{text}] is by {entry.surname} in references.bib ({entry.key})")
    return complaints


def _links(chapter: Chapter) -> Iterator[tuple[int, str, str]]:
    for block in blocks(chapter):
        for line in block.lines:
            yield from ((block.position, text, href) for text, href in line.links)


def links(chapter: Chapter) -> list[str]:
    """Links inside the book lead somewhere, and straight to a chapter as soon as it exists."""
    complaints = []
    for position, text, href in _links(chapter):
        if re.match(r"[a-z][a-z0-9+.-]*:", href):
            continue
        path, _, anchor = href.partition("#")
        target = (chapter.ipynb.parent / path).resolve() if path else chapter.ipynb
        where = f"cell {position}: [{text}]({href})"
        if not target.exists():
            complaints.append(f"{where} leads to no file")
        elif re.fullmatch(r"\d\d-.*\.md", target.name):
            complaints.append(f"{where} leads to a chapter's text: link to its .ipynb, which readers open")
        elif anchor and target.suffix in (".md", ".ipynb") and anchor not in _anchors(target):
            complaints.append(f"{where}: {target.name} has no anchor {anchor!r}")
        elif target.name == "contents.md" and (chapter.ipynb.parent / f"{anchor}.ipynb").exists():
            complaints.append(f"{where}: the chapter exists, link to {anchor}.ipynb")
    return complaints


def _anchors(path) -> set[str]:
    """Anchors of a page or a chapter: those of its headings, and MyST targets."""
    if path.suffix == ".ipynb":
        chapter = load(path)
        claims = {f"claim-{call.args[0].value}" for _, cell in chapter.code for call in claim_calls(cell.source)}
        return {slug(b.text) for b in blocks(chapter) if b.kind == "heading"} | claims
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"^\(([\w.-]+)\)=", text, re.MULTILINE) + re.findall(r'id="([\w.-]+)"', text)
    return {slug(h) for h in re.findall(r"^#+\s+(.+)$", text, re.MULTILINE)} | set(targets)
