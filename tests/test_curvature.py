"""Derivatives against PyTorch's own backward pass, autograd.functional, finite differences and loops over samples."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from pruneutils.pytorch import apply_masks, clone, curvature, make_permanent, weights

RNG = np.random.default_rng(0)


def conv(seed):
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.Tanh(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(8, 3)
    )
    net(torch.randn(64, 1, 3, 3) * 2 + 1)  # running statistics that are not 0 and 1
    return net


def dense(*widths):
    def build(seed):
        torch.manual_seed(seed)
        layers = [part for sides in pairwise(widths) for part in (nn.Linear(*sides), nn.Tanh())]
        return nn.Sequential(*layers[:-1])

    return build


def no_bias(seed):
    torch.manual_seed(seed)
    return nn.Linear(4, 3, bias=False)  # the layer is the model: its name is empty


SAMPLES = 11
FLAT, IMAGES = RNG.normal(size=(SAMPLES, 4)), RNG.normal(size=(SAMPLES, 1, 3, 3))
LABELS, TARGETS = np.arange(SAMPLES) % 3, RNG.normal(size=SAMPLES)
PROBLEMS = {
    "classification": (dense(4, 5, 3), FLAT, LABELS),
    "regression": (dense(4, 5, 1), FLAT, TARGETS),
    "convolution with batch norm": (conv, IMAGES, LABELS),
    "a single layer": (no_bias, FLAT, LABELS),
}


@pytest.fixture(params=PROBLEMS)
def problem(request):
    build, X, y = PROBLEMS[request.param]
    with torch.random.fork_rng(devices=[]):
        return build(1), X, y


@pytest.fixture(params=[False, True], ids=["dense", "masked"])
def maybe_masked(problem, request):
    model, X, y = problem
    if request.param:
        rng = np.random.default_rng(2)
        apply_masks(model, {name: rng.random(W.shape) > 0.4 for name, W in weights(model).items()})
        model(torch.from_numpy(X[:2]).float())  # leaves a product with a history on the layers
    return model, X, y


def plain(model):
    """A copy in float64 and evaluation mode, masks made permanent, and its prunable parameters in order."""
    model = clone(model)
    make_permanent(model)
    model = model.double().eval()
    return model, [dict(model.named_parameters())[f"{name}.weight".lstrip(".")] for name in weights(model)]


def loss_of(model, X, y):
    """Mean loss by its definition, without PyTorch's loss functions."""
    outputs = model(torch.from_numpy(X).double())
    if y.dtype.kind == "f":
        return ((outputs[:, 0] - torch.from_numpy(y)) ** 2).mean()
    return -torch.log_softmax(outputs, dim=1)[torch.arange(len(y)), torch.from_numpy(y)].mean()


def flat(arrays):
    return np.concatenate([np.asarray(array).ravel() for array in arrays])


def test_loss_is_its_definition_in_evaluation_mode(maybe_masked):
    model, X, y = maybe_masked
    assert curvature.loss(model, X, y) == pytest.approx(loss_of(plain(model)[0], X, y).item(), abs=1e-6)


def test_gradients_are_those_of_a_backward_pass(maybe_masked):
    """At a removed weight, too, where the gradient of ``weight_orig`` is zero: else nothing could grow back."""
    model, X, y = maybe_masked
    copy, parameters = plain(model)
    loss_of(copy, X, y).backward()
    ours = curvature.gradients(model, X, y)
    assert {name: G.shape for name, G in ours.items()} == {name: W.shape for name, W in weights(model).items()}
    assert np.allclose(flat(ours.values()), flat(p.grad for p in parameters), atol=1e-6)
    removed = flat(weights(model).values()) == 0
    assert not removed.any() or (flat(ours.values())[removed] != 0).mean() > 0.5  # all but those of units cut off


