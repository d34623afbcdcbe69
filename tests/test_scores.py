"""Scores against plain Python, autograd and the true change of a loss."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pruneutils import scores

bounded = settings(deadline=None, derandomize=True, max_examples=40)
shapes = hnp.array_shapes(max_dims=4, max_side=5)
floats = st.floats(-100, 100, width=32)


@bounded
@given(hnp.arrays(np.float32, shapes, elements=floats))
def test_magnitude_is_pythons_abs_in_shape_and_precision_and_leaves_its_input(W):
    before = W.copy()
    S = scores.magnitude(W)
    assert (S.shape, S.dtype) == (W.shape, np.float32)
    assert [*map(float, S.ravel())] == [abs(float(w)) for w in before.ravel()]
    assert np.array_equal(W, before)


def test_random_depends_on_seed_and_shape_only_and_has_no_ties():
    """A control that follows the weights, or the global generator, controls nothing."""
    state = np.random.get_state()[1].copy()
    S = scores.random(np.zeros((30, 40)), seed=3)
    assert np.array_equal(S, scores.random(np.arange(1200.0).reshape(30, 40), seed=3))
    assert not np.array_equal(S, scores.random(np.zeros((30, 40)), seed=4))
    assert len(np.unique(S)) == S.size and S.min() >= 0 and S.max() < 1
    assert np.array_equal(np.random.get_state()[1], state)


def test_random_is_uniform():
    """Kolmogorov's distance of 10 000 draws from the uniform distribution stays under its 0.1 % limit."""
    S = np.sort(scores.random(np.zeros(10_000), seed=0))
    assert np.abs(S - np.linspace(0, 1, S.size)).max() < 1.95 / math.sqrt(S.size)


@bounded
@given(hnp.arrays(np.float64, (2, 7), elements=floats))
def test_gradient_is_the_true_change_of_a_linear_loss(both):
    """For L(W) = <G, W> zeroing w_i changes the loss by exactly |w_i g_i|; a forgotten sign or factor shows."""
    W, G = both
    changes = [abs(np.dot(G, W) - np.dot(G, np.where(np.arange(W.size) == i, 0, W))) for i in range(W.size)]
    assert np.allclose(scores.gradient(W, G), changes, atol=1e-9)


def test_gradient_is_the_sensitivity_of_a_gate_on_each_weight():
    """SNIP's definition, |dL/dc| of L(c * W) at c = 1, by autograd through a small network."""
    X, W = (torch.from_numpy(np.random.default_rng(0).normal(size=(rows, 5))) for rows in (8, 3))
    gates = torch.ones_like(W, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(X @ (gates * W.requires_grad_()).T, torch.arange(8) % 3)
    by_gate, G = torch.autograd.grad(loss, [gates, W])
    assert np.allclose(scores.gradient(W.detach().numpy(), G.numpy()), by_gate.abs().numpy(), atol=1e-7)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8, bool])
def test_integers_do_not_overflow(dtype):
    """In int8 the magnitude of -128 is -128, and 100 * 2 is -56."""
    low, high = (np.iinfo(dtype).min, np.iinfo(dtype).max) if dtype is not bool else (False, True)
    W, G = np.array([low, high], dtype=dtype), np.array([high, low], dtype=dtype)
    expected = [abs(float(w)) for w in W.tolist()]
    assert scores.magnitude(W).tolist() == expected and scores.magnitude(W).dtype == np.float64
    assert scores.gradient(W, G).tolist() == [expected[0] * expected[1]] * 2
    assert scores.activation(W[None]).tolist() == expected


@pytest.mark.parametrize("shape", [(6, 4), (5, 3, 7), (4, 3, 2, 5)])
def test_activation_averages_magnitudes_over_everything_but_the_unit(shape):
    """Without the magnitude, activations of both signs cancel; with a wrong axis, samples are scored."""
    A = np.random.default_rng(0).normal(size=shape)
    by_unit = [[] for _ in range(shape[1])]
    for index, value in np.ndenumerate(A):
        by_unit[index[1]].append(abs(value))
    assert np.allclose(scores.activation(A), [math.fsum(values) / len(values) for values in by_unit])
