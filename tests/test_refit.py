"""Refitted survivors against NumPy's least squares, row by row, and what no refit may do."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.nn.utils import parametrizations

from pruneutils import masks, scores
from pruneutils.book.train import cnn, mlp
from pruneutils.pytorch import apply_masks, clone, masks_of, refit, weights

X = np.random.default_rng(0).normal(size=(80, 6)).astype(np.float32)


def pair(*widths, seed=0, sparsity=0.5, bias=True):
    """A dense network and its pruned copy."""
    dense = mlp(*widths, seed=seed)
    if not bias:
        for layer in dense:
            if isinstance(layer, nn.Linear):
                layer.register_parameter("bias", None)
    model = clone(dense)
    W = weights(model)
    apply_masks(model, {n: masks.unstructured(scores.random(W[n], seed=seed + i), sparsity) for i, n in enumerate(W)})
    return dense, model


def held(net):
    return {name: tensor.clone() for name, tensor in net.state_dict().items()}


def same(these, those):
    return all(torch.equal(these[name], those[name]) for name in these | those)


def outputs(net, X=X):
    with torch.no_grad():
        return net(torch.from_numpy(X)).double().numpy()


def missed(model, dense, X=X):
    return ((outputs(model, X) - outputs(dense, X)) ** 2).mean()


def by_numpy(net, dense, X, ridge):
    """Weights and biases, layer after layer, each row by ``numpy.linalg`` from what the refitted layers before say."""
    reads, target, found = X.astype(float), X.astype(float), {}
    state, kept = {n: t.double().numpy() for n, t in net.state_dict().items()}, masks_of(net)
    for name, layer in net.named_children():
        if not isinstance(layer, nn.Linear):
            reads, target = np.maximum(reads, 0), np.maximum(target, 0)
            continue
        W, b = weights(net)[name].astype(float), state.get(f"{name}.bias")
        their = dense.get_submodule(name)
        b_dense = 0 if their.bias is None else their.bias.detach().double().numpy()
        target = target @ their.weight.detach().double().numpy().T + b_dense
        for row, keep in enumerate(kept[name]):
            A = reads[:, keep] if b is None else np.column_stack([reads[:, keep], np.ones(len(X))])
            old = W[row, keep] if b is None else np.append(W[row, keep], b[row])
            gram = A.T @ A / len(X) + ridge * np.eye(A.shape[1])
            new = np.linalg.lstsq(gram, A.T @ target[:, row] / len(X) + ridge * old, rcond=None)[0]
            W[row, keep] = new[: keep.sum()]
            if b is not None:
                b[row] = new[-1]
        found[name] = W, b
        reads = reads @ W.T + (0 if b is None else b)
    return found


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("ridge", [1e-3, 0.1])
def test_each_row_is_numpys_least_squares(ridge, bias):
    dense, model = pair(6, 8, 5, 3, bias=bias)
    expected = by_numpy(model, dense, X, ridge)
    refit(model, dense, X, ridge=ridge)
    for name, (W, b) in expected.items():
        assert np.allclose(weights(model)[name], W, atol=2e-4)
        assert b is None or np.allclose(held(model)[f"{name}.bias"], b, atol=2e-4)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    widths=st.lists(st.integers(1, 7), min_size=1, max_size=3),
    sparsity=st.floats(0, 0.95),
    ridge=st.sampled_from([0.0, 1e-3, 1.0]),
)
def test_a_refit_moves_no_mask_and_no_single_layer_further_away(seed, widths, sparsity, ridge):
    dense, model = pair(6, *widths, seed=seed, sparsity=sparsity)
    before, kept = clone(model), masks_of(model)
    refit(model, dense, X, ridge=ridge)
    assert all(np.array_equal(mask, kept[name]) for name, mask in masks_of(model).items())
    assert all((W[~kept[name]] == 0).all() for name, W in weights(model).items())
    first_layers = [net[:1] for net in (model, dense, before)]  # its inputs are the same before and after
    after, first = missed(*first_layers[:2]), missed(first_layers[2], first_layers[1])
    assert after <= first * (1 + 1e-5) + 1e-9


def test_what_is_dense_stays_as_it_was():
    dense, _ = pair(6, 8, 3)
    model = clone(dense)
    refit(model, dense, X)
    assert all(torch.allclose(held(model)[n], tensor, atol=1e-5) for n, tensor in held(dense).items())


def test_survivors_take_over_what_twins_did():
    """Of two equal inputs one is enough: nothing is lost, where the mask alone loses much."""
    dense, model = pair(6, 1)
    apply_masks(model, {"0": np.array([[True, True, True, False, False, False]])})
    twins = np.concatenate([X[:, :3], X[:, :3]], axis=1)
    assert missed(model, dense, twins) > 1e-3
    refit(model, dense, twins, ridge=0)
    assert missed(model, dense, twins) < 1e-10


def test_inputs_that_leave_a_choice_change_as_little_as_possible():
    """An input that is never there says nothing about its weight; two equal ones share the change."""
    dense, model = pair(3, 1)
    apply_masks(model, {"0": np.array([[True, True, False]])})
    old = weights(model)["0"].copy()
    silent = np.column_stack([X[:, 0], np.zeros(80), X[:, 0]]).astype(np.float32)
    refit(model, dense, silent, ridge=0)
    assert weights(model)["0"][0, 1] == pytest.approx(old[0, 1], abs=1e-6)
    assert missed(model, dense, silent) < 1e-10


def test_a_high_price_forbids_all_change():
    dense, model = pair(6, 8, 3)
    before = held(model)
    refit(model, dense, X, ridge=1e9)
    assert all(torch.allclose(tensor, before[name], atol=1e-5) for name, tensor in held(model).items())


def test_removed_originals_and_the_dense_model_stay():
    dense, model = pair(6, 8, 3)
    before, teacher, parameters = held(model), held(dense), list(model.parameters())
    refit(model, dense, X)
    assert same(held(dense), teacher)
    assert all(one is other for one, other in zip(model.parameters(), parameters, strict=True))
    for name, mask in masks_of(model).items():
        old, new = before[f"{name}.weight_orig"].numpy(), held(model)[f"{name}.weight_orig"].numpy()
        assert np.array_equal(old[~mask], new[~mask]) and not np.array_equal(old[mask], new[mask])
        layer = model.get_submodule(name)
        assert np.array_equal(layer.weight.detach().numpy(), np.where(mask, new, 0))  # renewed, not left as it was


def test_linear_layers_after_convolutions_are_refitted_and_these_are_not():
    dense = cnn(3, outputs=4, side=4, seed=0)
    model, images = clone(dense), np.random.default_rng(1).normal(size=(200, 16)).astype(np.float32)
    apply_masks(model, {n: masks.unstructured(scores.magnitude(W), 0.5) for n, W in weights(model).items()})
    before = held(model)
    refit(model, dense, images)
    changed = [n for n, tensor in held(model).items() if not torch.equal(tensor, before[n])]
    assert changed and all(not name.startswith("1.") for name in changed)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_activation_that_works_in_place_changes_nothing(dtype):
    """It writes into what its layer has said; the layer's own words are wanted."""
    found = []
    for inplace in (False, True):
        dense = nn.Sequential(nn.Linear(6, 8), nn.ReLU(inplace=inplace), nn.Linear(8, 3)).to(dtype)
        dense.load_state_dict(mlp(6, 8, 3, seed=1).to(dtype).state_dict())
        net = clone(dense)
        W = weights(net)
        apply_masks(net, {name: masks.unstructured(scores.magnitude(W[name]), 0.5) for name in W})
        refit(net, dense, X)
        found.append(held(net))
    assert same(*found)


