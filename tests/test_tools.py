"""The authors' tools: each test names the way in which the tool could spoil the book."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools import environment, ledger, processors, refresh, repository, tally, verified

ROOT = Path(__file__).resolve().parent.parent
TEXT = """\
---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A chapter

```{code-cell} ipython3
---
mystnb:
  image:
    alt: A picture.
tags: [readme-figure]
---
import os
from IPython.display import display
print(os.environ["OMP_NUM_THREADS"], os.path.basename(os.getcwd()))
display({"image/svg+xml": "<svg>a picture</svg>"}, raw=True)
```

```{code-cell} ipython3
claim = {"id": "ID", "statement": "One | is one.", "holds": True, "answers": ANSWERS, "verdict": VERDICT}
display({"text/plain": "One is one."}, raw=True, metadata={"claim": claim})
```
"""
PLANNED = "{name: 01-chapter, title: Chapter, promise: One.}"
LISTS = {
    "chapters.yml": f"questions: []\nparts: [{{part: One, chapters: [{PLANNED}]}}]\n",
    "_toc.yml": "root: intro\nparts:\n  # chapters begin\n  # chapters end\n",
    "intro.md": "# Book\n\n"
    + "".join(f"<!-- {what} begin -->\n<!-- {what} end -->\n" for what in ("status", "chapters")),
    "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- A frame.\n",
}
BIBLIOGRAPHY = """
@misc{han2015, author = {Han, Song and Pool, Jeff and Tran, John}, title = {T}, year = {2015}, url = {https://h.org}}
@misc{li2017, author = {Li, Hao and {van den Graf}, Hans}, title = {T}, year = {2017}, url = {https://l.org}}
"""


def write_chapter(root, number, claim_id, answers=None, verdict=None):
    """A text of two cells; the second makes a claim."""
    text = TEXT.replace('"ID"', repr(claim_id))
    text = text.replace("ANSWERS", repr(answers)).replace("VERDICT", repr(verdict))
    path = root / "chapters" / f"{number}-chapter.md"
    path.write_text(text)
    return path


def store_claim(root, number, claim_id, answers=None, verdict=None):
    """The notebook that such a text gives, as far as the ledger reads it."""
    claim = {"id": claim_id, "statement": "One | is one.", "holds": True, "answers": answers, "verdict": verdict}
    output = {"output_type": "display_data", "data": {}, "metadata": {"claim": claim}}
    cells = [
        {"cell_type": "markdown", "source": ["# A chapter\n", "Text"]},
        {"cell_type": "code", "source": "", "outputs": [output]},
    ]
    (root / "chapters" / f"{number}-chapter.ipynb").write_text(json.dumps({"cells": cells}))


@pytest.fixture
def book(tmp_path):
    """An empty book."""
    for folder in ("chapters", "pages"):
        (tmp_path / folder).mkdir()
    (tmp_path / "references.bib").write_text(BIBLIOGRAPHY)
    for name, text in LISTS.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "pyproject.toml").write_text(f'[project.urls]\nRepository = "{OLD}"\n')
    return tmp_path


# refresh


def test_refresh_gives_the_same_bytes_twice(book, capsys):
    """Random cell ids, timestamps or versions in the metadata would make every refresh a change."""
    text = write_chapter(book, "01", "one-is-one")
    refresh.main(["01"], book)
    first = text.with_suffix(".ipynb").read_bytes()
    text.with_suffix(".ipynb").unlink()
    refresh.main([], book)
    assert text.with_suffix(".ipynb").read_bytes() == first
    assert re.search(r"01-chapter\.md  \d+\.\d s\ntotal  \d+\.\d s", capsys.readouterr().out)

    notebook = json.loads(first)
    assert notebook["metadata"] == refresh.METADATA
    assert notebook["cells"][1]["metadata"] == {
        "mystnb": {"image": {"alt": "A picture."}},
        "tags": ["readme-figure"],
    }
    assert notebook["cells"][1]["outputs"][0]["text"] == ["1 chapters\n"]  # one thread, in the chapter's folder
    assert (book / "data" / "readme-figure.svg").read_text() == "<svg>a picture</svg>"
    assert "one-is-one" in (book / "pages" / "claims.md").read_text()
    assert "chapters/01-chapter.ipynb" in (book / "_toc.yml").read_text()


def test_refresh_leaves_the_notebook_of_a_failing_chapter(book):
    """A half-executed notebook must not replace a good one."""
    text = write_chapter(book, "01", "one-is-one")
    text.with_suffix(".ipynb").write_text("the stored notebook")
    text.write_text(text.read_text().replace("claim = ", "1 / 0; claim = "))
    with pytest.raises(SystemExit, match=r"(?s)01-chapter\.md failed, 01-chapter\.ipynb stays.*ZeroDivisionError"):
        refresh.main([], book)
    assert sorted(p.name for p in (book / "chapters").iterdir()) == ["01-chapter.ipynb", "01-chapter.md"]
    assert text.with_suffix(".ipynb").read_text() == "the stored notebook"


def refreshed(root, capsys):
    """What `make refresh` prints of the only chapter, short of the seconds."""
    refresh.main(["01"], root)
    return capsys.readouterr().out.splitlines()[0].split("  ")[1].partition(" s")[1] or "code unchanged"


EDITS = {
    "prose": ("# A chapter", "# The chapter"),
    "alt text": ("A picture.", "A better picture."),
    "tag": ("[readme-figure]", "[readme-figure, hide-output]"),
    "the book's ref": ("book@v0.1.0", "book@main"),
}


@pytest.mark.parametrize("name", EDITS)
def test_refresh_executes_nothing_where_no_code_changed(book, capsys, name):
    """A link or an alt text would cost a minute, a new date, and every output that moves."""
    text = write_chapter(book, "01", "one-is-one")
    text.write_text(text.read_text().replace("claim = ", '"pruneutils @ git+https://a.org/book@v0.1.0"; claim = '))
    assert refreshed(book, capsys) == " s"
    stored, entry = text.with_suffix(".ipynb"), verified.load(book)["01-chapter"]
    notebook = json.loads(stored.read_text())
    notebook["cells"][1]["outputs"][0]["text"] = ["kept\n"]  # were it executed, this would be gone
    notebook["cells"][1]["execution_count"] = 7
    stored.write_text(json.dumps(notebook))
    verified.file("01-chapter", book).write_text(json.dumps(entry | {"digest": verified.digest(stored, book)}))

    text.write_text(text.read_text().replace(*EDITS[name]))
    assert refreshed(book, capsys) == "code unchanged"
    notebook = json.loads(stored.read_text())
    assert notebook["cells"][1]["outputs"][0]["text"] == ["kept\n"] and notebook["cells"][1]["execution_count"] == 7
    new = verified.load(book)["01-chapter"]
    assert new["digest"] == verified.digest(stored, book)
    assert {key: new[key] for key in ("date", "seconds", "versions")} == {
        key: entry[key] for key in ("date", "seconds", "versions")
    }
    expected = refresh.read(text)
    assert [cell["metadata"] for cell in notebook["cells"]] == [cell.metadata for cell in expected.cells]
    assert ["".join(cell["source"]) for cell in notebook["cells"]] == [cell.source for cell in expected.cells]
    refresh.main(["01", "--force"], book)
    assert json.loads(stored.read_text())["cells"][1]["execution_count"] == 1


def test_refresh_executes_what_changed(book, capsys):
    """Outputs of other code, or edited by hand, or of a cell that may now raise, must not be kept."""
    text = write_chapter(book, "01", "one-is-one")
    stored = text.with_suffix(".ipynb")
    assert refreshed(book, capsys) == " s"
    assert refreshed(book, capsys) == "code unchanged"
    text.write_text(text.read_text().replace("print(", "print(1, "))
    assert refreshed(book, capsys) == " s"
    text.write_text(text.read_text().replace("[readme-figure]", "[readme-figure, raises-exception]"))
    assert refreshed(book, capsys) == " s"
    stored.write_text(stored.read_text().replace("1 1 chapters", "2 1 chapters"))
    assert refreshed(book, capsys) == " s"
    assert "1 1 chapters" in stored.read_text()
    first, second = text.read_text().split("```{code-cell} ipython3\n")[1:]
    text.write_text(text.read_text().replace(first, "FIRST").replace(second, first).replace("FIRST", second + "\n"))
    assert refreshed(book, capsys) == " s"
    verified.file("01-chapter", book).unlink()
    assert refreshed(book, capsys) == " s"


def test_refresh_refuses_a_chapter_that_does_not_exist(book):
    """`make refresh CH=9` must not pass for having refreshed something, nor may a chapter be in no list."""
    write_chapter(book, "01", "one-is-one")
    with pytest.raises(SystemExit, match="no chapter 9 in"):
        refresh.main(["9"], book)
    stray = write_chapter(book, "02", "two-is-two")
    with pytest.raises(SystemExit, match=r"chapters\.yml lacks 02-chapter"):
        refresh.main(["02"], book)
    assert not stray.with_suffix(".ipynb").exists()


def test_equal_cells_have_different_ids(book):
    """nbformat requires unique ids, and two cells may have the same source."""
    path = book / "twice.md"
    path.write_text("```{code-cell} ipython3\n1\n```\n\n```{code-cell} ipython3\n1\n```\n")
    first, second = refresh.read(path).cells
    assert first.id != second.id


# verified


PROSE = "# A chapter\n\nIt has [five words](https://a.b/c), $a = b$.\n\n$$c$$\n\n### Exercise 1.1: more (7 minutes)\n"
CODE = {
    "import numpy as np\n\nfrom torch import nn": [],
    "    import keras  # the bootstrap": ["remove-cell"],
    "from pruneutils import masks": ["hide-input"],
}


def store_chapter(root, name, prose=PROSE):
    """A notebook of one text and three cells of code, of which the page shows the first."""
    cells = [{"cell_type": "markdown", "source": [prose], "metadata": {}}]
    cells += [{"cell_type": "code", "source": [c], "metadata": {"tags": t}, "outputs": []} for c, t in CODE.items()]
    path = root / "chapters" / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    return path


def test_verified_says_what_refresh_measured(book):
    """The page tells the reader; nothing of it may get into the notebook."""
    text = write_chapter(book, "01", "one-is-one")
    refresh.main(["01"], book)
    entry = verified.load(book)["01-chapter"]
    assert entry["digest"] == verified.digest(text.with_suffix(".ipynb"), book)
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", entry["date"]) and entry["seconds"] > 0
    assert entry["versions"] == {"Python": ".".join(map(str, sys.version_info[:3]))}
    assert entry["cells"] == 3


def test_verified_counts_what_a_reader_meets(book):
    """Addresses, formulas and hidden code are not read; code that is imported anywhere has a version."""
    cells = json.loads(store_chapter(book, "01-chapter").read_text())["cells"]
    assert verified.size(cells) == {"cells": 4, "words": 13, "formulas": 1, "lines": 2, "exercises": 7}
    assert list(verified.versions(cells)) == ["Python", "NumPy", "PyTorch", "Keras", "pruneutils"]
    assert "+" not in "".join(verified.versions(cells).values())  # a build's name is not a version
    assert verified.reading_minutes({"words": 1500, "lines": 100, "formulas": 4}) == 30  # 15 + 5 + 8, to the nearest 5


def test_verified_does_not_churn(book):
    """A refresh that reproduces the notebook on the same day must leave no change behind, whatever it took."""
    chapter = store_chapter(book, "01-chapter")
    verified.record(chapter, 10, book)
    before = verified.file("01-chapter", book).read_bytes()
    for seconds in (20, 9.8):
        verified.record(chapter, seconds, book)
        assert verified.file("01-chapter", book).read_bytes() == before
    verified.record(chapter, 5, book)  # nothing else ran this time
    assert verified.load(book)["01-chapter"]["seconds"] == 5

    entry = verified.load(book)["01-chapter"] | {"date": "2020-02-29"}  # on another day the date is the news
    assert verified.updated(entry, chapter, 30, book)["seconds"] == 30
    store_chapter(book, "01-chapter", PROSE + "More.")
    verified.record(chapter, 40, book)
    assert verified.load(book)["01-chapter"]["seconds"] == 40


def test_verified_keeps_of_a_run_what_was_not_run_again(book):
    """Outputs of last year must not be dated today because a word was changed."""
    chapter = store_chapter(book, "01-chapter")
    verified.record(chapter, 10, book)
    old = verified.load(book)["01-chapter"] | {"date": "2020-02-29", "versions": {"Python": "3.9"}}
    store_chapter(book, "01-chapter", PROSE + "More.")
    new = verified.updated(old, chapter, None, book)
    assert {key for key in new if new[key] != old[key]} == {"digest", "words"}
    assert new["digest"] == verified.digest(chapter, book)


def test_verified_forgets_a_chapter_that_is_gone(book):
    """A renamed chapter must not keep its old entry."""
    verified.record(store_chapter(book, "01-old"), 1, book)
    (book / "chapters" / "01-old.ipynb").unlink()
    verified.record(store_chapter(book, "02-next"), 1, book)
    verified.record(store_chapter(book, "01-new"), 1, book)
    assert list(verified.load(book)) == ["01-new", "02-next"]


def test_verified_survives_another_address(book):
    """`make repository` changes the notebooks' links, not what was executed; any other change is seen."""
    chapter = store_chapter(book, "01-chapter", PROSE + MENTIONS)
    before, content = verified.digest(chapter, book), chapter.read_bytes()
    subprocess.run(["git", "init", "-q"], cwd=book, check=True)
    subprocess.run(["git", "add", "."], cwd=book, check=True)
    repository.main("https://github.com/new/home", book)
    assert chapter.read_bytes() != content
    assert verified.digest(chapter, book) == before
    chapter.write_text(chapter.read_text().replace("five", "four"))
    assert verified.digest(chapter, book) != before


# ledger


def test_ledger_collects_all_chapters_in_order(book):
    """A claim that is not in the ledger is as good as dropped."""
    store_claim(book, "02", "two-is-two", "li2017", "not at this scale")
    store_claim(book, "01", "one-is-one", "han2015", "reproduced")
    store_claim(book, "03", "three-is-three")
    ledger.main([], book)
    text = (book / "pages" / "claims.md").read_text()
    assert "3 sentences" in text and "2 answer a claim of the literature: 1 did not show" in text
    failed, reproduced, every = text.index("did not show here"), text.index("were reproduced\n"), text.index("## All")
    assert failed < text.index("**Two is two.** One | is one.") < reproduced < text.index("**One is one.**") < every
    places = [text.index(f'<span id="ledger-{name}" ') for name in ("one-is-one", "two-is-two", "three-is-three")]
    assert every < places[0] < places[1] < places[2]
    fared = "[Li and van den Graf, 2017](https://l.org): not reproduced at this scale."
    assert f"[A chapter](#claim-two-is-two); {fared}" in text


def test_ledger_says_how_often_a_claim_held_on_other_seeds(book):
    """A claim that other seeds break has a section of its own, where a reader looks for it."""
    store_claim(book, "01", "one-is-one")
    store_claim(book, "02", "two-is-two")
    store_claim(book, "03", "three-is-three")
    entry = tally.blank(["one-is-one", "two-is-two", "three-is-three"]) | {"digest": "none", "runs": 10}
    entry["claims"]["one-is-one"] |= {"held": 10, "of": 10}
    entry["claims"]["two-is-two"] |= {"held": 7, "of": 10}
    entry["claims"]["three-is-three"] |= {"not reached": list(range(1, 11))}  # an earlier cell raised in every run
    tally.save("01-chapter", entry, book)  # by the name without its number, which both chapters have
    ledger.main([], book)
    text = (book / "pages" / "claims.md").read_text()
    assert "3 were tried so; 1 of them held in at least nine of ten runs." in text
    assert text.count("on other seeds 0 of 0, not reached in 10") == 2  # here and in its chapter
    assert text.index("## Claims that other seeds break") < text.index("on other seeds 7 of 10")
    assert text.count("on other seeds 10 of 10") == 1


def test_ledger_refuses_an_id_used_twice(book):
    """One id must mean one claim."""
    store_claim(book, "01", "one-is-one")
    store_claim(book, "02", "one-is-one")
    with pytest.raises(SystemExit, match=r"'one-is-one' is in 01-chapter\.ipynb and again in 02-chapter\.ipynb"):
        ledger.main([], book)
    assert not (book / "pages" / "claims.md").exists()


def test_ledger_refuses_an_unknown_paper(book):
    """A verdict on a paper that the bibliography lacks cannot be followed up."""
    store_claim(book, "01", "one-is-one", "nobody1900", "partly")
    with pytest.raises(SystemExit, match="nobody1900"):
        ledger.main([], book)


def test_ledger_check_fails_when_stale(book):
    """The page must not lag behind the stored outputs."""
    store_claim(book, "01", "one-is-one")
    ledger.main([], book)
    ledger.main(["--check"], book)
    store_claim(book, "02", "two-is-two")
    with pytest.raises(SystemExit, match="stale"):
        ledger.main(["--check"], book)


# repository


OLD = "https://github.com/Some-Owner/a.book"
MENTIONS = """\
See https://github.com/Some-Owner/a.book, git+https://github.com/Some-Owner/a.book@v0.1.0,
https://github.com/Some-Owner/a.book.git, https://some-owner.github.io/a.book/ and
https://colab.research.google.com/github/Some-Owner/a.book/blob/main/x.ipynb.
"""
OTHERS = "https://github.com/Some-Owner/a.book-2, Some-Owner/a.book.js, Not-Some-Owner/a.book, Some-Owner/abook\n"


@pytest.fixture
def clone(tmp_path):
    """A repository that mentions its address in text and in a notebook, and holds a file that is not text."""
    (tmp_path / "pyproject.toml").write_text(f'[project.urls]\nRepository = "{OLD}"\n')
    (tmp_path / "page.md").write_bytes((MENTIONS + OTHERS).replace("\n", "\r\n").encode())
    (tmp_path / "page.ipynb").write_text(json.dumps({"cells": [MENTIONS]}))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff" + OLD.encode())
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    (tmp_path / "untracked.md").write_text(MENTIONS)
    return tmp_path


def contents(root):
    return {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}


def test_repository_round_trip(clone, capsys):
    """Every mention changes, nothing else does, and setting the old address again restores every byte."""
    before = contents(clone)
    repository.main("https://github.com/new/home.git", clone)
    assert "3 files changed" in capsys.readouterr().out
    assert repository.current(clone) == ("new", "home")
    page = (clone / "page.md").read_bytes().decode()
    expected = MENTIONS.replace("Some-Owner/a.book", "new/home").replace(
        "some-owner.github.io/a.book", "new.github.io/home"
    )
    assert page == (expected + OTHERS).replace("\n", "\r\n")
    assert json.loads((clone / "page.ipynb").read_text()) == {"cells": [expected]}
    assert {name for name, content in contents(clone).items() if content == before[name]} == {
        "picture.png",
        "untracked.md",
    }
    repository.main(OLD, clone)
    assert contents(clone) == before


BAD = ["", "new/home", "http://github.com/new/home", "https://github.com/new", "https://github.com/new/home/tree"]
BAD += ["https://github.com/-new/home", "https://github.com/new/..", 'https://github.com/new/ho"me']


@pytest.mark.parametrize("url", BAD)
def test_repository_refuses_a_bad_url_and_writes_nothing(clone, url):
    """A slip of the pen must not be written into every file."""
    before = contents(clone)
    with pytest.raises(SystemExit, match=r"expected https://github\.com/OWNER/NAME"):
        repository.main(url, clone)
    assert contents(clone) == before


# processors and environment


def test_processors_sets_one_thread_and_the_emulated_features():
    """Two notebooks at once are five to ten times slower with several threads, and reruns are not bit-equal."""
    show = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]
    script = [sys.executable, str(ROOT / "tools" / "processors.py")]
    for name, variables in [(None, {}), *processors.EMULATED.items()]:
        options = ["--as", name] if name else []
        seen = json.loads(subprocess.run([*script, *options, *show], capture_output=True, text=True, check=True).stdout)
        assert seen.items() >= (processors.ONE_THREAD | variables).items()
    unknown = subprocess.run([*script, "--as", "z80", *show], capture_output=True, text=True)
    assert unknown.returncode and "expected one of avx2, sse4" in unknown.stderr


@pytest.fixture
def empty_clone(tmp_path, monkeypatch):
    """A clone without an environment, for tools/environment.py."""
    for name in ("constraints.txt", "requirements-book.txt", "requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_text("")
    monkeypatch.setattr(environment, "ROOT", str(tmp_path))
    monkeypatch.setattr(environment, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(environment, "PYTHON", str(tmp_path / ".venv" / "bin" / "python"))
    return tmp_path


def test_environment_passes_over_a_python_that_does_not_run(empty_clone, monkeypatch):
    """A shim that fails, an old Python, and a name that is not there; one that TensorFlow lacks, for pages."""
    shim, old, new, next_one = (empty_clone / name for name in ("shim", "old", "new", "next"))
    shim.write_text("#!/bin/sh\necho 'python3.13: command not found' >&2\nexit 127\n")
    for file, minor in ((old, 10), (new, 13), (next_one, 14)):
        pretend = f"import sys; sys.version_info = (3, {minor}, 0); exec('$2')"
        file.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{pretend}"\n')
    for file, works, builds in ((shim, *2 * [False]), (old, *2 * [False]), (new, *2 * [True]), (next_one, False, True)):
        file.chmod(0o755)
        assert environment.usable(str(file)) is works
        assert environment.usable(str(file), "book") is builds
    monkeypatch.delenv("PYTHON", raising=False)
    monkeypatch.setattr(environment, "CANDIDATES", ["no-such-python", str(shim), str(old), str(next_one), str(new)])
    assert environment.find_python() == str(new)
    assert environment.find_python("book") == str(next_one)
    monkeypatch.setenv("PYTHON", str(shim))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11, 3\.12\s+or 3\.13"):
        environment.find_python()
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer"):
        environment.find_python("book")
    assert not (empty_clone / ".venv").exists()


def test_environment_stamps_only_what_was_installed(empty_clone, monkeypatch):
    """A failed installation must fail again or be finished, not be taken for done; a changed pin installs again."""
    commands, code = [], 1

    def run(command, **_):
        commands.append(command)
        return subprocess.CompletedProcess(command, code)

    (empty_clone / ".venv").mkdir()
    monkeypatch.setattr(environment, "create", lambda kind: None)
    monkeypatch.setattr(environment.subprocess, "run", run)
    with pytest.raises(SystemExit, match="cannot reach a package index"):
        environment.main("all")
    assert not environment.stamped("all") and len(commands) == 1
    code = 0
    environment.main("all")
    assert environment.stamped("all") and len(commands) == 3
    environment.main("all")
    environment.main("book")  # is contained in all
    assert len(commands) == 3
    (empty_clone / "requirements-book.txt").write_text("changed==1")
    environment.main("book")
    assert environment.stamped("book") and not environment.stamped("all")


# the repository's own files


def test_citation_file():
    """GitHub shows no citation when the file is not valid CFF 1.2.0 (validated by cffconvert when it was written)."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] in ("software", "dataset")
    assert all(isinstance(citation[key], str) and citation[key] for key in ("message", "title", "version", "abstract"))
    assert citation["authors"] and all(author.keys() <= {"name", "website"} for author in citation["authors"])
    assert citation["license"] == ["MIT", "CC-BY-4.0"]
    assert f'version = "{citation["version"]}"' in (ROOT / "pyproject.toml").read_text()
    assert citation["title"] == yaml.safe_load((ROOT / "_config.yml").read_text())["title"]


def test_every_direct_dependency_is_pinned():
    """An unpinned jupyter-book is 2.x, which ignores _config.yml; an unpinned torch changes results unasked."""
    for name in ("requirements.txt", "requirements-book.txt"):
        lines = [line for line in (ROOT / name).read_text().splitlines() if line and line[0] not in "#-"]
        assert lines and all(re.fullmatch(r"[A-Za-z0-9_.-]+(\[\w+\])?==[0-9][\w.]*", line) for line in lines)


def test_ci_runs_what_the_readme_says():
    """The entry of continuous integration must stay executable and do no more than the README's two commands."""
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-2:] == ["make browser || true", "exec make test"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "    make browser " in readme and "    make test " in readme


def make(*arguments):
    """What make would run; CH and the like of a run around this one are left out."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "CH", "JOBS"))}
    return subprocess.run(["make", "-n", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_every_target_that_is_named_has_a_rule():
    """`make pdf` was in the help and in a workflow, and did nothing: a phony target without a rule succeeds."""
    texts = [ROOT / name for name in ("Makefile", "README.md", "CONTRIBUTING.md", ".ci/run")]
    texts += sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
    named = set(re.search(r"^\.PHONY: (.*)", makefile, re.M)[1].split())
    for path in texts:
        named |= set(re.findall(r"(?:^|[`'] *|run: |    )make ([a-z][a-z-]*)", path.read_text(encoding="utf-8"), re.M))
    rules = {name for names in re.findall(r"^([a-z][a-z -]*):", makefile, re.M) for name in names.split()}
    assert {"book", "pdf", "check", "test", "test-all"} <= named
    assert named - rules == set()


def test_notebooks_run_once_and_strictly():
    """A part of the tests that is lost from `make test`, or an option without which nbval compares less."""
    (line,) = [line for line in make("test").stdout.splitlines() if "--nbval " in line]
    chapters = sorted(f"chapters/{path.name}" for path in (ROOT / "chapters").glob("*.ipynb"))
    assert line.split()[-len(chapters) :] == chapters
    assert "--nbval-kernel-name=colab" in line and "--nbval-lax" not in line and "--nbval-current-env" not in line
    shards = [make("test-notebooks", f"CH={shard}").stdout.split() for shard in ("?[0-4]", "?[5-9]")]
    assert sorted(word for shard in shards for word in shard if word.endswith(".ipynb")) == chapters


def test_all_leaves_nothing_out():
    """What `make test` leaves out for its time is still a guard: twice in a kernel, own pins, older processors, PDF."""
    run = make("test-all").stdout.splitlines()
    suites = [line for line in run if "pytest" in line and "--nbval" not in line]
    assert not any(word in line.split() for line in suites for word in ("-m", "--deselect"))
    assert [line.split("--ignore ")[-1] for line in suites if "--ignore" in line] == ["tests/colab"]
    assert any("tests/colab -k ''" in line for line in suites)
    pattern = re.compile(r"processors\.py (?:--as (\w+) )?pytest .*(--nbval-(?:kernel-name=colab|current-env))")
    kernels = [pattern.search(line) for line in run if "--nbval " in line]
    assert {match.groups() for match in kernels} == {
        (None, "--nbval-kernel-name=colab"),
        (None, "--nbval-current-env"),
        ("avx2", "--nbval-current-env"),
        ("sse4", "--nbval-current-env"),
    }


def test_a_chapter_that_does_not_exist_is_refused():
    """`make test CH=7` must not pass for having tested something."""
    refused = make("test", "CH=7")
    assert refused.returncode and "has no chapter 7" in refused.stderr
    assert "07-" in make("test", "CH=07").stdout
