"""Claims that hold are shown, claims that do not are raised; checks of exercises never raise."""

from types import SimpleNamespace

import numpy as np
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from pruneutils._titles import title
from pruneutils.book import checks, claims
from pruneutils.book.checks import NotSolved, check, expect, expect_array
from pruneutils.book.claims import claim


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, as (data, metadata)."""
    outputs = []
    monkeypatch.setattr(claims, "display", lambda data, raw, metadata: outputs.append((data, metadata)))
    return outputs


def test_a_claim_shows_its_sentence_with_a_tick_and_records_itself(shown):
    claim("zeros-return", "They return.", holds=True, answers="han2015", verdict="partly")
    ((data, metadata),) = shown
    assert data["text/markdown"] == "> **Claim: Zeros return.** They return.\n>\n> ✔ `zeros-return` · han2015: partly"
    assert data["text/plain"] == "✔ They return. (zeros-return)"
    assert metadata["claim"] == {
        "id": "zeros-return",
        "statement": "They return.",
        "holds": True,
        "answers": "han2015",
        "verdict": "partly",
    }


def test_a_claim_that_answers_no_paper_names_none(shown):
    claim("obs-wins", "It wins.", holds=True)
    assert shown[0][0]["text/markdown"] == "> **Claim: OBS wins.** It wins.\n>\n> ✔ `obs-wins`"


def test_a_claims_title_spells_words_as_the_field_does():
    """`Obs` and `lamp` are other words."""
    assert title("obs-finds-the-weight-that-can-go") == "OBS finds the weight that can go"
    assert title("fine-tuning-levels-most-scores") == "Fine-tuning levels most scores"
    assert title("lamplight-is-obsolete") == "Lamplight is obsolete"


def test_a_claim_reaches_the_notebooks_outputs(monkeypatch):
    """The ledger reads stored outputs, so a claim must publish one, with its metadata."""
    shell = SimpleNamespace(display_pub=CapturingDisplayPublisher(), display_formatter=SimpleNamespace(format=None))
    monkeypatch.setattr(InteractiveShell, "initialized", lambda: True)
    monkeypatch.setattr(InteractiveShell, "instance", lambda: shell)
    claim("one-is-one", "One is one.", holds=np.bool_(True))
    (output,) = shell.display_pub.outputs
    assert output["metadata"]["claim"]["id"] == "one-is-one" and "✔" in output["data"]["text/markdown"]


@pytest.mark.parametrize("false", [False, np.bool_(False)])
def test_a_claim_that_does_not_hold_raises_and_shows_nothing(shown, false):
    """A book that prints a false sentence with a tick lies."""
    with pytest.raises(AssertionError, match=r"zeros-return.*They return"):
        claim("zeros-return", "They return.", holds=false)
    assert not shown


@pytest.mark.parametrize(
    "holds", [np.array([True]), np.array(True), np.array([True, False]), 1, 0, 0.3, None, "yes", [1]]
)
def test_a_claim_holds_or_not(shown, holds):
    """Any non-empty list is true, and so is a number where a comparison was forgotten."""
    with pytest.raises(ValueError, match="holds="):
        claim("zeros-return", "They return.", holds=holds)
    assert not shown


@pytest.mark.parametrize("id", ["", "word", "Upper-Case", "two words", "a_b", "-a-b", "a--b", "a-b-", "a-b\n", 3, None])
def test_a_claims_id_is_kebab_case(shown, id):
    with pytest.raises(ValueError, match="id="):
        claim(id, "They return.", holds=True)
    assert not shown


@pytest.mark.parametrize(
    "words",
    [
        {"answers": "han2015"},
        {"verdict": "partly"},
        {"answers": "han2015", "verdict": "maybe"},
    ],
)
def test_a_claim_that_answers_a_paper_gives_a_known_verdict(shown, words):
    with pytest.raises(ValueError, match="verdict"):
        claim("zeros-return", "They return.", holds=True, **words)
    assert not shown


@check("1.1", "All is well.")
def examine(function):
    """Doubles its input?"""
    expect_array(function(np.array([1.0, 2.0])), np.array([2.0, 4.0]), "double", "Twice each.")
    expect(function.__name__ != "cheat", "Do not cheat.")


def cheat(x):
    return 2 * x


@pytest.mark.parametrize(
    "answer, words",
    [
        (None, "nothing handed in"),
        (..., "nothing handed in"),
        (lambda x: None, "returned nothing so far"),
        (lambda x: ..., "returned nothing so far"),
        (lambda x: x, "Twice each"),
        (lambda x: 2 * x[:1], r"shape (1,), expected (2,)"),
        (lambda x: [1, [2, 3]], "ValueError"),
        (lambda x: ["a", "b"], "raised"),
        (lambda x: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda: 1, "TypeError"),
        ("not a function", "TypeError"),
        (np.array([2.0, 4.0]), "TypeError"),
        (cheat, "Do not cheat"),
    ],
)
def test_a_check_says_what_is_wrong_and_never_raises(answer, words):
    """A notebook with unsolved or broken exercises runs from top to bottom."""
    feedback = examine(answer)
    assert not feedback.solved and words in feedback.message
    assert repr(feedback).startswith("Exercise not solved yet: ")


def test_a_check_praises_the_solution_and_keeps_its_name():
    feedback = examine(lambda x: 2 * x)
    assert feedback.solved and repr(feedback) == "Exercise solved: All is well."
    assert examine.__name__ == "examine" and examine.__doc__ == "Doubles its input?"


@pytest.mark.parametrize("answer", [np.array([1, 0]), np.array([1.0, 0.0]), [1, 0]])
def test_a_mask_must_be_boolean(answer):
    """Integers index where a mask selects."""
    with pytest.raises(NotSolved, match="boolean"):
        expect_array(answer, np.array([True, False]), "mask", "")
    expect_array([True, False], np.array([True, False]), "mask", "")


def test_feedback_cannot_be_changed():
    with pytest.raises(AttributeError):
        checks.Feedback(False, "no").solved = True
