"""Scores against plain Python, autograd and the true change of a loss."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import least_squares

from pruneutils import masks, scores
from pruneutils.pytorch import curvature

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
def test_taylor_is_the_true_change_of_a_linear_loss(both):
    """For L(W) = <G, W> zeroing w_i changes the loss by exactly |w_i g_i|; a forgotten sign or factor shows."""
    W, G = both
    changes = [abs(np.dot(G, W) - np.dot(G, np.where(np.arange(W.size) == i, 0, W))) for i in range(W.size)]
    assert np.allclose(scores.taylor(W, G), changes, atol=1e-9)


def test_taylor_is_the_sensitivity_of_a_gate_on_each_weight():
    """SNIP's definition, |dL/dc| of L(c * W) at c = 1, by autograd through a small network."""
    X, W = (torch.from_numpy(np.random.default_rng(0).normal(size=(rows, 5))) for rows in (8, 3))
    gates = torch.ones_like(W, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(X @ (gates * W.requires_grad_()).T, torch.arange(8) % 3)
    by_gate, G = torch.autograd.grad(loss, [gates, W])
    assert np.allclose(scores.taylor(W.detach().numpy(), G.numpy()), by_gate.abs().numpy(), atol=1e-7)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8, bool])
def test_integers_do_not_overflow(dtype):
    """In int8 the magnitude of -128 is -128, and 100 * 2 is -56."""
    low, high = (np.iinfo(dtype).min, np.iinfo(dtype).max) if dtype is not bool else (False, True)
    W, G = np.array([low, high], dtype=dtype), np.array([high, low], dtype=dtype)
    expected = [abs(float(w)) for w in W.tolist()]
    assert scores.magnitude(W).tolist() == expected and scores.magnitude(W).dtype == np.float64
    assert scores.taylor(W, G).tolist() == [expected[0] * expected[1]] * 2
    assert scores.activation(W[None]).tolist() == expected


@pytest.mark.parametrize("shape", [(6, 4), (5, 3, 7), (4, 3, 2, 5)])
def test_activation_averages_magnitudes_over_everything_but_the_unit(shape):
    """Without the magnitude, activations of both signs cancel; with a wrong axis, samples are scored."""
    A = np.random.default_rng(0).normal(size=shape)
    by_unit = [[] for _ in range(shape[1])]
    for index, value in np.ndenumerate(A):
        by_unit[index[1]].append(abs(value))
    assert np.allclose(scores.activation(A), [math.fsum(values) / len(values) for values in by_unit])


# second order

quadratics = st.integers(2, 8).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, 2**32 - 1)))


def quadratic(n, seed):
    """A minimum W and a positive definite Hessian H there: L(V) = (V - W)' H (V - W) / 2."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n, n))
    return rng.normal(size=n), root @ root.T + 0.5 * np.eye(n), lambda V, W, H: (V - W) @ H @ (V - W) / 2


@bounded
@given(quadratics)
def test_obd_and_obs_are_the_true_change_of_a_quadratic_loss(n_and_seed):
    """OBD deletes one weight and leaves the others; OBS lets them adapt, so it can never cost more."""
    W, H, loss = quadratic(*n_and_seed)
    alone = [loss(np.where(np.arange(W.size) == q, 0, W), W, H) for q in range(W.size)]
    assert np.allclose(scores.obd(W, np.diag(H)), alone)
    S, update = scores.obs(W, np.linalg.inv(H))
    assert np.allclose(S, [loss(W + update[q], W, H) for q in range(W.size)])
    assert (scores.obd(W, np.diag(H)) * (1 + 1e-9) >= S).all()
    diagonal = np.diag(np.diag(H))
    assert np.allclose(scores.obs(W, np.linalg.inv(diagonal))[0], scores.obd(W, np.diag(H)))


@bounded
@given(quadratics)
def test_obs_solves_the_constrained_problem(n_and_seed):
    """Minimise d' H d / 2 subject to w_q + d_q = 0: by its Lagrange system, and by solving for the others alone."""
    W, H, _ = quadratic(*n_and_seed)
    n = W.size
    S, update = scores.obs(W, np.linalg.inv(H))
    assert (S.shape, update.shape) == ((n,), (n, n))
    for q in range(n):
        e = np.eye(n)[q]
        lagrange = np.linalg.solve(np.block([[H, e[:, None]], [e[None], np.zeros((1, 1))]]), [*np.zeros(n), -W[q]])
        assert np.allclose(update[q], lagrange[:n])
        others = np.arange(n) != q
        free = np.linalg.solve(H[np.ix_(others, others)], H[others, q] * W[q])
        assert np.allclose(update[q][others], free)
        assert (W + update[q])[q] == 0  # exactly: a mask made from zeros must find it


