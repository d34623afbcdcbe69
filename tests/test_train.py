"""Batched training against a plain PyTorch loop that holds its masks by torch.nn.utils.prune."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from pruneutils import masks, scores
from pruneutils.book.train import accuracy, fit, mlp, predict, r2
from pruneutils.pytorch import apply_masks, clone, masks_of, weights


def conv(seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 3))


def batch_norm(seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(16, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


BUILD = {"mlp": lambda seed: mlp(16, 8, 3, seed=seed), "conv": conv, "batch norm": batch_norm}


def data(kind="mlp"):
    X = np.random.default_rng(0).normal(size=(70, 16)).astype(np.float32)
    y = np.digitize(X[:, :4].sum(axis=1), [-1, 1])
    return X.reshape(70, 1, 4, 4) if kind == "conv" else X, y


def random_masks(net, seed, sparsity=0.6):
    return {name: masks.unstructured(scores.random(W, seed=seed), sparsity) for name, W in weights(net).items()}


def held(net):
    return {name: tensor.clone() for name, tensor in net.state_dict().items()}


def same(these, those):
    return all(torch.equal(these[name], those[name]) for name in these | those)


def plain_loop(net, X, y, *, steps, lr, batch, weight_decay, seed):
    """AdamW with a cosine to zero on shuffled epochs, as one would write it in plain PyTorch."""
    X, y, generator = torch.from_numpy(X), torch.from_numpy(y), torch.Generator().manual_seed(seed)
    loss_of = nn.CrossEntropyLoss() if y.dtype == torch.int64 else lambda out, y: ((out[:, 0] - y) ** 2).mean()
    optimiser = torch.optim.AdamW(net.parameters(), lr=lr, weight_decay=weight_decay)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=steps)
    order = torch.cat([torch.randperm(len(X), generator=generator) for _ in range(steps)])
    losses = []
    for rows in order[: steps * batch].split(batch):
        optimiser.zero_grad()
        loss = loss_of(net(X[rows]), y[rows])
        loss.backward()
        optimiser.step()
        rate.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("kind", BUILD)
def test_fit_gives_what_a_plain_loop_through_torchs_prune_gives(kind, weight_decay):
    """The batched shortcut may not train another network than the textbook's loop."""
    X, y = data(kind)
    options = {"steps": 25, "lr": 0.01, "batch": 32, "weight_decay": weight_decay}
    ours = [BUILD[kind](seed) for seed in (0, 1)]
    theirs = [clone(net) for net in ours]
    for i, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        wanted = random_masks(one, i)
        apply_masks(one, wanted)
        for name, mask in wanted.items():
            prune.custom_from_mask(other.get_submodule(name), "weight", torch.from_numpy(mask))
    losses = fit(ours, X, y, seed=5, **options)
    for i, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        expected = plain_loop(other, X, y, seed=5 + i, **options)
        assert np.allclose(losses[i], expected, atol=1e-5)
        for name, tensor in other.state_dict().items():
            kept = other.state_dict().get(name.replace("_orig", "_mask"), torch.ones(())).bool()
            ours_kept, theirs_kept = (torch.where(kept, t, 0) for t in (one.state_dict()[name], tensor))
            assert torch.allclose(ours_kept, theirs_kept, atol=2e-5), name


@pytest.mark.parametrize("kind", BUILD)
def test_several_networks_at_once_train_as_each_alone(kind):
    """Batching may not mix networks, batches, masks or running statistics; one of the three is dense."""
    X, y = data(kind)
    together = [BUILD[kind](seed) for seed in range(3)]
    for i in (0, 2):
        apply_masks(together[i], random_masks(together[i], i))
    alone = [clone(net) for net in together]
    losses = fit(together, X, y, steps=20, batch=16, seed=7)
    for i, net in enumerate(alone):
        assert np.allclose(fit([net], X, y, steps=20, batch=16, seed=7 + i), losses[i], atol=1e-5)
        for name, tensor in net.state_dict().items():
            assert torch.allclose(tensor, together[i].state_dict()[name], atol=2e-5), name


@pytest.mark.parametrize("kind", BUILD)
def test_networks_with_data_rates_decays_and_seeds_of_their_own_train_as_each_alone(kind):
    """A grid trained at once may give no network another one's split, rate, decay or batches."""
    X, y = data(kind)
    splits = [(X, y), (X, y), (X[::-1].copy(), y[::-1].copy()), (X, y)]
    own = {"lr": [0.01, 0.01, 0.03, 0.001], "weight_decay": [0.0, 0.3, 0.3, 0.0], "seed": [4, 4, 4, 9]}
    together = [BUILD[kind](seed) for seed in (0, 0, 1, 2)]
    apply_masks(together[2], random_masks(together[2], 2))
    alone = [clone(net) for net in together]
    losses = fit(together, *map(list, zip(*splits, strict=True)), steps=20, batch=16, **own)
    for i, net in enumerate(alone):
        options = {name: values[i] for name, values in own.items()}
        assert np.allclose(fit([net], *splits[i], steps=20, batch=16, **options), losses[i], atol=1e-4)
        for name, tensor in net.state_dict().items():
            assert torch.allclose(tensor, together[i].state_dict()[name], atol=5e-5), name


