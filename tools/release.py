"""Release the book: one version, and one ref that the badges and the bootstraps of all chapters share.

    make release VERSION=0.2.0    version, date and ref v0.2.0 everywhere; prints what remains to be done by hand
    make release VERSION=dev      after the tag was pushed: the ref is main again

The ref is what Colab opens (the badge) and what it installs there (the bootstrap); were they two, a chapter would meet
a package that it was not written for. Its one place of truth is repository.branch in _config.yml, by which the launch
button of a page goes. Texts and notebooks change alike, without execution: digests do not depend on the ref.
"""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tools.repository import tracked

ROOT = Path(__file__).resolve().parent.parent
BRANCH = "main"
CONFIG = re.compile(r"(?m)^(  branch: )(\S+)$")
REFS = (
    re.compile(r"(colab\.research\.google\.com/github/[\w.-]+/[\w.-]+/blob/)([\w.-]+)(?=/)"),  # a badge
    re.compile(r"(pruneutils(?:\[[\w, -]+\])? @ git\+https?://[\w./-]+@)([\w.-]+)"),  # a bootstrap
)
VERSION = re.compile(r"\d+\.\d+\.\d+")
VERSIONED = {
    "pyproject.toml": r'(?m)^(version = ")([^"]*)(?=")',
    "pruneutils/__init__.py": r'(?m)^(__version__ = ")([^"]*)(?=")',
    "CITATION.cff": r"(?m)^(version: )(\S+)",
}
REMAINS = """
What remains, by hand:
  make test-all
  git commit -am "Release {version}"
  git tag v{version}
  git push origin {branch} v{version}
  make release VERSION=dev
  git commit -am "Chapters follow {branch} again"
  git push"""


def current(root=ROOT):
    """The ref of the book, such as main or v0.2.0."""
    found = CONFIG.findall((root / "_config.yml").read_text(encoding="utf-8"))
    if len(found) != 1:
        raise ValueError(f"_config.yml: found {len(found)} lines 'branch:' below 'repository:', expected one")
    return found[0][1]


def version(root=ROOT):
    """The version in pyproject.toml."""
    found = re.search(VERSIONED["pyproject.toml"], (root / "pyproject.toml").read_text(encoding="utf-8"))
    if not found:
        raise ValueError('pyproject.toml has no line version = "..."')
    return found[2]


def refs(text):
    """The refs that a text's badges and bootstraps name."""
    return {ref for pattern in REFS for _, ref in pattern.findall(text)}


def replaced(text, ref):
    """The text with this ref in every badge and bootstrap."""
    for pattern in REFS:
        text = pattern.sub(rf"\g<1>{ref}", text)
    return text


def wrong(path, root=ROOT):
    """What is wrong with the refs of a chapter's file: all are the book's, which is main or the version's tag."""
    ref, expected = current(root), {BRANCH, f"v{version(root)}"}
    found = refs(path.read_text(encoding="utf-8"))
    complaints = [f"{path.name}: ref {other}, the book's is {ref} (_config.yml)" for other in sorted(found - {ref})]
    return complaints + (
        [] if ref in expected else [f"_config.yml: ref {ref}, expected {' or '.join(sorted(expected))}"]
    )


def with_ref(root, ref):
    """New texts of all files that badges, bootstraps or the launch button are in."""
    config = root / "_config.yml"
    texts = {path: path.read_text("utf-8") for path in tracked(root) if path.suffix in (".md", ".ipynb")}
    changed = {path: replaced(text, ref) for path, text in texts.items()}
    return {path: new for path, new in changed.items() if new != texts[path]} | {
        config: CONFIG.sub(rf"\g<1>{ref}", config.read_text("utf-8"))
    }


def with_version(root, new):
    """New texts of all files that state the version."""
    changed = {}
    for name, pattern in VERSIONED.items():
        text, n = re.subn(pattern, rf"\g<1>{new}", (root / name).read_text("utf-8"))
        if n != 1:
            raise ValueError(f"{name}: found {n} lines with the version, expected one")
        changed[root / name] = text
    return changed


def with_date(text, new, today):
    """CHANGELOG.md with its first section named by version and date; ValueError if that has nothing to say."""
    match = re.search(r"(?ms)^## ([^\n]+)\n(.*?)(?=^## |\Z)", text)
    heading, body = match.groups() if match else ("", "")
    if heading not in ("Unreleased", new) or "\n- " not in f"\n{body}":
        raise ValueError(
            f"CHANGELOG.md: the first section is {heading!r}, expected 'Unreleased' or {new!r} with what is new"
        )
    return text[: match.start()] + f"## {new} ({today})\n{body}" + text[match.end() :]


def git(root, *arguments):
    """What git prints; ValueError where it fails."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"git {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout


def tags(root):
    """The tags of the repository."""
    return git(root, "tag", "--list").split()


def plan(wanted, root):
    """New texts by file of a release, or of the way back to the branch; ValueError if that cannot be."""
    if wanted == "dev":
        return with_ref(root, BRANCH)
    if not VERSION.fullmatch(wanted):
        raise ValueError(f"VERSION={wanted!r}: expected a version such as 0.2.0, or dev")
    numbers = [[int(number) for number in re.findall(r"\d+", v)[:3]] for v in (wanted, version(root))]
    if numbers[0] < numbers[1]:
        raise ValueError(f"VERSION={wanted!r}: the book is at {version(root)} already")
    if f"v{wanted}" in tags(root):
        raise ValueError(f"VERSION={wanted!r}: the tag v{wanted} exists; what was released stays as it is")
    if git(root, "status", "--porcelain"):
        raise ValueError("the working tree is not clean: commit first, so that a release is a commit of its own")
    changelog, today = root / "CHANGELOG.md", datetime.now(UTC).date().isoformat()
    dated = with_date(changelog.read_text("utf-8"), wanted, today)
    return with_ref(root, f"v{wanted}") | with_version(root, wanted) | {changelog: dated}


def main(wanted, root=ROOT):
    """Write everything or nothing, and print the files and what remains."""
    try:
        changes = plan(wanted, root)
    except ValueError as error:
        sys.exit(str(error))
    for path, text in changes.items():
        if path.read_text("utf-8") != text:
            path.write_bytes(text.encode("utf-8"))
            print(path.relative_to(root))
    if wanted != "dev":
        print(REMAINS.format(version=wanted, branch=BRANCH))


if __name__ == "__main__":
    main(*(sys.argv[1:] or [""]))
