"""Gates on the book as a whole: each takes its folder or its chapters and returns what is wrong."""

import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from .chapter import Chapter, bibliography, blocks, canonical_url, claim_calls

CITE = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
# Written in parts, so that this file does not contain what it forbids.
REGISTRIES = [".".join(p) for p in (("pypi", "org"), ("pythonhosted", "org"), ("anaconda", "org"), ("npmjs", "org"))]
MACHINE_PATHS = [f"/{folder}/" for folder in ("root", "home", "Users", "work", "opt", "tmp")] + ["C:" + "\\Users\\"]


def repository_files(root: Path) -> list[Path]:
    """Tracked files and new ones that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return [root / name for name in sorted(set(listed.split("\0"))) if name and (root / name).is_file()]


def texts(files: Iterable[Path]) -> dict[Path, str]:
    """The files that are text, with pictures stored in notebooks left out."""
    found = {}
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found[path] = re.sub(r'"image/(png|svg.xml)": ("[^"]*"|\[[^]]*\])', "", text)
    return found


def shared_claims(chapters: list[Chapter]) -> list[str]:
    """Claim ids that more than one call uses."""
    calls = (call for chapter in chapters for _, cell in chapter.code for call in claim_calls(cell.source))
    return sorted(name for name, n in Counter(call.args[0].value for call in calls).items() if n > 1)


def orphans(root: Path, chapters: list[Chapter]) -> list[str]:
    """Keys of references.bib that no chapter, page, data card, docstring or claim refers to."""
    pages = [root / "intro.md", *(root / "pages").rglob("*.md"), *(root / "data").rglob("*.md")]
    prose = "\n".join(path.read_text(encoding="utf-8") for path in pages if path.exists())
    code = [path.read_text(encoding="utf-8") for path in (root / "pruneutils").glob("*.py")]
    code = "\n".join([*code, *(cell.source for chapter in chapters for _, cell in chapter.code)])
    hrefs = [href for c in chapters for b in blocks(c) for line in b.lines for _, href in line.links]
    hrefs += re.findall(r"https?://[^\s)>\]`'\"]+", prose + code)
    cited = {canonical_url(href.rstrip(".,;")) for href in hrefs}
    keys = {key.strip() for group in CITE.findall(prose) for key in group.split(",")}
    keys |= set(re.findall(r"[\w:-]+", code))
    return [e.key for e in bibliography(root / "references.bib") if e.key not in keys and not e.urls & cited]


def address(root: Path) -> str:
    """The repository's address; pyproject.toml is its one place of truth."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]


def other_addresses(root: Path, files: Iterable[Path]) -> list[str]:
    """Mentions of this repository, or of its pages, under another owner."""
    owner, name = address(root).split("/")[-2:]
    pattern = re.compile(
        rf"github(?:\.com)?/(?P<code>[\w.-]+)/{re.escape(name)}\b|(?P<site>[\w-]+)\.github\.io/{re.escape(name)}\b"
    )
    return [
        f"{path.relative_to(root)}: {match.group()}"
        for path, text in texts(files).items()
        for match in pattern.finditer(text)
        if (match["code"] or match["site"]) != owner
    ]


def missing_addresses(root: Path) -> list[str]:
    """Files that must name the repository and do not."""
    files = [root / name for name in ("README.md", "_config.yml", "CITATION.cff")] + sorted(
        root.glob("chapters/[0-9]*")
    )
    return [str(p.relative_to(root)) for p in files if not p.exists() or address(root) not in p.read_text("utf-8")]


def forbidden(root: Path, files: Iterable[Path], words: list[str]) -> list[str]:
    """Files that contain one of the words, with the word; inside a longer path or address it does not count."""
    return [
        f"{path.relative_to(root)}: {word}"
        for path, text in texts(files).items()
        for word in words
        if re.search(r"(?<![\w}~])" + re.escape(word), text)
    ]