def test_a_model_in_training_stays_in_training_and_is_run_in_evaluation():
    dense, model = (nn.Sequential(net, nn.Dropout(0.9), nn.Linear(3, 2)).train() for net in pair(6, 3))
    model[2].load_state_dict(dense[2].state_dict())
    twin = clone(model).eval()
    refit(model, dense, X)
    refit(twin, clone(dense).eval(), X)
    assert model.training and dense.training and same(held(model), held(twin))


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 6)

    def forward(self, x):
        return self.layer(self.layer(x))


def broken():
    net = mlp(6, 8, 3, seed=0)
    with torch.no_grad():
        net[0].bias[0] = float("inf")
    return net


BAD = {
    "a negative ridge": lambda: (*pair(6, 8, 3), X, {"ridge": -1.0}),
    "another depth": lambda: (mlp(6, 3, seed=0), pair(6, 8, 3)[1], X, {}),
    "another width": lambda: (mlp(6, 9, 3, seed=0), pair(6, 8, 3)[1], X, {}),
    "no samples": lambda: (*pair(6, 8, 3), X[:0], {}),
    "no finite inputs": lambda: (*pair(6, 8, 3), np.full_like(X, np.nan), {}),
    "no finite teacher": lambda: (broken(), pair(6, 8, 3)[1], X, {}),
    "no linear layer": lambda: (nn.Sequential(nn.Conv1d(6, 2, 1)), nn.Sequential(nn.Conv1d(6, 2, 1)), X[..., None], {}),
    "a layer called twice": lambda: (Twice(), Twice(), X, {}),
    "a parametrised layer": lambda: (
        mlp(6, 3, seed=0), nn.Sequential(parametrizations.weight_norm(nn.Linear(6, 3))), X, {}
    ),
}  # fmt: skip


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
def test_refused_refits_leave_the_model_alone(make):
    dense, model, inputs, options = make()
    before = held(model)
    with pytest.raises(ValueError, match="expected"):
        refit(model, dense, inputs, **options)
    assert same(before, held(model))
