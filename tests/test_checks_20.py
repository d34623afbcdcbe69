"""The self-checks of chapter 20: each accepts right answers, however written, and rejects the usual wrong ones."""

import numpy as np
from examination import examination

from pruneutils.book.checks import chapter_20

RIGHT = [
    (chapter_20.kept_share, np.mean),
    (chapter_20.kept_share, lambda mask: mask.sum() / mask.size),
]
WRONG = [
    (chapter_20.kept_share, lambda mask: None, "nothing so far"),
    (chapter_20.kept_share, np.sum, "divide"),
    (chapter_20.kept_share, lambda mask: 1 - mask.mean(), "removed"),
]

(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_20)
