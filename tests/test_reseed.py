"""Chapters on other seeds: that seeds do move, once each; that what fails is counted; that no chapter is touched."""

import json
import random

import numpy as np
import pytest
import torch

from pruneutils import scores
from pruneutils.book import train
from tools import ledger, reseed, reseeded, tally

CHAPTER = """\
---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A chapter

```{code-cell} ipython3
:tags: [remove-cell]

raise RuntimeError("the bootstrap is not for this")
```

```{code-cell} ipython3
import random
import numpy as np
import torch
from sklearn.datasets import make_blobs
from pruneutils import scores
from pruneutils.book import train
from pruneutils.book.claims import claim
from pruneutils.book.compare import Trial

claim("it-always-holds", "So it is.", holds=True)
```

```{code-cell} ipython3
own = np.random.Generator(np.random.PCG64(0)), np.random.Generator(np.random.PCG64(2_000_000))
drawn = np.random.default_rng(0).random()
print(drawn, end="")
claim("on-even-runs-only", "So it is.", holds=drawn == own[1].random())
claim("seeds-move", "So it is.", holds=drawn != own[0].random())
```

```{code-cell} ipython3
assert scores.random(np.ones(3), seed=0)[0] == 5, "never so"
claim("in-a-cell-that-raises", "So it is.", holds=True)
```

```{code-cell} ipython3
def drawn_by(generator):
    return torch.rand(1, generator=generator).item()

def linear(offset):
    torch.random.default_generator.manual_seed(offset)
    return torch.nn.Linear(2, 1).weight

offset = next(k for k in range(0, 9_000_000, 1_000_000) if torch.equal(train.mlp(2, 1, seed=0)[0].weight, linear(k)))
torch.manual_seed(3)
by_hand = torch.rand(1).item()
random.seed(3)
by_python = random.random()
X, y = np.eye(4, 2, dtype=np.float32), np.array([0, 1, 0, 1])
nets = [train.mlp(2, 2, seed=0) for _ in range(3)]
losses = train.fit(nets, X, y, steps=9, batch=1)
again = [train.mlp(2, 2, seed=0) for _ in range(3)]
trial = Trial((0, 1, 2), (X,) * 3, (y,) * 3, (3e-3,) * 3, (0.0,) * 3)
trial.fit(again, steps=9, batch=1)
moved = [
    drawn_by(torch.Generator().manual_seed(3)) == drawn_by(torch._C.Generator().manual_seed(3 + offset)) == by_hand,
    by_python == random.Random(3 + offset).random(),
    (make_blobs(random_state=1)[0] == make_blobs(random_state=np.random.RandomState(1 + offset))[0]).all(),
    all(torch.equal(net[0].weight, other[0].weight) for net, other in zip(nets, again)),
]
claim("all-seeds-move-alike", f"{moved}", holds=all(moved) and offset > 0)
claim("held-out-of-two", "So it is.", holds=True)
claim("held-out-of-two", "So it is.", holds=False)
```
"""
CLAIMS = ["it-always-holds", "on-even-runs-only", "seeds-move", "in-a-cell-that-raises", "withdrawn-from-the-text"]


@pytest.fixture
def book(tmp_path):
    for folder in ("chapters", "pages"):
        (tmp_path / folder).mkdir()
    (tmp_path / "references.bib").write_text("")
    (tmp_path / "chapters" / "03-name.md").write_text(CHAPTER)
    outputs = [
        {"metadata": {"claim": {"id": name, "statement": "So.", "holds": True, "answers": None}}} for name in CLAIMS
    ]
    for output in outputs:
        output["metadata"]["claim"]["verdict"] = None
    cells = [{"cell_type": "code", "source": "", "outputs": outputs}]
    (tmp_path / "chapters" / "03-name.ipynb").write_text(json.dumps({"cells": cells}))
    return tmp_path


def test_a_chapter_runs_on_other_seeds_and_its_claims_are_counted(book, capsys):
    """Runs are stored one by one and go on; a claim that fails stops nothing, a cell that raises only itself."""
    before = {path.name: path.read_bytes() for path in (book / "chapters").iterdir()}
    reseed.main(["--runs", "1", "03"], book)
    first = tally.load("03-name", book)
    reseed.main(["--runs", "2"], book)
    entry = tally.load("03-name", book)
    assert {path.name: path.read_bytes() for path in (book / "chapters").iterdir()} == before
    assert first["runs"] == 1 and entry["runs"] == 2 and first["claims"]["seeds-move"]["of"] == 1
    count = {name: (claim["held"], claim["of"], claim["failed"]) for name, claim in entry["claims"].items()}
    assert count == {
        "it-always-holds": (2, 2, []),
        "on-even-runs-only": (1, 2, [1]),
        "seeds-move": (2, 2, []),
        "in-a-cell-that-raises": (0, 0, []),
        "all-seeds-move-alike": (2, 2, []),
        "held-out-of-two": (0, 2, [1, 2]),
    }
    assert entry["claims"]["in-a-cell-that-raises"]["not reached"] == [1, 2]
    assert entry["raised"] == [{"cell": 2, "error": "AssertionError", "runs": [1, 2]}]
    assert entry["unfinished"] == [] and "PyTorch" in entry["versions"]
    printed = capsys.readouterr().out
    assert "run 1 of 1" in printed and "run 2 of 2" in printed and "run 1 of 2" not in printed
    assert "cell 2 raised AssertionError: never so" in printed
    page = (book / "pages" / "claims.md").read_text()
    assert "[03-name](#claim-on-even-runs-only); on other seeds 1 of 2." in page
    assert tally.column("03-name", book)("in-a-cell-that-raises") == "0 of 0, not reached in 2"
    assert tally.column("03-name", book)("withdrawn-from-the-text") == "–"


