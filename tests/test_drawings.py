"""Drawings of ideas: as many lines and patches as there are weights and channels, and a hollow one for what is gone."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Circle, Rectangle

from pruneutils.book import drawings


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_each_weight_is_a_line_and_removed_ones_are_dotted(ax):
    mask = np.array([[True, False, True], [False, False, False]])
    drawings.network(ax, [3, 2, 1], {0: mask})
    styles = [line.get_linestyle() for line in ax.get_lines()]
    assert len(styles) == 3 * 2 + 2 * 1 and styles.count(":") == (~mask).sum()


def test_units_that_hear_nothing_or_that_nobody_reads_are_hollow(ax):
    """The unit without inputs (output row all removed) and the input without readers (column all removed)."""
    drawings.network(ax, [3, 2], {0: np.array([[True, False, True], [False, False, False]])}, labels=["in", "out"])
    hollow = [p.get_facecolor()[3] == 0 for p in ax.patches if isinstance(p, Circle)]
    assert hollow == [False, True, False, False, True]


def test_channels_of_layers_and_the_arrows_between_them(ax):
    kept = np.array([True, False, True])
    drawings.layers(ax, [("conv1", kept), ("bn", kept), ("conv2", kept[:2])], reads=[(0, 1), (1, 2), (0, 2)])
    squares = [p for p in ax.patches if isinstance(p, Rectangle)]
    assert len(squares) == 8 and sum(p.get_facecolor()[3] == 0 for p in squares) == 3
    assert len(ax.patches) == 8 + 3


@pytest.mark.parametrize(
    "draw, arguments, words",
    [
        (drawings.network, ([3],), r"widths=\[3\]"),
        (drawings.network, ([3, 0],), "widths=0"),
        (drawings.network, ([3, 2], {1: np.ones((2, 3), bool)}), r"masks\[1\]"),
        (drawings.network, ([3, 2], {0: np.ones((3, 2), bool)}), r"expected a boolean array of shape \(2, 3\)"),
        (drawings.layers, ([],), "blocks"),
        (drawings.layers, ([("a", np.ones(2))],), "boolean"),
    ],
)
def test_what_cannot_be_drawn_is_refused(ax, draw, arguments, words):
    with pytest.raises(ValueError, match=words):
        draw(ax, *arguments)


def test_wrong_labels_and_arrows_are_refused(ax):
    with pytest.raises(ValueError, match="labels"):
        drawings.network(ax, [1, 1], labels=["one"])
    with pytest.raises(ValueError, match="reads"):
        drawings.layers(ax, [("a", np.ones(2, bool))], reads=[(0, 1)])
