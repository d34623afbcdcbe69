"""A chapter as the gates see it: its pair of files, the bibliography, and how text and code are parsed."""

import ast
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pybtex.database import parse_file

from tools.notebook import called, read, tags, tree

__all__ = ["called", "tags", "tree"]
ROOT = Path(__file__).resolve().parents[2]
PAPER_HOSTS = re.compile(
    r"^https?://(www\.|dx\.)?(arxiv\.org|doi\.org|openreview\.net|proceedings\.|papers\.n(eur)?ips\.cc"
    r"|aclanthology\.org|jmlr\.org|dl\.acm\.org|ieeexplore\.ieee\.org|link\.springer\.com)"
)
PAGE_BYTES = 450_000  # of a page's HTML and pictures, text as sent
NUMERAL = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*")
AUTHOR_YEAR = re.compile(r"^(?P<author>[^\W\d_].*?),? \(?(?P<year>(19|20)\d\d)[a-z]?\)?$")


@dataclass(frozen=True)
class Entry:
    """One entry of references.bib."""

    key: str
    urls: frozenset[str]
    year: str
    surname: str


@dataclass(frozen=True)
class Chapter:
    """A chapter: the executed notebook, the text it is made from, and what it may cite."""

    ipynb: Path
    md: Path
    notebook: nbformat.NotebookNode
    bibliography: tuple[Entry, ...]

    @property
    def root(self) -> Path:
        return self.ipynb.parent.parent

    @property
    def number(self) -> int:
        return int(self.ipynb.name[:2])

    @property
    def code(self) -> list[tuple[int, nbformat.NotebookNode]]:
        """Code cells with their position in the notebook, counted from 1."""
        return [(i, cell) for i, cell in enumerate(self.notebook.cells, 1) if cell.cell_type == "code"]


@dataclass(frozen=True)
class Line:
    """A source line of prose without its code, mathematics and link texts; and the links and images it carries."""

    text: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Block:
    """A heading, a paragraph (or list item, table cell, HTML) or a code cell, in reading order."""

    position: int
    kind: str
    lines: tuple[Line, ...] = ()
    text: str = ""
    level: int = 0
    cell: nbformat.NotebookNode | None = None


def load(ipynb: Path) -> Chapter:
    """The chapter whose notebook is given; references.bib is looked for two folders up."""
    return Chapter(ipynb, ipynb.with_suffix(".md"), read(ipynb), bibliography(ipynb.parent.parent / "references.bib"))


@lru_cache(maxsize=8)
def bibliography(path: Path) -> tuple[Entry, ...]:
    """All entries of a BibTeX file; DOI and arXiv number count as addresses."""
    entries = []
    for key, entry in parse_file(str(path)).entries.items():
        urls = {entry.fields.get("url", "")}
        urls |= {f"https://doi.org/{doi}" for doi in [entry.fields.get("doi")] if doi}
        urls |= {f"https://arxiv.org/abs/{number}" for number in [entry.fields.get("eprint")] if number}
        authors = entry.persons.get("author", [])
        surname = plain(" ".join(authors[0].prelast_names + authors[0].last_names)) if authors else ""
        urls = frozenset(canonical_url(url) for url in urls if url)
        entries.append(Entry(key, urls, entry.fields.get("year", ""), surname))
    return tuple(entries)


def plain(text: str) -> str:
    """Lower-case letters only, without accents and LaTeX marks, so that names can be compared."""
    letters = unicodedata.normalize("NFKD", text)
    return "".join(c for c in letters if c.isascii() and c.isalpha()).lower()


def canonical_url(url: str) -> str:
    """One spelling for the addresses of one paper: no scheme, version, PDF ending or trailing slash."""
    url = re.sub(r"^https?://(www\.|dx\.)?", "", url.split("#")[0]).rstrip("/").lower()
    return re.sub(r"^arxiv\.org/(?:abs|pdf)/([\w./-]+?)(v\d+)?(\.pdf)?$", r"arxiv.org/abs/\1", url)


def is_citation(text: str, href: str) -> bool:
    """A link to a paper, or one whose text reads like author and year."""
    return bool(PAPER_HOSTS.match(href) or (href.startswith("http") and AUTHOR_YEAR.match(text)))


def slug(heading: str) -> str:
    """The anchor that GitHub and MyST derive from a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def markdown(source: str) -> list:
    """Tokens of a Markdown text, read as the book reads it (tables, dollar mathematics)."""
    parser = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
    return parser.parse(source)


def prose_lines(inline) -> Iterator[Line]:
    """Split an inline token at its line breaks."""
    text, links, open_link = "", [], None
    for child in inline.children:
        if child.type in ("softbreak", "hardbreak"):
            yield Line(text, tuple(links))
            text, links = "", []
        elif child.type == "image":
            links.append((child.content, child.attrs["src"]))
        elif child.type == "link_open":
            open_link = [child.attrs["href"], ""]
        elif child.type == "link_close":
            links.append((open_link[1], open_link[0]))
            open_link = None
        elif open_link is not None:
            open_link[1] += child.content
        else:
            text += child.content if child.type == "text" else " "
    yield Line(text, tuple(links))


def blocks(chapter: Chapter) -> Iterator[Block]:
    """All headings, paragraphs and code cells of a chapter, in reading order."""
    for position, cell in enumerate(chapter.notebook.cells, 1):
        if cell.cell_type == "code":
            yield Block(position, "code", cell=cell)
            continue
        kind, level = "paragraph", 0
        for token in markdown(cell.source):
            if token.type == "heading_open":
                kind, level = "heading", int(token.tag[1])
            elif token.type == "heading_close":
                kind, level = "paragraph", 0
            elif token.type == "inline":
                yield Block(position, kind, tuple(prose_lines(token)), token.content, level)
            elif token.type == "html_block":
                text = re.sub(r"<[^>]*>", " ", token.content)
                yield Block(position, "html", tuple(Line(t, ()) for t in text.splitlines()), text)


def claim_calls(source: str) -> list[ast.Call]:
    """Calls of claim() in a cell, wherever they stand."""
    return [n for n in ast.walk(tree(source)) if called(n).split(".")[-1] == "claim"]


def output_text(cell) -> str:
    """All text that a cell has stored."""
    parts = []
    for output in cell.outputs:
        data = output.get("data", {})
        parts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/markdown", "")]
    return "\n".join(parts)
