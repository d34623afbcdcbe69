"""Set the book's address everywhere: make repository URL=https://github.com/OWNER/NAME

The one place of truth is project.urls.Repository in pyproject.toml. From it follow the owner/name that Colab and
GitHub links carry and the address of the pages, OWNER.github.io/NAME. All three are replaced in every tracked
text file, notebooks included. Nothing is written when the input is bad.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = re.compile(r"https://github\.com/([A-Za-z0-9][A-Za-z0-9-]{0,38})/([A-Za-z0-9_-][A-Za-z0-9._-]*?)(?:\.git)?/?")
ENDS = r"(?![\w-]|\.(?!git\b)\w)"  # another repository's name may begin with this one's


def parse(url):
    """Owner and name of a repository's address; ValueError if it is none."""
    match = ADDRESS.fullmatch(url)
    if not match:
        raise ValueError(f"URL={url!r}: expected https://github.com/OWNER/NAME")
    return match.groups()


def current(root=ROOT):
    """Owner and name that the book has now, from pyproject.toml."""
    found = re.search(r'^Repository = "([^"]*)"', (root / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    return parse(found.group(1) if found else "")


def replaced(text, old, new):
    """The text with the address, the slug and the pages' address of `old` replaced by those of `new`."""
    pages = [f"{owner.lower()}.github.io/{name}" for owner, name in (old, new)]
    text = re.sub(rf"(?<![\w.-]){re.escape('/'.join(old))}{ENDS}", "/".join(new), text)
    return re.sub(rf"(?<![\w.-]){re.escape(pages[0])}{ENDS}", pages[1], text)


def tracked(root):
    """Paths of the files that git tracks."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True)
    if listing.returncode:
        raise ValueError(f"git cannot list the files of {root}: {listing.stderr.strip()}")
    return [root / name for name in listing.stdout.split("\0") if name and (root / name).is_file()]


def main(url, root=ROOT):
    """Replace the address in all tracked text files, and print which changed."""
    try:
        new, old, changes = parse(url), current(root), {}
        for path in tracked(root):
            before = path.read_bytes()
            try:
                after = replaced(before.decode("utf-8"), old, new).encode("utf-8")
            except UnicodeDecodeError:
                continue  # not text
            if after != before:
                changes[path] = after
    except ValueError as error:
        sys.exit(str(error))
    for path, content in changes.items():
        path.write_bytes(content)
        print(path.relative_to(root))
    print(f"{len(changes)} files changed: {'/'.join(old)} -> {'/'.join(new)}")


if __name__ == "__main__":
    main(*(sys.argv[1:] or [""]))
