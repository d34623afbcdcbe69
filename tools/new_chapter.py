"""Begin a chapter: make chapter N=15 NAME=recovery

Writes its text, the checks of its exercises and the tests of these from tools/templates/, and, unless it is there, its
entry in chapters.yml. What it writes runs; TODO marks what the author has to say. Nothing is written when a file is
there already, or when chapters.yml has another chapter of that number.
"""

import re
import sys
from pathlib import Path

from tools import chapters, notebook, release, repository

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = Path(__file__).with_name("templates")
TEXT = "chapters/{}.md"
FILES = {
    TEXT: "chapter.md",
    "pruneutils/book/checks/chapter_{:.2}.py": "checks.txt",
    "tests/test_checks_{:.2}.py": "test_checks.txt",
}
ENTRY = "      - name: {}\n        title: {}\n        promise: TODO.\n"
REMAINS = """
To edit: the three above; and, for what is new, references.bib and pages/glossary.md.
Then `make refresh CH={}` executes the chapter and writes every list that names it."""


def planned(number, name, root):
    """The title of the chapter, and the text of chapters.yml, with its entry added where there was none."""
    text, known = (root / chapters.FILE).read_text(encoding="utf-8"), chapters.chapters(root)
    if number <= len(known):
        chapter = known[number - 1]
        if chapter.name != name:
            raise ValueError(f"N={number} NAME={name[3:]}: chapter {number} is {chapter.name} in {chapters.FILE}")
        return chapter.title, text
    if number != len(known) + 1:
        raise ValueError(f"N={number}: {chapters.FILE} ends with {len(known)}, expected {len(known) + 1} at most")
    title = name[3:].replace("-", " ").capitalize()
    return title, text.rstrip("\n") + "\n" + ENTRY.format(name, title)


def filled(template, name, title, root):
    """A template with what it leaves open."""
    first = notebook.read(min((root / "chapters").glob("[0-9]*.md")))
    slug, number = "/".join(repository.current(root)), int(name[:2])
    colab = f"https://colab.research.google.com/github/{slug}/blob/{release.current(root)}/chapters/{name}.ipynb"
    words = {"N": number, "NN": name[:2], "NAME": name[3:], "TITLE": title, "COLAB": colab}
    words["BOOTSTRAP"] = notebook.code(first)[0].source
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return re.sub("@([A-Z]+)@", lambda match: str(words[match[1]]), text)


def main(number, name, root=ROOT):
    """Write all files, or none, and print their names and what remains."""
    try:
        if not re.fullmatch(r"[1-9]\d?", number) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
            raise ValueError(f"N={number!r} NAME={name!r}: expected a number and a name such as N=15 NAME=recovery")
        stem = f"{int(number):02}-{name}"
        title, plan = planned(int(number), stem, root)
        new = {root / path.format(stem): filled(template, stem, title, root) for path, template in FILES.items()}
        there = [str(path.relative_to(root)) for path in new if path.exists()]
        if there:
            raise ValueError(f"{', '.join(there)}: there already")
    except ValueError as error:
        sys.exit(str(error))
    (root / chapters.FILE).write_text(plan, encoding="utf-8")
    for path, text in new.items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(root))
    print(REMAINS.format(stem[:2]))


if __name__ == "__main__":
    main(*[*sys.argv[1:], "", ""][:2])