@pytest.mark.parametrize("kind", BUILD)
def test_fit_holds_masks_and_leaves_removed_originals_untouched(kind):
    """Weight decay and Adam's moments may reach neither the zeros nor the values kept for a later rewind."""
    X, y = data(kind)
    net = BUILD[kind](0)
    wanted = random_masks(net, 0)
    apply_masks(net, wanted)
    before, parameters = held(net), [id(parameter) for parameter in net.parameters()]
    fit([net], X, y, steps=15, weight_decay=0.5)
    assert [id(parameter) for parameter in net.parameters()] == parameters
    for name, mask in wanted.items():
        assert np.array_equal(masks_of(net)[name], mask)
        original = net.state_dict()[f"{name}.weight_orig"].numpy()
        assert np.array_equal(original[~mask], before[f"{name}.weight_orig"].numpy()[~mask])
        assert (original[mask] != before[f"{name}.weight_orig"].numpy()[mask]).all()
        assert np.array_equal(net.get_submodule(name).weight.numpy(), np.where(mask, original, 0))


def test_fit_on_a_whole_batch_that_is_smaller_than_asked_for():
    X, y = data()
    net, other = mlp(16, 8, 3, seed=0), mlp(16, 8, 3, seed=0)
    fit([net], X, y, steps=5, batch=1000, lr=0.01)
    plain_loop(other, X, y, steps=5, lr=0.01, batch=len(X), weight_decay=0.0, seed=0)
    assert all(np.allclose(weights(net)[name], W, atol=1e-5) for name, W in weights(other).items())


def test_zero_steps_change_nothing():
    X, y = data()
    net = mlp(16, 8, 3, seed=0)
    apply_masks(net, random_masks(net, 0))
    before = held(net)
    assert fit([net], X, y, steps=0).shape == (1, 0)
    assert same(before, held(net))


@pytest.mark.parametrize("kind", BUILD)
def test_fit_is_deterministic_and_leaves_the_global_generator_alone(kind):
    """Two runs of one cell must print the same; a draw of ours may not shift a draw of the reader's."""
    X, y = data(kind)
    state, runs = torch.random.get_rng_state(), []
    for _ in range(2):
        nets = [BUILD[kind](seed) for seed in (0, 1)]
        runs.append((fit(nets, X, y, steps=6, batch=16), held(nets[0]), held(nets[1])))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert np.array_equal(runs[0][0], runs[1][0])
    assert same(runs[0][1], runs[1][1]) and same(runs[0][2], runs[1][2])


def test_mlp_is_torchs_own_initialisation_under_its_seed():
    state = torch.random.get_rng_state()
    net = mlp(4, 3, 2, seed=9)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(9)
    by_hand = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    assert same(held(net), held(by_hand)) and str(net) == str(by_hand)
    assert not same(held(net), held(mlp(4, 3, 2, seed=8)))


def test_targets_choose_the_loss():
    """Integer labels taken for numbers would be regressed."""
    X, y = data()
    (first,) = fit([net := mlp(16, 8, 3, seed=0)], X, y, steps=1, batch=len(X))
    untrained = mlp(16, 8, 3, seed=0)
    log_p = torch.log_softmax(untrained(torch.from_numpy(X)), dim=1)
    assert first == pytest.approx(-np.mean([log_p[i, label].item() for i, label in enumerate(y)]), abs=1e-5)
    assert not same(held(net), held(untrained))
    (first,) = fit([mlp(16, 8, 1, seed=0)], X, y.astype(np.float64), steps=1, batch=len(X))
    assert first == pytest.approx(((predict([mlp(16, 8, 1, seed=0)], X)[0, :, 0] - y) ** 2).mean(), rel=1e-5)


@pytest.mark.parametrize("kind", BUILD)
def test_training_learns(kind):
    X, y = data(kind)
    nets = [BUILD[kind](seed) for seed in range(2)]
    before = accuracy(nets, X, y)
    fit(nets, X, y, steps=150, lr=0.01)
    assert (accuracy(nets, X, y) > np.maximum(before, 0.8)).all()


def test_regression_learns():
    X, _ = data()
    nets = [mlp(16, 32, 1, seed=seed) for seed in range(2)]
    fit(nets, X, X[:, 0] * 2 + 1, steps=200, lr=0.02)
    assert (r2(nets, X, X[:, 0] * 2 + 1) > 0.9).all()


