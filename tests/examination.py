"""What the self-checks of every chapter have to pass, told from its right and its usual wrong answers."""

from types import ModuleType

import pytest


def examination(right: list, wrong: list, *modules: ModuleType) -> tuple:
    """Three tests: right answers pass, wrong ones are told why, and no check of the modules is left without either.

    ``right`` has pairs (check, answer), ``wrong`` triples (check, answer, words of the message; ``|`` between choices).
    """

    @pytest.mark.parametrize(("examine", "answer"), right)
    def accepted(examine, answer):
        feedback = examine(answer)
        assert feedback.solved, feedback

    @pytest.mark.parametrize(("examine", "answer", "words"), wrong)
    def rejected(examine, answer, words):
        feedback = examine(answer)
        assert not feedback.solved, feedback
        assert any(choice in feedback.message for choice in words.split("|")), feedback

    def complete():
        checks = [c for module in modules for c in vars(module).values() if hasattr(c, "__wrapped__")]
        assert checks, modules
        for examine in checks:
            assert [check for check, *_ in wrong].count(examine) >= 3, examine
            assert examine in [check for check, _ in right], examine

    return accepted, rejected, complete
