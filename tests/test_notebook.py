"""The one reader of chapters: what the gates and a course take from an exercise, from text and notebook alike."""

from pathlib import Path

import nbformat
import pytest

from tools import notebook, refresh

ROOT = Path(__file__).resolve().parent.parent
TEXT = """\
# A chapter

### Exercise 1.1: too early (1 minutes)

## Exercises: three of them

Some words on all.

### Exercise 1.1: double it (8 minutes)

Write `double`.

```python
### no heading
```

#### A hint

<details>

Twice.

</details>

```{code-cell} ipython3
def double(x):
    ...


checks.double(double)
```

One more word.

```{code-cell} ipython3
:tags: [hide-input]

#@title Solution 1.1
def double(x):
    return 2 * x


checks.double(double)
```

### Exercise two

```{code-cell} ipython3
checks.of.two(1); print(2)
```

## Summary

### Exercise 1.3: too late (1 minutes)
"""


@pytest.fixture
def chapter(tmp_path):
    path = tmp_path / "01-chapter.md"
    path.write_text(TEXT)
    nbformat.write(refresh.read(path), path.with_suffix(".ipynb"))
    return path


@pytest.mark.parametrize("ending", [".md", ".ipynb"])
def test_exercises_are_read_from_text_and_notebook_alike(chapter, ending):
    """A course made from the one and a gate on the other must mean the same exercise."""
    first, second = notebook.exercises(chapter.with_suffix(ending))
    assert (first.number, first.title, first.minutes) == ("1.1", "double it", 8)
    assert first.task.startswith("Write `double`.") and first.task.endswith("Twice.\n\n</details>")
    assert "### no heading" in first.task and "#### A hint" in first.task and "One more word" not in first.task
    assert first.stub.source.startswith("def double") and first.check == "checks.double"
    assert first.solution.source.startswith("#@title Solution 1.1") and notebook.tags(first.solution) == ["hide-input"]
    assert second.heading == "Exercise two"
    assert (second.number, second.title, second.minutes, second.task) == ("", "", 0, "")
    assert second.solution is None and second.check == ""


def test_exercises_of_the_book_are_complete():
    """The parser may miss what a chapter writes in another way."""
    for path in sorted((ROOT / "chapters").glob("*.md")):
        found = notebook.exercises(path)
        assert len(found) == path.read_text(encoding="utf-8").count("\n### Exercise "), path.name
        assert all(e.task and e.stub and e.solution and e.check and e.minutes for e in found), path.name
        assert [e.number for e in found] == [f"{int(path.name[:2])}.{k}" for k in range(1, len(found) + 1)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("checks.one(x)", "checks.one"),
        ("%time 1\nchecks.one.two(x)", "checks.one.two"),
        ("checks.one(x)\nprint(x)", ""),
        ("other.one(x)", ""),
        ("checks.one", ""),
        ("def (", ""),
        ("", ""),
    ],
)
def test_a_check_is_what_a_cell_ends_with(source, expected):
    assert notebook.check(source) == expected
