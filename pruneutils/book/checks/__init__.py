"""Self-checks of the exercises: plain functions that take the reader's function and say what is wrong and why.

One module a chapter. Each check returns a ``Feedback``, which a notebook shows as one sentence, and has the number of
its exercise: ``registered()`` finds it by that.
"""

import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from types import ModuleType

import numpy as np

__all__ = ["Feedback", "NotSolved", "check", "expect", "expect_array", "registered"]


@dataclass(frozen=True)
class Feedback:
    """Whether an exercise is solved, and what to look at if not.

    Attributes
    ----------
    solved : whether the answer passed.
    message : praise, or what was wrong and why.
    """

    solved: bool
    message: str

    def __repr__(self) -> str:
        return f"Exercise solved: {self.message}" if self.solved else f"Exercise not solved yet: {self.message}"


class NotSolved(Exception):
    """Raised inside a check; its text tells the reader what was wrong and why."""


def check(number: str, praise: str) -> Callable:
    """Turn a function that raises ``NotSolved`` into one that returns ``Feedback``.

    An error raised by the reader's own code is reported too, by its type and text, and never passed on:
    a notebook with unsolved exercises runs from top to bottom.

    Parameters
    ----------
    number : that of the exercise, such as "13.2"; the function has it as its attribute ``number``.
    praise : the sentence shown when nothing was wrong.

    Returns
    -------
    decorator of a function that takes the answer.

    Raises
    ------
    ValueError : ``number`` is not that of an exercise.

    Examples
    --------
    >>> @check("1.1", "two it is.")
    ... def two(answer):
    ...     expect(answer == 2, f"{answer} is not two.")
    >>> two(2), two(3)
    (Exercise solved: two it is., Exercise not solved yet: 3 is not two.)
    >>> two.number
    '1.1'
    """
    if not re.fullmatch(r"[1-9]\d*\.[1-9]\d*", number):
        raise ValueError(f"number={number!r}: expected that of an exercise, such as '13.2'")

    def decorate(examine: Callable[..., None]) -> Callable[..., Feedback]:
        @wraps(examine)
        def run(*answer) -> Feedback:
            if any(part is ... or part is None for part in answer):
                return Feedback(False, "nothing handed in so far.")
            try:
                examine(*answer)
            except NotSolved as wrong:
                return Feedback(False, str(wrong))
            except Exception as error:
                return Feedback(False, f"your code raised {type(error).__name__}: {error}")
            return Feedback(True, praise)

        run.number = number
        return run

    return decorate


def registered(*modules: ModuleType) -> dict[str, Callable[..., Feedback]]:
    """All checks by the number of their exercise, in the order of the chapters.

    Parameters
    ----------
    modules : where to look; the modules of all chapters if there are none.

    Returns
    -------
    dict such as ``{"1.1": sparsity_and_compression, ...}``.

    Raises
    ------
    ValueError : two checks have the same number.

    Examples
    --------
    >>> from pruneutils.book.checks import chapter_02
    >>> list(registered(chapter_02))
    ['2.1', '2.2', '2.3', '2.4']
    """
    if not modules:
        names = [found.name for found in pkgutil.iter_modules(__path__) if found.name.startswith("chapter_")]
        modules = tuple(import_module(f"{__name__}.{name}") for name in sorted(names))
    members = [member for module in modules for member in vars(module).values()]
    checks = [member for member in members if isinstance(getattr(member, "number", None), str)]
    found: dict[str, Callable[..., Feedback]] = {}
    for examine in checks:
        if found.setdefault(examine.number, examine) is not examine:
            raise ValueError(
                f"exercise {examine.number} has two checks, {found[examine.number].__name__} and {examine.__name__}"
            )
    return found


def expect(condition: bool, otherwise: str) -> None:
    """Raise unless the condition holds.

    Parameters
    ----------
    condition : what a right answer makes true.
    otherwise : text for the reader whose answer does not.

    Raises
    ------
    NotSolved
        with the text, if it does not hold.
    """
    if not condition:
        raise NotSolved(otherwise)


def expect_array(answer: object, expected: np.ndarray, name: str, why: str) -> None:
    """Raise unless an answer is an array like the expected one in shape, kind and value.

    Parameters
    ----------
    answer : what the reader's function returned.
    expected : array; where it is boolean, the answer must be so, too.
    name : what the message calls the answer.
    why : reason for the expected values, at the message's end.

    Raises
    ------
    NotSolved
        with what differs.
    """
    if answer is None or answer is ...:
        raise NotSolved(f"{name} returned nothing so far.")
    array = np.asarray(answer)
    expect(array.shape == expected.shape, f"{name} has shape {array.shape}, expected {expected.shape}.")
    if expected.dtype == bool:
        expect(array.dtype == bool, f"{name} has dtype {array.dtype}, expected a boolean mask, True = keep.")
    expect(bool(np.allclose(array, expected, rtol=1e-5, atol=1e-7)), f"{name} is {array}, expected {expected}. {why}")