def test_hessian_is_autograds_and_that_of_finite_differences(maybe_masked):
    model, X, y = maybe_masked
    ours = curvature.hessian(model, X, y)
    copy, parameters = plain(model)
    names = [name for name, p in copy.named_parameters() if any(p is q for q in parameters)]

    def of_pieces(*pieces):
        return loss_of(lambda X: torch.func.functional_call(copy, dict(zip(names, pieces, strict=True)), (X,)), X, y)

    blocks = torch.autograd.functional.hessian(of_pieces, tuple(p.detach() for p in parameters))
    sizes = [p.numel() for p in parameters]
    theirs = torch.cat(
        [
            torch.cat([block.reshape(n, m) for block, m in zip(row, sizes, strict=True)], 1)
            for row, n in zip(blocks, sizes, strict=True)
        ]
    )
    assert ours.dtype == np.float64 and np.array_equal(ours, ours.T)
    assert np.allclose(ours, theirs.numpy(), atol=1e-10)

    by_differences, step = [], 1e-5
    for parameter in parameters:
        for i in range(parameter.numel()):
            sides = []
            for sign in (1, -1):
                with torch.no_grad():
                    parameter.view(-1)[i] += sign * step
                sides.append(flat(torch.autograd.grad(loss_of(copy, X, y), parameters)))
                with torch.no_grad():
                    parameter.view(-1)[i] -= sign * step
            by_differences.append((sides[0] - sides[1]) / (2 * step))
    assert np.allclose(ours, by_differences, atol=1e-7)
    removed = flat(weights(model).values()) == 0
    assert not removed.any() or (np.diag(ours)[removed] != 0).mean() > 0.5


@pytest.mark.parametrize("batch", [1, 4, 256])
def test_fisher_is_the_mean_square_of_each_samples_gradient(maybe_masked, batch):
    """The square of the mean gradient is a hundred times smaller near a minimum; a last short batch counts, too."""
    model, X, y = maybe_masked
    copy, parameters = plain(model)
    squares = [
        flat(torch.autograd.grad(loss_of(copy, X[i : i + 1], y[i : i + 1]), parameters)) ** 2 for i in range(len(X))
    ]
    ours = curvature.fisher_diagonal(model, X, y, batch=batch)
    assert {name: F.shape for name, F in ours.items()} == {name: W.shape for name, W in weights(model).items()}
    assert np.allclose(flat(ours.values()), np.mean(squares, axis=0), rtol=1e-4, atol=1e-7)


def test_fisher_is_the_hessian_in_expectation_where_the_model_is_true():
    """For logistic regression with labels drawn from the model itself, the two agree up to sampling error."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Linear(3, 2, bias=False)
    X = RNG.normal(size=(40_000, 3))
    with torch.no_grad():
        p = torch.softmax(model(torch.from_numpy(X).float()), dim=1)[:, 1].numpy()
    y = (RNG.random(len(X)) < p).astype(int)
    exact = np.diag(curvature.hessian(model, X, y))
    assert np.allclose(flat(curvature.fisher_diagonal(model, X, y, batch=4096).values()), exact, rtol=0.05)


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_gauss_newton_is_the_jacobian_around_the_losss_own_hessian(maybe_masked, batch):
    """Built in full from rows of autograd; the labels do not matter, and a last short batch counts, too."""
    model, X, y = maybe_masked
    copy, parameters = plain(model)
    G = 0
    for i in range(len(X)):
        outputs = copy(torch.from_numpy(X[i : i + 1]))[0]
        rows = [flat(torch.autograd.grad(output, parameters, retain_graph=True)) for output in outputs]
        J, p = np.array(rows), torch.softmax(outputs, dim=0).detach().numpy()
        inner = np.diag(p) - np.outer(p, p) if y.dtype.kind == "i" else np.array([[2.0]])
        G = G + J.T @ inner @ J / len(X)
    for targets in (y, y[::-1]):
        ours = curvature.gauss_newton_diagonal(model, X, targets, batch=batch)
        assert {name: h.shape for name, h in ours.items()} == {name: W.shape for name, W in weights(model).items()}
        assert np.allclose(flat(ours.values()), np.diag(G), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("kind", ["a single layer", "linear regression"])
def test_gauss_newton_is_the_hessian_of_a_linear_model(kind):
    """A linear model has no second derivatives of its own to leave out; masks change where it is, not that."""
    build, X, y = {**PROBLEMS, "linear regression": (lambda seed: nn.Linear(4, 1), FLAT, TARGETS)}[kind]
    with torch.random.fork_rng(devices=[]):
        model = build(1)
    apply_masks(model, {name: RNG.random(W.shape) > 0.4 for name, W in weights(model).items()})
    ours = flat(curvature.gauss_newton_diagonal(model, X, y).values())
    assert np.allclose(ours, np.diag(curvature.hessian(model, X, y)), rtol=1e-4, atol=1e-7)


def test_gauss_newton_survives_a_perfect_fit():
    """The empirical Fisher matrix falls with the square of what is missing to certainty, this one in proportion."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Linear(1, 2, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[5.0], [-5.0]]))
    X, y = np.ones((3, 1)), np.zeros(3, dtype=int)
    missing = 1 / (1 + np.exp(10))
    assert np.allclose(curvature.gauss_newton_diagonal(model, X, y)[""], missing * (1 - missing), rtol=1e-4)
    assert np.allclose(curvature.fisher_diagonal(model, X, y)[""], missing**2, rtol=1e-3)