BAD = {
    "y shorter than X": {"y": np.zeros(69, dtype=int)},
    "y a column, which broadcasts": {"y": np.zeros((70, 1), dtype=np.float32)},
    "one number each": {"X": np.float32(1), "y": np.int64(1)},
    "no samples": {"X": np.zeros((0, 16), dtype=np.float32), "y": np.zeros(0, dtype=int)},
    "steps": {"steps": -1},
    "lr": {"lr": float("nan")},
    "weight_decay": {"weight_decay": -0.1},
    "batch": {"batch": 0},
    "seed": {"seed": 0.5},
    "a step beyond the last": {"before_step": {3: print}},
    "no function": {"before_step": {1: None}},
    "nets": {"nets": [mlp(16, 7, 3, seed=0)]},
    "two rates for one network": {"lr": [0.1, 0.1]},
    "a negative decay among several": {"weight_decay": [-0.1]},
    "no seed": {"seed": ()},
    "data for two networks": {"X": [data()[0]] * 2, "y": [data()[1]] * 2},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_refused_input_leaves_the_networks_alone(bad):
    X, y = data()
    net = mlp(16, 8, 3, seed=0)
    apply_masks(net, random_masks(net, 0))
    before, options = held(net), {"X": X, "y": y, "steps": 3} | bad
    with pytest.raises(ValueError, match="expected"):
        fit([net, *options.pop("nets", [])], **options)
    assert same(before, held(net))


def test_networks_on_data_of_two_shapes_are_refused():
    """Rows of one split would be read as another's."""
    X, y = data()
    nets = [mlp(16, 8, 3, seed=seed) for seed in range(2)]
    before = held(nets[0])
    for other in ((X[:60], y[:60]), (X, y.astype(float))):
        with pytest.raises(ValueError, match="X: expected one shape for all networks and one kind of targets"):
            fit(nets, [X, other[0]], [y, other[1]], steps=3)
    assert same(before, held(nets[0]))


@pytest.mark.parametrize("to", [torch.float64, torch.bfloat16, "meta"], ids=str)
def test_fit_refuses_networks_that_are_not_float32_on_the_cpu_before_anything_changes(to):
    """Inputs are float32 on the CPU; torch said so from deep inside a batched product."""
    X, y = data()
    net, other = mlp(16, 8, 3, seed=0), mlp(16, 8, 3, seed=1).to(to)
    apply_masks(net, random_masks(net, 0))
    before = held(net)
    with pytest.raises(ValueError, match=rf"nets\[1\].*'0.weight'.*{to}.*expected torch.float32 on the CPU"):
        fit([net, other], X, y, steps=3)
    assert same(before, held(net))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_predict_sends_inputs_to_the_float_type_of_each_network(dtype):
    """Several types at once come back as float32."""
    X, _ = data()
    nets = [mlp(16, 8, 3, seed=0), mlp(16, 8, 3, seed=0).to(dtype)]
    outputs = predict(nets, X)
    assert outputs.dtype == np.float32 and np.allclose(outputs[0], outputs[1], atol=0.02)


def test_an_error_in_mid_training_leaves_the_networks_alone():
    """A label beyond the outputs is found by torch, at the step that meets it."""
    X, y = data()
    net = mlp(16, 8, 3, seed=0)
    before = held(net)
    with pytest.raises((IndexError, RuntimeError)):
        fit([net], X, np.where(np.arange(70) == 69, 3, y), steps=9, batch=16)
    assert same(before, held(net))


@pytest.mark.parametrize("function, bad", [(accuracy, np.zeros((70, 1), int)), (r2, np.zeros((70, 1)))])
def test_a_column_of_targets_is_refused_by_measures_too(function, bad):
    """NumPy would broadcast it against the outputs and average 70 x 70 comparisons."""
    with pytest.raises(ValueError, match=r"\(70, 1\)"):
        function([mlp(16, 8, 1, seed=0)], data()[0], bad)


def test_accuracy_and_r2_by_their_definitions():
    from sklearn.metrics import accuracy_score, r2_score

    X, y = data()
    nets = [mlp(16, 8, 3, seed=seed) for seed in range(2)]
    labels = [predict([net], X)[0].argmax(axis=1) for net in nets]
    assert accuracy(nets, X, y).tolist() == pytest.approx([accuracy_score(y, found) for found in labels])
    nets = [mlp(16, 8, 1, seed=seed) for seed in range(2)]
    expected = [r2_score(y.astype(float), predict([net], X)[0, :, 0]) for net in nets]
    assert r2(nets, X, y.astype(float)).tolist() == pytest.approx(expected, abs=1e-5)


def test_predict_evaluates_without_touching_modes_or_running_statistics():
    """Switching a whole model back to training would wake a batch norm that its owner had frozen."""
    X, _ = data("batch norm")
    net = batch_norm(0)
    fit([net], X, data()[1], steps=3)
    net[1].eval()
    before, modes = held(net), [module.training for module in net.modules()]
    outputs = predict([net], X)
    assert same(before, held(net)) and [module.training for module in net.modules()] == modes
    with torch.no_grad():
        assert np.array_equal(outputs[0], net.eval()(torch.from_numpy(X)).numpy())


def test_fit_leaves_each_network_in_its_mode():
    X, y = data()
    nets = [mlp(16, 8, 3, seed=0), mlp(16, 8, 3, seed=1).eval()]
    fit(nets, X, y, steps=2)
    assert [net.training for net in nets] == [True, False]


def prune_half(nets):
    for i, net in enumerate(nets):
        apply_masks(net, random_masks(net, i, sparsity=0.5))


@pytest.mark.parametrize("kind", BUILD)
def test_pruning_before_a_step_is_what_a_loop_gives_that_prunes_there(kind):
    """Training in pieces restarts Adam's moments and the cosine; a mask on the way may do neither."""
    X, y = data(kind)
    net = BUILD[kind](0)
    other, seen = clone(net), []
    fit([net], X, y, steps=20, lr=0.01, batch=32, seed=5, before_step={12: prune_half, 13: seen.extend})
    X, y, generator = torch.from_numpy(X), torch.from_numpy(y), torch.Generator().manual_seed(5)
    optimiser = torch.optim.AdamW(other.parameters(), lr=0.01, weight_decay=0.0)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=20)
    order = torch.cat([torch.randperm(len(X), generator=generator) for _ in range(20)])
    for step, rows in enumerate(order[: 20 * 32].split(32)):
        if step == 12:
            prune_half([other])
        optimiser.zero_grad()
        nn.functional.cross_entropy(other(X[rows]), y[rows]).backward()
        optimiser.step()
        rate.step()
    assert seen[0] is net
    for name, W in weights(other).items():
        assert np.array_equal(masks_of(net)[name], masks_of(other)[name]) and not masks_of(net)[name].all()
        assert np.allclose(weights(net)[name], W, atol=2e-5), name