def test_obs_keeps_the_order_of_a_matrix_and_the_meaning_of_rows():
    """Entries count row by row; a transposed flattening deletes another weight."""
    W, H, _ = quadratic(6, 0)
    S, update = scores.obs(W, np.linalg.inv(H))
    as_matrix, updates = scores.obs(np.asfortranarray(W.reshape(2, 3)), np.linalg.inv(H))
    assert np.array_equal(as_matrix, S.reshape(2, 3)) and np.array_equal(updates, update.reshape(6, 2, 3))


GRID = np.stack(np.meshgrid(np.linspace(-2, 2, 6), np.linspace(-2, 2, 5)), axis=-1).reshape(-1, 2)


def outputs(flat):
    """What a 2-2-1 network with tanh makes of the grid, in NumPy; its six weights as one vector, no biases."""
    return np.tanh(GRID @ flat[:4].reshape(2, 2).T) @ flat[4:]


def at_a_minimum(q, size):
    """Weights with the q-th as small as asked for, the targets that they meet exactly, and the exact Hessian there."""
    W = np.array([1.0, -0.75, 0.5, 1.25, 1.5, -1.0])
    W[q] = size
    net = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.Tanh(), torch.nn.Linear(2, 1, bias=False))
    with torch.no_grad():
        net[0].weight.copy_(torch.from_numpy(W[:4].reshape(2, 2)))
        net[2].weight.copy_(torch.from_numpy(W[4:].reshape(1, 2)))
    return W, outputs(W), curvature.hessian(net, GRID, outputs(W))


@pytest.mark.parametrize("q", range(4))
def test_second_order_scores_predict_a_brute_force_deletion_at_a_minimum(q):
    """Of a network as small as XOR's: delete, alone or with the others refitted, and compare. Halving the weight
    must halve the relative error at least, as it does where the expansion, factors included, is right.

    The last layer's weights are left out: with one of them near zero its unit's other weights have no curvature.
    """
    errors = []
    for size in (1 / 64, 1 / 128):
        W, y, H = at_a_minimum(q, size)
        without, others = np.where(np.arange(6) == q, 0, W), np.arange(6) != q
        alone = np.mean((outputs(without) - y) ** 2)

        def residuals(free, y=y, others=others):
            full = np.zeros(6)
            full[others] = free
            return outputs(full) - y

        adapted = np.mean(least_squares(residuals, W[others], xtol=1e-15, ftol=1e-15, gtol=1e-15).fun ** 2)
        S, update = scores.obs(W, np.linalg.inv(H))
        after_update = np.mean((outputs(W + update[q]) - y) ** 2)
        assert adapted <= after_update < alone
        found = np.array([scores.obd(W, np.diag(H))[q] / alone, S[q] / adapted, S[q] / after_update])
        errors.append(np.abs(found - 1))
    assert (errors[0] < 0.3).all()
    assert (errors[1] < 0.6 * errors[0] + 1e-3).all()


@pytest.mark.parametrize("q", range(6))
def test_obd_reads_the_hessian_of_finite_differences(q):
    """The second difference of the loss in one weight, times half its square."""
    W, y, H = at_a_minimum(q, 0.5)
    step = 1e-4 * np.eye(6)[q]
    second = sum(np.mean((outputs(W + move) - y) ** 2) for move in (step, -step)) / 1e-8
    assert scores.obd(W, np.diag(H))[q] == pytest.approx(second * W[q] ** 2 / 2, rel=1e-5)


# activations of inputs

matrices = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 9), st.integers(0, 2**32 - 1))


@bounded
@given(matrices)
def test_wanda_is_size_times_norm_in_plain_python(sizes):
    """Oblong matrices, so that a norm over the wrong axis shows."""
    outputs, inputs, samples, seed = sizes
    rng = np.random.default_rng(seed)
    W, X = rng.normal(size=(outputs, inputs)), rng.normal(size=(samples, inputs))
    expected = [
        [abs(W[i, j]) * math.sqrt(sum(x * x for x in X[:, j].tolist())) for j in range(inputs)] for i in range(outputs)
    ]
    assert np.allclose(scores.wanda(W, X), expected)


def test_wanda_is_the_true_output_error_where_inputs_are_orthogonal():
    """Then deleting any set of weights costs the root of the sum of their squared scores."""
    rng = np.random.default_rng(0)
    W, X = rng.normal(size=(3, 5)), np.linalg.qr(rng.normal(size=(20, 5)))[0] * [1, 10, 0.1, 3, 2]
    S = scores.wanda(W, X)
    for i, j in np.ndindex(W.shape):
        without = W.copy()
        without[i, j] = 0
        assert np.linalg.norm(X @ (W - without).T) == pytest.approx(S[i, j])
    gone = rng.random(W.shape) < 0.5
    assert np.linalg.norm(X @ np.where(gone, W, 0).T) == pytest.approx(np.linalg.norm(S[gone]))


