"""Results as tables: aligned, the best marked, never wider than a page."""

import numpy as np
import pytest

from pruneutils.book.tables import table

ROWS = {"magnitude": [93.26, 5], "random | drawn": [85.94, None]}


def test_markdown_aligns_numbers_and_keeps_a_bar_inside_its_cell():
    """A bar in a label would open another column."""
    lines = table(ROWS, ["accuracy (%)", "seeds"], of="mask")._repr_markdown_().splitlines()
    assert lines[:2] == ["| mask | accuracy (%) | seeds |", "| :--- | ---: | ---: |"]
    assert lines[3] == r"| random \| drawn | 85.9 | – |"


@pytest.mark.parametrize("end, marked", [("high", ["**2.0**", "1.0", "**2.0**"]), ("low", ["2.0", "**1.0**", "2.0"])])
def test_the_best_value_is_marked_and_values_that_read_alike_are_marked_alike(end, marked):
    """Two rows that show the same number, of which one is called best, read as an error."""
    made = table({"a": [np.float64(2.01)], "b": [1.0], "c": [2.04]}, ["x"], best={"x": end})
    assert [row[1] for row in made.rows] == marked and "**" not in repr(made)


def test_numbers_have_thousands_and_a_real_minus():
    made = table({"a": [12345, -0.25, np.int64(3), True]}, ["bytes", "points", "wins", "held"], digits=2)
    assert made.rows[0] == ("a", "12,345", "−0.25", "3", "1")


@pytest.mark.parametrize(
    "rows, columns, options, words",
    [
        ({}, ["x"], {}, "rows={}"),
        ({"a": [1, 2]}, ["x"], {}, "rows\\['a'\\] has 2 values"),
        ({"a": [1]}, ["x"], {"best": {"y": "high"}}, "best\\['y'\\]"),
        ({"a": [1]}, ["x"], {"best": {"x": "most"}}, "'high' or 'low'"),
        ({"a" * 70: ["b" * 10]}, ["x"], {}, "82 characters wide"),
    ],
)
def test_what_a_page_cannot_show_is_refused(rows, columns, options, words):
    with pytest.raises(ValueError, match=words):
        table(rows, columns, **options)
