"""GraSP against explicit Hessians, SynFlow against closed forms and conservation; the model is left alone."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import parametrizations

from pruneutils.pytorch import apply_masks, clone, curvature, grasp, masks_of, synflow, synflow_masks, weights

RNG = np.random.default_rng(0)
X, LABELS, TARGETS = RNG.normal(size=(11, 4)), np.arange(11) % 3, RNG.normal(size=11)


def dense(*widths, seed=0, activation=nn.ReLU, bias=True):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [part for sides in pairwise(widths) for part in (nn.Linear(*sides, bias=bias), activation())]
    return nn.Sequential(*layers[:-1])


def half_masks(model, seed=1):
    rng = np.random.default_rng(seed)
    return {name: rng.random(W.shape) > 0.4 for name, W in weights(model).items()}


def flat(arrays):
    return np.concatenate([np.asarray(array).ravel() for array in arrays.values()])


# GraSP


@pytest.mark.parametrize("masked", [False, True], ids=["dense", "masked"])
@pytest.mark.parametrize("y, outputs", [(LABELS, 3), (TARGETS, 1)], ids=["labels", "targets"])
def test_grasp_is_the_explicit_hessian_times_the_gradient(y, outputs, masked):
    model = dense(4, 5, outputs, activation=nn.Tanh)
    if masked:
        apply_masks(model, half_masks(model))
    H, g, w = curvature.hessian(model, X, y), flat(curvature.gradients(model, X, y)), flat(weights(model))
    found = grasp(model, X, y)
    assert {name: S.shape for name, S in found.items()} == {name: W.shape for name, W in weights(model).items()}
    np.testing.assert_allclose(flat(found), w * (H @ g), rtol=1e-4, atol=1e-7)
    assert not masked or (flat(found)[w == 0] == 0).all()


def test_grasp_foretells_what_a_small_step_does_to_the_squared_gradient():
    """Guards against the paper's sign: shrinking a weight of positive score shrinks the gradient."""
    model = dense(4, 5, 3, activation=nn.Tanh).double()

    def squared_gradient(net):
        problem = curvature._Problem(net, X, LABELS, dtype=torch.float64)
        return float((torch.func.grad(problem.loss)(problem.flat) ** 2).sum())

    score, share = grasp(model, X, LABELS)["2"], 1e-5
    for place in np.ndindex(score.shape):
        sides = []
        for sign in (1, -1):
            other = clone(model)
            with torch.no_grad():
                other[2].weight[place] *= 1 + sign * share
            sides.append(squared_gradient(other))
        assert (sides[0] - sides[1]) / (2 * share) == pytest.approx(2 * score[place], rel=1e-4, abs=1e-9)


# SynFlow


def test_synflow_of_two_layers_is_the_closed_form():
    """Each weight's score is |w| times what reaches it times what leads on from it, signs and biases set aside."""
    model = dense(4, 5, 3)
    A, B = (np.abs(W.astype(float)) for W in weights(model).values())
    found = synflow(model, (4,))
    np.testing.assert_allclose(found["0"], A * B.sum(axis=0)[:, None], rtol=1e-12)
    np.testing.assert_allclose(found["2"], B * A.sum(axis=1)[None, :], rtol=1e-12)
    assert all(S.dtype == np.float64 for S in found.values())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=6), st.integers(0, 1000), st.booleans())
def test_synflow_is_conserved_by_layers_and_by_units(widths, seed, masked):
    """Tanaka et al.'s theorem: all layers' sums are R, and each hidden unit receives what it sends."""
    model = dense(*widths, seed=seed)
    if masked:
        apply_masks(model, half_masks(model, seed))
    total = np.ones(widths[0])
    for W in weights(model).values():
        total = np.abs(W.astype(float)) @ total
    found = list(synflow(model, (widths[0],)).values())
    for S in found:
        assert S.sum() == pytest.approx(total.sum(), rel=1e-9, abs=1e-12) and (S >= 0).all()
    for S, following in pairwise(found):
        np.testing.assert_allclose(S.sum(axis=1), following.sum(axis=0), rtol=1e-9, atol=1e-12)