def test_wanda_ranks_as_obd_of_the_reconstruction_does():
    """The layer's squared output error has the Hessian 2 X'X; its diagonal gives Wanda squared."""
    rng = np.random.default_rng(0)
    W, X = rng.normal(size=(3, 5)), rng.normal(size=(20, 5))
    H_diag = np.broadcast_to(2 * np.diag(X.T @ X), W.shape)
    assert np.allclose(scores.obd(W, H_diag), scores.wanda(W, X) ** 2)


@pytest.mark.parametrize("dtype, size", [(np.float16, 100.0), (np.float32, 1e25)])
def test_wanda_does_not_overflow(dtype, size):
    """The squares of 100 values of 100 sum to more than float16 can hold; float32 stays float32."""
    S = scores.wanda(np.ones((1, 2), dtype=dtype), np.full((100, 2), size, dtype=dtype))
    assert S.dtype == np.float32 and np.allclose(S, 10 * size, rtol=1e-3)


# across layers

sized = st.integers(-9, 9).map(float)
layers = hnp.arrays(np.float64, shapes, elements=sized).filter(lambda W: W.any())


@bounded
@given(layers)
def test_lamp_is_the_papers_formula(W):
    """Brute force over sets: the square over the sum of squares of all that rank no lower, ties by position."""
    sizes = [abs(w) for w in W.ravel().tolist()]
    rank = {u: place for place, u in enumerate(sorted(range(len(sizes)), key=lambda u: sizes[u]))}
    expected = [
        sizes[u] ** 2 / sum(sizes[v] ** 2 for v in range(len(sizes)) if rank[v] >= rank[u]) for u in range(len(sizes))
    ]
    S = scores.lamp(W)
    assert S.shape == W.shape and np.allclose(S.ravel(), expected)
    assert S.max() == 1 and (S == 1).sum() == 1


@bounded
@given(layers, st.integers(-300, 300), st.floats(1e-3, 1e3))
def test_lamp_ignores_the_scale_of_a_layer(W, exponent, factor):
    """Its point; and squares of weights of 1e-200 or 1e200 may neither vanish nor overflow."""
    assert np.array_equal(scores.lamp(W * 2.0**exponent), scores.lamp(W))
    assert np.allclose(scores.lamp(W * factor), scores.lamp(W))


@bounded
@given(st.permutations(range(1, 13)).map(np.array), hnp.arrays(np.float64, 12, elements=st.sampled_from([-1.0, 1.0])))
def test_lamp_ranks_within_a_layer_as_magnitude_does(sizes, signs):
    assert np.array_equal(np.argsort(scores.lamp(sizes * signs)), np.argsort(sizes))


@bounded
@given(st.lists(st.tuples(layers, st.integers(-30, 30)), min_size=1, max_size=5), st.floats(0, 1, exclude_max=True))
def test_a_global_mask_by_lamp_never_empties_a_layer(parts, sparsity):
    """However small its weights are, as long as there are as many weights to keep as layers."""
    by_name = {str(i): scores.lamp(W * 2.0**exponent) for i, (W, exponent) in enumerate(parts)}
    total = sum(S.size for S in by_name.values())
    assume(total - round(sparsity * total) >= len(by_name))
    assert all(mask.any() for mask in masks.global_unstructured(by_name, sparsity).values())


@pytest.mark.parametrize("seed", range(3))
def test_movement_is_the_sum_of_weight_times_gradient_over_small_steps(seed):
    """The published sum, accumulated by hand along gradient descent on a quadratic loss with coupled weights."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((6, 6))
    H, best, start, rate = A @ A.T, rng.standard_normal(6), rng.standard_normal(6), 1e-4
    W, summed = start.copy(), np.zeros(6)
    for _ in range(5000):
        G = H @ (W - best)
        summed -= rate * W * G
        W = W - rate * G
    found = scores.movement(start, W)
    assert np.abs(found).max() > 0.1 and np.allclose(found, summed, atol=2e-3)


@bounded
@given(hnp.arrays(np.float32, (2, 5), elements=floats))
def test_movement_is_antisymmetric_and_blind_to_signs(pair):
    before, after = pair
    S = scores.movement(before, after)
    assert np.array_equal(S, -scores.movement(after, before))
    assert np.array_equal(S, scores.movement(-before, after))
    assert (S * (abs(after) - abs(before)) >= 0).all()  # squares of tiny weights may vanish


def test_movement_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="W_after of shape"):
        scores.movement(np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match="W_before: 1 of 2"):
        scores.movement(np.array([np.nan, 1.0]), np.ones(2))
