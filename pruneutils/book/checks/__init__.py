"""Self-checks of the exercises: plain functions that take the reader's function and say what is wrong and why.

One module a chapter. Each check returns a ``Feedback``, which a notebook shows as one sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

import numpy as np


@dataclass(frozen=True)
class Feedback:
    """Whether an exercise is solved, and what to look at if not."""

    solved: bool
    message: str

    def __repr__(self) -> str:
        return f"Exercise solved: {self.message}" if self.solved else f"Exercise not solved yet: {self.message}"


class NotSolved(Exception):
    """Raised inside a check; its text tells the reader what was wrong and why."""


def check(praise: str) -> Callable:
    """Turn a function that raises ``NotSolved`` into one that returns ``Feedback``.

    An error raised by the reader's own code is reported too, by its type and text, and never passed on:
    a notebook with unsolved exercises runs from top to bottom.

    Parameters
    ----------
    praise : the sentence shown when nothing was wrong.
    """

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

        return run

    return decorate


def expect(condition: bool, otherwise: str) -> None:
    """Raise ``NotSolved(otherwise)`` unless the condition holds."""
    if not condition:
        raise NotSolved(otherwise)


def expect_array(answer: object, expected: np.ndarray, name: str, why: str) -> None:
    """Raise ``NotSolved`` unless ``answer`` is an array like ``expected`` in shape, kind and value."""
    if answer is None or answer is ...:
        raise NotSolved(f"{name} returned nothing so far.")
    array = np.asarray(answer)
    expect(array.shape == expected.shape, f"{name} has shape {array.shape}, expected {expected.shape}.")
    if expected.dtype == bool:
        expect(array.dtype == bool, f"{name} has dtype {array.dtype}, expected a boolean mask, True = keep.")
    expect(bool(np.allclose(array, expected, rtol=1e-5, atol=1e-7)), f"{name} is {array}, expected {expected}. {why}")
