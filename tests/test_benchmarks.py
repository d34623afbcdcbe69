"""The benchmarks run, at tiny size; what they measure is printed for people and never asserted here."""

import math
import subprocess
from pathlib import Path

import pytest

from benchmarks import compare, global_mask, training_step, turns

ROOT = Path(__file__).resolve().parent.parent


def test_global_mask_prints_every_way_and_both_goals(capsys):
    global_mask.main(["--tiny"])
    printed = capsys.readouterr().out
    assert all(way in printed for way in ["one abs() pass", *global_mask.WAYS])
    assert printed.count("goal ") == 2


def test_training_step_prints_both_goals_for_every_network(capsys):
    training_step.main(["--tiny"])
    printed = capsys.readouterr().out
    assert printed.count("torch.nn.utils.prune") == len(training_step.NETWORKS)
    assert printed.count("goal ") == 2 * len(training_step.NETWORKS)


def test_the_networks_are_of_the_sizes_that_the_goals_name():
    sizes = {name: sum(map(math.prod, shapes)) for name, shapes in global_mask.SHAPES.items()}
    assert 11e6 < sizes["ResNet-18"] < 12e6 and 61e6 < sizes["AlexNet"] < 63e6
    assert sizes["a tiny network"] > 1 << 16  # else it would not take the way of large arrays


def test_turns_alternate_and_leave_out_the_first():
    """A slow first call, which imports and allocates, is no measurement."""
    order = []
    seconds = turns.processor_seconds({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, repeats=3)
    assert order == ["a", "b"] * 4 and [len(taken) for taken in seconds.values()] == [3, 3]


def test_ratios_are_taken_turn_by_turn():
    assert turns.ratio([2.0, 30.0, 8.0], [1.0, 10.0, 2.0]) == (3.0, 2.5, 3.5)


@pytest.mark.parametrize("value, word", [(25, "reached"), (24.9, "MISSED")])
def test_a_missed_goal_is_called_missed(value, word):
    assert turns.verdict("speed", value, at_least=25).startswith(f"goal {word}: speed")
    assert turns.verdict("cost", -value, at_most=-25).startswith(f"goal {word}: cost")


def test_make_benchmarks_runs_both():
    printed = subprocess.run(["make", "-n", "benchmarks"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for module in ("global_mask", "training_step"):
        assert f"tools/processors.py python -m benchmarks.{module}" in printed


def test_compare_prints_what_fits_into_a_chapter_and_its_goals(capsys):
    compare.main(["--tiny"])
    printed = capsys.readouterr().out
    assert printed.count("10 x 6 x 2") == printed.count("goal ") == len(compare.WIDTHS)