def test_functions_before_steps_see_what_was_trained_so_far():
    X, y = data()
    net, half = mlp(16, 8, 3, seed=0), []
    fit(
        [net],
        X,
        y,
        steps=6,
        before_step={0: lambda nets: half.append(clone(nets[0])), 3: lambda nets: half.append(clone(nets[0]))},
    )
    assert same(held(half[0]), held(mlp(16, 8, 3, seed=0)))
    assert not same(held(half[1]), held(half[0])) and not same(held(half[1]), held(net))


def test_cnn_is_torchs_own_initialisation_under_its_seed_and_fits_as_one_batch():
    from pruneutils.book.train import cnn

    state = torch.get_rng_state()
    nets = [cnn(4, 8, outputs=3, side=5, seed=seed) for seed in (7, 8)]
    assert torch.equal(state, torch.get_rng_state())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        first, second, last = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 3), nn.Linear(8 * 3 * 3, 3)
    for name, layer in (("1", first), ("3", second), ("6", last)):
        assert torch.equal(nets[0].get_parameter(f"{name}.weight"), layer.weight)
    assert not same(held(nets[0]), held(nets[1]))
    X = np.random.default_rng(0).random((40, 25), dtype=np.float32)
    assert predict(nets, X).shape == (2, 40, 3)
    assert fit(nets, X, (X[:, 0] * 3).astype(np.int64), steps=2, batch=8).shape == (2, 2)


@pytest.mark.parametrize(("channels", "options"), [((), {}), ((0,), {}), ((4,), {"side": 0}), ((4,), {"outputs": 1.5})])
def test_cnn_refuses_sizes_that_are_not_whole_numbers_above_zero(channels, options):
    from pruneutils.book.train import cnn

    with pytest.raises(ValueError, match=r"channels|side|outputs"):
        cnn(*channels, seed=0, **options)


def test_a_weight_that_comes_back_starts_at_zero():
    """Not at what it was when it left, as through the hooks of ``torch.nn.utils.prune``."""
    net = mlp(4, 6, 3, seed=0)
    W = weights(net)["0"]
    mask = np.arange(W.size).reshape(W.shape) % 2 == 0
    apply_masks(net, {"0": mask})
    back = {1: lambda nets: apply_masks(nets[0], {"0": np.ones_like(mask)})}
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(32, 4)).astype(np.float32), rng.integers(3, size=32)
    fit([net], X, y, steps=3, lr=0.0, batch=8, before_step=back)
    assert masks_of(net)["0"].all()
    assert (weights(net)["0"] == W * mask).all() and (W[~mask] != 0).all()
