"""A chapter is begun by one command, and of the files that name it at most five are edited by hand."""

import subprocess

import pytest

from tools import chapters, new_chapter, release, relink

from .gates import GATES, load
from .test_addresses import lost
from .workspace import PYTEST, copy_repository, run

BY_HAND = 5
SHARED_BY_HAND = {"references.bib", "pages/glossary.md"}  # if the chapter has new papers and terms
WRITTEN = {"CHANGELOG.md", "_toc.yml", "intro.md", "pages/claims.md", "pages/contents.md"}


def changed(root) -> set[str]:
    """Files that are new or changed since the copy was made."""
    listed = subprocess.run(["git", "status", "--porcelain", "-uall"], cwd=root, capture_output=True, text=True)
    return {line[3:] for line in listed.stdout.splitlines()}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the repository, committed, with all notebooks at the book's ref and all lists fresh."""
    root = copy_repository(tmp_path_factory.mktemp("book"))
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    release.main("dev", root)
    for module in ("tools.chapters", "tools.ledger"):
        run("-m", module, cwd=root, packages=root)
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    subprocess.run([*git, "commit", "-qm", "book"], cwd=root, check=True)
    return root


@pytest.mark.slow
def test_a_chapter_is_begun_by_one_command(copy):
    """Nine edits by hand, of which one is forgotten, and a first page that breaks the gates."""
    number = len(chapters.chapters(copy)) + 1
    name = f"{number:02}-tried-out"
    new_chapter.main(str(number), "tried-out", copy)
    by_hand = {f"chapters/{name}.md", f"pruneutils/book/checks/chapter_{number}.py", f"tests/test_checks_{number}.py"}
    assert changed(copy) == by_hand | {"chapters.yml"}

    refreshed = run("-m", "tools.refresh", str(number), cwd=copy, packages=copy)
    assert refreshed.returncode == 0, refreshed.stderr
    stored = {f"chapters/{name}.ipynb", f"data/verified/{name}.json"}
    assert changed(copy) == by_hand | {"chapters.yml"} | stored | WRITTEN
    assert len(by_hand | SHARED_BY_HAND) <= BY_HAND
    assert chapters.stale(copy) == [] and lost(copy) == []

    found = {gate.__name__: gate(load(copy / "chapters" / f"{name}.ipynb")) for gate in GATES}
    cells = len(load(copy / "chapters" / f"{name}.ipynb").notebook.cells)
    assert {gate: complaints for gate, complaints in found.items() if complaints} == {
        "size": [f"{cells} cells, expected 25 to 60"],  # what remains to be written
        "anatomy": ["1 exercises, at least three are needed"],
        "claims": ["1 claims, at least three are needed"],
    }
    finished = run(*PYTEST, "-q", f"tests/test_checks_{number}.py", cwd=copy, packages=copy)
    assert finished.returncode == 0, finished.stdout
    for command in (["check"], ["format", "--check"]):
        linted = run("-m", "ruff", *command, *sorted(by_hand - {f"chapters/{name}.md"}), cwd=copy, packages=copy)
        assert linted.returncode == 0, linted.stdout + linted.stderr
    with pytest.raises(SystemExit, match="there already"):
        new_chapter.main(str(number), "tried-out", copy)


@pytest.fixture
def plan(tmp_path):
    """A book of two chapters, of which the first is written."""
    one, two = "{name: 01-start, title: Start, promise: A.}", "{name: 02-more-rows, title: More rows, promise: B.}"
    for folder in ("chapters", "pages"):
        (tmp_path / folder).mkdir()
    (tmp_path / "chapters.yml").write_text(f"questions: []\nparts: [{{part: One, chapters: [{one}, {two}]}}]\n")
    links = "[1](../pages/contents.md#01-start), [2](../pages/contents.md#02-more-rows), [all](../pages/contents.md)\n"
    (tmp_path / "chapters" / "01-start.md").write_text(links)
    (tmp_path / "chapters" / "01-start.ipynb").touch()
    (tmp_path / "pages" / "glossary.md").write_text(links.replace("../pages/", ""))
    return tmp_path


@pytest.mark.parametrize(
    ("number", "name", "says"),
    [
        ("", "", "expected a number and a name"),
        ("two", "more-rows", "expected a number and a name"),
        ("2", "More rows", "expected a number and a name"),
        ("2", "rows", "chapter 2 is 02-more-rows"),
        ("4", "rows", "expected 3 at most"),
        ("1", "start", "chapters/01-start.md: there already"),
    ],
)
def test_a_chapter_that_cannot_be_is_refused_and_nothing_written(plan, monkeypatch, number, name, says):
    """It would overwrite a chapter, or have the number of another."""
    monkeypatch.setattr(new_chapter, "filled", lambda *arguments: "")
    before = {path: path.read_bytes() for path in plan.rglob("*.*")}
    with pytest.raises(SystemExit, match=says):
        new_chapter.main(number, name, plan)
    assert {path: path.read_bytes() for path in plan.rglob("*.*")} == before


def test_links_lead_to_a_chapter_as_soon_as_it_is_written(plan):
    """Each chapter that announced it would have to be edited; what is coming stays in the list of all chapters."""
    assert relink.relink(plan) == [plan / "chapters" / "01-start.md"]
    rest = "[2]({}contents.md#02-more-rows), [all]({}contents.md)\n"
    text = (plan / "chapters" / "01-start.md").read_text()
    assert text == "[1](01-start.ipynb), " + rest.format("../pages/", "../pages/")
    assert (plan / "pages" / "glossary.md").read_text() == "[1](../chapters/01-start.ipynb), " + rest.format("", "")
    assert relink.relink(plan) == []