def test_changed_code_starts_anew_and_changed_prose_or_number_does_not(book, monkeypatch):
    """Counts of other code would be shown as this code's; and every word mended would cost ten runs."""
    seen, text = [], book / "chapters" / "03-name.md"
    events = [{"claim": "it-always-holds", "holds": True}, {"finished": True}]
    monkeypatch.setattr(reseed, "run", lambda text, number, limit: seen.append(number) or events)
    reseed.reseed(text, runs=2, root=book)
    text.write_text(CHAPTER.replace("# A chapter", "# A better title").replace("import random\n", "# so\n"))
    reseed.reseed(text, runs=3, root=book)
    text.rename(book / "chapters" / "04-name.md")
    text = book / "chapters" / "04-name.md"
    reseed.reseed(text, runs=3, root=book)
    assert seen == [1, 2, 3]
    assert tally.column("04-name", book)("it-always-holds") == "3 of 3"
    text.write_text(CHAPTER.replace("drawn = ", "drawn = 2 * "))
    assert tally.column("04-name", book)("it-always-holds") == "3 of 3, earlier code"
    reseed.reseed(text, runs=2, root=book)
    assert seen == [1, 2, 3, 1, 2] and tally.load("04-name", book)["runs"] == 2
    reseed.reseed(text, runs=1, force=True, root=book)
    assert seen[5:] == [1] and tally.load("04-name", book)["runs"] == 1


def test_of_a_chapter_that_never_ran_the_ledger_says_nothing_of_other_seeds(book):
    """A nought would read as never held."""
    ledger.main([], book)
    assert "[03-name](#claim-seeds-move).\n" in (book / "pages" / "claims.md").read_text()
    assert tally.column("03-name", book)("seeds-move") == "–"


def test_a_run_that_breaks_down_or_takes_too_long_counts_as_not_reached(book):
    """A claim is no better for the runs that did not get so far."""
    assert reseed.run(book / "chapters" / "03-name.md", 1, limit=0.01) == []
    entry = tally.added(
        tally.blank(["a-claim"]), [{"claim": "a-claim", "holds": True}, {"claim": "b-claim", "holds": False}]
    )
    entry = tally.added(entry, [])
    entry = tally.added(
        entry, [{"claim": "b-claim", "holds": True}, {"claim": "c-claim", "holds": True}, {"finished": True}]
    )
    assert entry["unfinished"] == [1, 2]
    assert entry["claims"] == {
        "a-claim": {"held": 1, "of": 1, "failed": [], "not reached": [2, 3]},
        "b-claim": {"held": 1, "of": 2, "failed": [1], "not reached": [2]},
        "c-claim": {"held": 1, "of": 1, "failed": [], "not reached": [1, 2]},
    }
    assert tally.shown("a-claim", entry, False) == "1 of 1, not reached in 2"


def test_seeds_move_at_the_books_own_functions_by_default_too():
    """A seed that a chapter leaves to its default would be the same in every run."""
    mlp = reseeded.moving(train.mlp, "seed", 5)
    assert torch.equal(mlp(2, 1, seed=2)[0].weight, train.mlp(2, 1, seed=7)[0].weight)
    assert (reseeded.moving(scores.random, "seed", 5)(np.ones(3), seed=1) == scores.random(np.ones(3), seed=6)).all()
    X, y = np.eye(4, 2, dtype=np.float32), np.array([0, 1, 0, 1])
    fit, trained = reseeded.moving(train.fit, "seed", 5), []
    for function, options in [
        (fit, {}),
        (train.fit, {"seed": 5}),
        (fit, {"seed": [0, 1]}),
        (train.fit, {"seed": [5, 6]}),
    ]:
        nets = [mlp(2, 2, seed=0), mlp(2, 2, seed=0)]
        function(nets, X, y, steps=9, batch=1, **options)
        trained.append([net[0].weight.tolist() for net in nets])
    assert trained[0] == trained[1] == trained[2] == trained[3] and trained[0][0] != trained[0][1]

    def mnist1d(*, seed=0, generator=42):
        return seed, generator

    assert reseeded.moving(mnist1d, "seed", 5)() == (5, 47)


def test_seeds_of_others_move_only_where_a_cell_gives_them():
    """A library's own seed, moved, would break what it promises, and be moved twice."""
    cells = {"draw": reseeded.moving(np.random.default_rng, "seed", 5, namespace := {})}
    namespace.update(cells)
    exec("numbers = draw(1).random(), draw([1, 2]).random(), draw(seed=1).random()", namespace)
    expected = [np.random.default_rng(seed).random() for seed in (6, [1, 2, 5], 6)]
    assert list(namespace["numbers"]) == expected
    assert cells["draw"](1).random() == np.random.default_rng(1).random()
    seeded = reseeded.moving(random.seed, "a", 5, globals())
    seeded(1)
    assert random.random() == random.Random(6).random()


def test_an_unknown_chapter_is_refused(book):
    with pytest.raises(SystemExit, match="no chapter 07"):
        reseed.main(["07"], book)