def test_the_model_is_left_as_it_was(maybe_masked):
    """Modes, running statistics, masks, gradients, the order of random numbers: all as found."""
    model, X, y = maybe_masked
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    modes, state = [module.training for module in model.modules()], torch.random.get_rng_state()
    for name in ("loss", "gradients", "hessian", "fisher_diagonal", "gauss_newton_diagonal", "deletions"):
        getattr(curvature, name)(model, X, y)
    after = model.state_dict()
    assert list(after) == list(before) and all(torch.equal(after[name], before[name]) for name in before)
    assert [module.training for module in model.modules()] == modes
    assert all(p.grad is None and p.dtype == torch.float32 for p in model.parameters())
    assert torch.equal(torch.random.get_rng_state(), state)


def test_results_may_be_changed_without_changing_one_another(problem):
    model, X, y = problem
    gradients = curvature.gradients(model, X, y)
    expected = {name: G.copy() for name, G in gradients.items()}
    for G in gradients.values():
        G += 1
    again = curvature.gradients(model, X, y)
    assert all(np.array_equal(again[name], expected[name]) for name in expected)


def test_views_and_read_only_arrays_are_taken(problem):
    """torch refuses negative strides, and warns of arrays that cannot be written."""
    model, X, y = problem
    backwards_X, backwards_y = np.float32(X)[::-1], y[::-1]
    backwards_y.flags.writeable = False
    assert curvature.loss(model, backwards_X, backwards_y) == pytest.approx(curvature.loss(model, X, y), abs=1e-6)


def test_the_exact_hessian_has_a_limit(monkeypatch):
    """Ten thousand weights would ask for 800 MB; the limit itself is allowed."""
    build, X, y = PROBLEMS["classification"]
    with torch.random.fork_rng(devices=[]):
        model = build(0)  # 4 * 5 + 5 * 3 = 35 prunable weights; biases do not count
    monkeypatch.setattr(curvature, "EXACT_LIMIT", 35)
    assert curvature.hessian(model, X, y).shape == (35, 35)
    monkeypatch.setattr(curvature, "EXACT_LIMIT", 34)
    with pytest.raises(ValueError, match="35 prunable weights: expected at most 34"):
        curvature.hessian(model, X, y)


def test_a_deletion_changes_the_loss_as_it_does_in_a_copy_without_the_weight(maybe_masked):
    """Each weight in its own place, and from the masked network: a removed weight changes nothing."""
    model, X, y = maybe_masked
    before = curvature.loss(model, X, y)
    for name, found in curvature.deletions(model, X, y).items():
        assert found.shape == weights(model)[name].shape and found.dtype == np.float64
        for place, change in np.ndenumerate(found):
            twin = clone(model)
            make_permanent(twin)
            with torch.no_grad():
                layer = dict(twin.named_modules())[name]
                layer.weight[place] = 0
            assert change == pytest.approx(curvature.loss(twin, X, y) - before, abs=1e-6)
