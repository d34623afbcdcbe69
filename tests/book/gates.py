"""All gates on a chapter, in the order in which complaints are best read.

A gate takes a Chapter and returns a list of complaints, empty where all is well.
Each has a planted defect in test_gates_fail.py.
"""

from .anatomy_gate import anatomy, registered_checks
from .chapter import Chapter, load
from .form_gate import in_short, limits
from .notebook_gates import (
    alt_text,
    bootstrap,
    claims,
    executed,
    experiment_seeds,
    explorers,
    ignored_outputs_are_claimed,
    pair,
    size,
    unsafe_tags,
    wide_output,
)
from .text_gates import citations, colab_safe_markdown, links, no_measured_numbers

GATES = (
    pair,
    executed,
    bootstrap,
    unsafe_tags,
    size,
    wide_output,
    anatomy,
    registered_checks,
    in_short,
    limits,
    colab_safe_markdown,
    no_measured_numbers,
    citations,
    links,
    claims,
    ignored_outputs_are_claimed,
    experiment_seeds,
    alt_text,
    explorers,
)

# Complaints that a chapter may still have, by gate and number; a chapter that is written anew has none.
ALLOWED: dict[str, dict[str, int]] = {}

__all__ = ["ALLOWED", "GATES", "Chapter", "load"]