def test_synflow_of_a_convolution_with_normalisation_is_conserved():
    """Running means and biases would add what no weight of the layer before has sent."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(48, 2)
        )
        model(2 * torch.randn(64, 1, 8, 8) + 1)
    sums = [S.sum() for S in synflow(model, (1, 8, 8)).values()]
    assert sums == pytest.approx([sums[0]] * 3, rel=1e-9) and sums[0] > 0


@pytest.mark.parametrize("sparsity", [0.0, 0.5, 0.9, 0.97])
def test_synflow_masks_remove_exactly_the_share_and_empty_no_layer(sparsity):
    model = dense(10, 40, 20, 2)
    found = synflow_masks(model, (10,), sparsity)
    kept = flat(found)
    assert (~kept).sum() == round(sparsity * kept.size) and kept.dtype == bool
    assert all(mask.any() for mask in found.values())


def test_synflow_masks_in_one_round_are_the_global_ranking_and_more_rounds_differ():
    model = dense(10, 40, 20, 2)
    once = flat(synflow_masks(model, (10,), 0.9, rounds=1))
    ranked = np.sort(flat(synflow(model, (10,))))[::-1]
    assert set(np.flatnonzero(once)) == set(np.flatnonzero(flat(synflow(model, (10,))) >= ranked[once.sum() - 1]))
    assert (once != flat(synflow_masks(model, (10,), 0.9))).any()


def test_synflow_masks_never_bring_back_what_the_model_has_removed():
    model = dense(6, 8, 3)
    held = half_masks(model)
    apply_masks(model, held)
    found = synflow_masks(model, (6,), 0.8, rounds=7)
    assert not (flat(found) & ~flat(held)).any()


def test_synflow_masks_of_a_model_that_is_sparser_than_asked_remove_only_what_is_zero_already():
    model = dense(6, 5, 3)
    apply_masks(model, {name: np.arange(W.size).reshape(W.shape) % 2 == 0 for name, W in weights(model).items()})
    removed, zero = ~flat(synflow_masks(model, (6,), 0.25)), ~flat(masks_of(model))
    assert removed.sum() == round(0.25 * removed.size) < zero.sum() and (zero | ~removed).all()


def test_synflow_drops_every_bias_whatever_its_name():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.out_bias = nn.Linear(2, 1, bias=False), nn.Parameter(torch.ones(1))

        def forward(self, x):
            return self.layer(x) * (1 + self.out_bias)

    model = Named()
    assert np.allclose(synflow(model, (2,))["layer"], abs(weights(model)["layer"]))


# what both leave alone, and refuse

CALLS = {
    "grasp": lambda model: grasp(model, X, LABELS),
    "synflow": lambda model: synflow(model, (4,)),
    "synflow_masks": lambda model: synflow_masks(model, (4,), 0.5, rounds=3),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_model_is_left_as_it_was(call):
    model = dense(4, 5, 3)
    apply_masks(model, half_masks(model))
    model(torch.ones(2, 4)).sum().backward()
    model[0].bias.requires_grad_(False)
    values = {name: value.clone() for name, value in model.state_dict().items()}
    gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    held = flat(masks_of(model))
    call(model)
    assert all(torch.equal(value, values[name]) for name, value in model.state_dict().items())
    assert all(torch.equal(dict(model.named_parameters())[name].grad, g) for name, g in gradients.items())
    assert model.training and not model[0].bias.requires_grad and (flat(masks_of(model)) == held).all()
    assert model[0].weight.dtype == torch.float32


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_models_that_cannot_be_scored_are_refused(call):
    with pytest.raises(ValueError, match="at least one linear or convolutional layer"):
        call(nn.ReLU())
    with pytest.raises(ValueError, match="parametrised"):
        call(nn.Sequential(parametrizations.weight_norm(nn.Linear(4, 3))))


@pytest.mark.parametrize("inputs", [4, (), (0,), (2.5,), [4], (True,)])
def test_a_shape_that_is_none_is_refused(inputs):
    for function in (synflow, lambda *given: synflow_masks(*given, 0.5)):
        with pytest.raises(ValueError, match="inputs="):
            function(dense(4, 3), inputs)


def test_options_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"sparsity=1\.0"):
        synflow_masks(dense(4, 3), (4,), 1.0)
    with pytest.raises(ValueError, match="rounds=0"):
        synflow_masks(dense(4, 3), (4,), 0.5, rounds=0)
    with pytest.raises(ValueError, match="one target a sample"):
        grasp(dense(4, 3), X, LABELS[:-1])


def test_a_sum_that_overflows_is_refused():
    model = dense(4, 3, 3).double()
    with torch.no_grad():
        model[0].weight.fill_(1e200), model[2].weight.fill_(1e200)
    with pytest.raises(ValueError, match="expected a finite number"):
        synflow(model, (4,))
