"""Neurons and channels removed: the smaller model computes what the masked one does, or is refused."""

import copy
import io
from functools import partial

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

from pruneutils.book.train import fit, mlp
from pruneutils.measure import macs, parameters
from pruneutils.pytorch import apply_masks, clone, coupled_layers, make_permanent, remove_channels, remove_neurons

ACTIVATIONS = (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.PReLU)


class Stage(nn.Module):
    """A layer, perhaps batch-norm, an activation; or a residual block of two layers, its shortcut perhaps a third."""

    def __init__(self, make, norm, activation, *, inputs, inner, outputs, second, projected):
        super().__init__()
        self.first = make(inputs, inner)
        self.norm = norm(inner)
        self.activation = activation()
        if second:
            self.second = make(inner, outputs)
            self.after = norm(outputs)
            self.short = make(inputs, outputs) if projected else nn.Identity()
        self.last = activation()

    def forward(self, x):
        inner = self.activation(self.norm(self.first(x)))
        if not hasattr(self, "second"):
            return inner
        return self.last(self.short(x) + self.after(self.second(inner)))


def stack(stages, inputs, make, norm, activation):
    """The stages one after the other, and how many outputs they have; a stage is (width, None) for a single layer, or
    a block's (inner width, outputs), where 0 outputs stand for as many as it has inputs."""
    built = []
    for inner, outputs in stages:
        block = {"second": outputs is not None, "projected": bool(outputs)}
        outputs = inner if outputs is None else outputs or inputs
        built.append(Stage(make, norm, activation, inputs=inputs, inner=inner, outputs=outputs, **block))
        inputs = outputs
    return built, inputs


def image_net(stages, kernel, stride, bias, normed, activation, ending):
    """A convolutional network for 8 x 8 images of two channels."""
    make = partial(nn.Conv2d, kernel_size=kernel, padding=kernel // 2, bias=bias)
    stages, inputs = stack(stages, 2, make, nn.BatchNorm2d if normed else nn.Identity, activation)
    stages[0].first.stride = (stride, stride)
    if ending == "flatten":
        side = -(-8 // stride) // 2
        end = [nn.MaxPool2d(2), nn.Flatten(), nn.Linear(inputs * side * side, 5)]
    else:
        end = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(inputs, 5)]
    return randomised(nn.Sequential(*stages, *end))


def unit_net(stages, bias, normed, activation):
    """A multilayer perceptron with three inputs."""
    norm = nn.BatchNorm1d if normed else nn.Identity
    stages, inputs = stack(stages, 3, partial(nn.Linear, bias=bias), norm, activation)
    return randomised(nn.Sequential(*stages, nn.Linear(inputs, 4)))


def randomised(model):
    """Evaluation mode, with batch-norms that shift and scale, as trained ones do."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            for tensor in (module.weight.data, module.bias.data, module.running_mean):
                tensor.normal_()
            module.running_var.uniform_(0.5, 2)
    return model.eval()


def choose(stages, draw):
    """Draw which outputs stay: layer -> kept; the same by the activation behind it, found by hand; and what is left.

    Of layers that are summed only some are named, at least one.
    """
    groups, held, left = [], {}, []  # groups: pairs of an array and the layers that it is for

    def some(width, *names):
        mask = draw(st.lists(st.booleans(), min_size=width, max_size=width).filter(any).map(np.array))
        groups.append((mask, list(names)))
        return groups[-1]

    for i, (inner, outputs) in enumerate(stages):
        first = some(inner, f"{i}.first")
        held[f"{i}.activation"] = mask = first[0]
        if outputs is None:
            stem = first
        elif outputs == 0:
            stem[1].append(f"{i}.second")
        else:
            stem = some(outputs, f"{i}.second", f"{i}.short")
        if outputs is not None:
            held[f"{i}.last"] = stem[0]
        left.append((int(mask.sum()), outputs and int(stem[0].sum())))
    named = {name: mask for mask, names in groups for name in draw(st.sets(st.sampled_from(names), min_size=1))}
    return named, held, left


def masked(model, held, x):
    """Outputs while the activations named are multiplied by their masks."""
    modules = dict(model.named_modules())

    def hold(mask):
        factor = torch.from_numpy(mask).float()
        return lambda module, inputs, output: output * factor.reshape(-1, *[1] * (output.ndim - 2))

    hooks = [modules[name].register_forward_hook(hold(mask)) for name, mask in held.items()]
    with torch.no_grad():
        outputs = model(x)
    for hook in hooks:
        hook.remove()
    return outputs


widths = st.integers(1, 5)
stacks = st.tuples(
    st.tuples(widths, st.none()), st.lists(st.tuples(widths, st.none() | st.just(0) | st.just(6)), max_size=3)
).map(lambda parts: [parts[0], *parts[1]])


def assert_same_function(model, smaller, held, x):
    with torch.no_grad():
        assert torch.allclose(smaller(x), masked(model, held, x), atol=1e-5)


def assert_is(smaller, expected, x):
    """Same layers, same numbers of parameters and operations as the network built with the smaller widths; it loads,
    and it trains."""
    assert str(smaller) == str(expected)
    assert parameters(smaller) == parameters(expected)
    assert macs(smaller, x[:1].numpy()) == macs(expected, x[:1].numpy())
    file = io.BytesIO()
    torch.save(smaller.state_dict(), file)
    file.seek(0)
    expected.load_state_dict(torch.load(file))
    with torch.no_grad():
        assert torch.equal(smaller(x), expected(x))
    before = [parameter.clone() for parameter in smaller.parameters()]
    smaller.train()(x).square().sum().backward()
    torch.optim.SGD(smaller.parameters(), lr=0.1).step()
    assert any(not torch.equal(old, new) for old, new in zip(before, smaller.parameters(), strict=True))


@settings(max_examples=60, deadline=None)
@given(
    stacks,
    st.sampled_from([1, 3, 5]),
    st.sampled_from([1, 2]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(ACTIVATIONS),
    st.sampled_from(["flatten", "average"]),
    st.data(),
)
def test_network_without_channels_equals_the_masked_one(stages, kernel, stride, bias, normed, activation, ending, data):
    options = dict(kernel=kernel, stride=stride, bias=bias, normed=normed, activation=activation, ending=ending)
    model = image_net(stages, **options)
    before = copy.deepcopy(model.state_dict())
    kept, held, left = choose(stages, data.draw)
    smaller = remove_channels(model, kept)
    x = torch.randn(4, 2, 8, 8)
    assert_same_function(model, smaller, held, x)
    assert_is(smaller, image_net(left, **options), x)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


@settings(max_examples=60, deadline=None)
@given(stacks, st.booleans(), st.booleans(), st.sampled_from(ACTIVATIONS), st.data())
def test_network_without_neurons_equals_the_masked_one(stages, bias, normed, activation, data):
    options = dict(bias=bias, normed=normed, activation=activation)
    model = unit_net(stages, **options)
    kept, held, left = choose(stages, data.draw)
    smaller = remove_neurons(model, kept)
    x = torch.randn(6, 3)
    assert_same_function(model, smaller, held, x)
    assert_is(smaller, unit_net(left, **options), x)


@pytest.mark.parametrize("widths, removed", [((6, 7), (2, 3)), ((1, 4), (0, 3)), ((9, 2), (8, 1))])
def test_parameters_and_operations_equal_the_formula(widths, removed):
    (a, b), (p, q) = widths, removed
    model = nn.Sequential(
        nn.Conv2d(3, a, 3), nn.BatchNorm2d(a), nn.ReLU(), nn.Conv2d(a, b, 5, bias=False), nn.ReLU(), nn.Flatten(),
        nn.Linear(b * 4, 7),
    )  # fmt: skip
    smaller = remove_channels(model, {"0": np.arange(a) >= p, "3": np.arange(b) < b - q})
    a, b = a - p, b - q
    assert parameters(smaller) == (27 * a + a) + 2 * a + 25 * a * b + (28 * b + 7)
    assert macs(smaller, np.zeros((1, 3, 8, 8))) == 27 * a * 36 + 25 * a * b * 4 + 28 * b


def test_constant_units_go_into_the_next_bias():
    torch.manual_seed(0)
    for bias in (True, False):
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 5, bias=bias), nn.ReLU(), nn.Linear(5, 2))
        with torch.no_grad():
            model[0].weight[[1, 2]] = 0  # units 1 and 2 say the same whatever comes
        x = torch.randn(6, 3)
        says = torch.tanh(model[0].bias).detach().numpy()
        kept = np.array([True, False, False, True])
        smaller = remove_neurons(model, {"0": kept}, constants={"0": says})
        assert torch.allclose(smaller(x), model(x), atol=1e-6)
        assert not torch.allclose(remove_neurons(model, {"0": kept})(x), model(x), atol=1e-3)
        assert smaller[2].bias.requires_grad and (model[2].bias is None) == (not bias)


class Functional(nn.Module):
    """The same steps written as functions and methods, as many people do."""

    def __init__(self, end):
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        self.norm, self.end = nn.BatchNorm2d(3), end
        self.out = nn.Linear(3 if "average" in end.__name__ else 48, 2)

    def forward(self, x):
        x = F.relu(self.norm(self.a(x)))
        x = x + torch.tanh(self.b(x)).contiguous()
        x = F.dropout(F.max_pool2d(x, 2), training=self.training)
        return self.out(self.end(x))


def by_view(x):
    return x.view(x.size(0), -1)


def by_reshape(x):
    return x.reshape(x.shape[0], -1)


def by_flatten(x):
    return torch.flatten(x, 1)


def average(x):
    return x.mean((2, -1))


def average_of_average(x):
    return x.mean(dim=(-1, 2), keepdim=True).mean([3, 2])


@pytest.mark.parametrize("end", [by_view, by_reshape, by_flatten, average, average_of_average])
def test_functions_and_methods_are_followed_too(end):
    torch.manual_seed(1)
    model = Functional(end).eval()
    assert coupled_layers(model) == [("a", "b")]
    kept = np.array([False, True, True])
    smaller = remove_channels(model, {"a": kept, "b": kept})
    silent = copy.deepcopy(model)
    with torch.no_grad():
        for tensor in (silent.norm.weight, silent.norm.bias, silent.b.weight, silent.b.bias):
            tensor[0] = 0
        x = torch.randn(2, 1, 8, 8)
        assert torch.allclose(smaller(x), silent(x), atol=1e-6)


def test_tokens_flattened_behind_a_linear_layer():
    torch.manual_seed(2)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Flatten(), nn.Linear(20, 2))
    kept = np.array([True, False, True, False])
    silent = copy.deepcopy(model)
    with torch.no_grad():
        silent[0].weight[~kept], silent[0].bias[~kept] = 0, 0
        x = torch.randn(6, 5, 3)
        assert torch.allclose(remove_neurons(model, {"0": kept})(x), silent(x), atol=1e-6)


def test_feed_forward_units_of_a_transformer_block_go():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.attention = nn.LayerNorm(8), nn.MultiheadAttention(8, 2, batch_first=True)
            self.up, self.down = nn.Linear(8, 16), nn.Linear(16, 8)

        def forward(self, x):
            x = x + self.attention(x, x, x)[0]
            return x + self.down(F.gelu(self.up(self.norm(x))))

    model = nn.Sequential(Block(), Block()).eval()
    assert coupled_layers(model) == [("0.up",), ("1.up",)]
    kept = np.arange(16) % 3 > 0
    silent = copy.deepcopy(model)
    with torch.no_grad():
        silent[1].down.weight[:, ~kept] = 0
        x = torch.randn(2, 5, 8)
        assert torch.allclose(remove_neurons(model, {"1.up": kept})(x), silent(x), atol=1e-6)


def test_settings_of_parameters_and_the_mode_stay():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)).double().train()
    model[0].weight.requires_grad_(False)
    smaller = remove_neurons(model, {"0": np.array([True, True, False, True])})
    assert smaller.training and smaller[2].weight.dtype == torch.float64
    assert [p.requires_grad for p in smaller.parameters()] == [False, True, True, True, True, True]
    assert not {id(p) for p in smaller.parameters()} & {id(p) for p in model.parameters()}


def test_smaller_networks_train_as_a_batch_and_hold_masks():
    nets = [remove_neurons(mlp(3, 8, 2, seed=seed), {"0": np.arange(8) < 5}) for seed in range(2)]
    apply_masks(nets[0], {"0": np.arange(15).reshape(5, 3) % 2 == 0})
    losses = fit(nets, np.eye(3, dtype=np.float32), np.array([0, 1, 0]), steps=30, lr=0.05, batch=3)
    assert (losses[:, -1] < losses[:, 0]).all()


class Again(nn.Module):
    """The operands of a sum are read before it, and after it, each by a layer of its own."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.before, self.after = (nn.Linear(4, 4) for _ in "abcd")
        self.sum, self.norm = nn.Linear(4, 4), nn.BatchNorm1d(4)

    def forward(self, x):
        left, right = F.relu(self.a(x)), F.relu(self.norm(self.b(x)))
        early = self.before(right)
        both = left + right
        return early + self.after(right) + self.sum(both)


def test_operands_of_a_sum_may_be_read_elsewhere():
    torch.manual_seed(3)
    model = randomised(Again())
    assert coupled_layers(model) == [("a", "b")]
    kept = np.array([True, False, True, True])
    silent = copy.deepcopy(model)
    with torch.no_grad():
        for layer in (silent.before, silent.after, silent.sum):
            layer.weight[:, 1] = 0
        x = torch.randn(5, 4)
        assert torch.allclose(remove_neurons(model, {"a": kept, "b": kept})(x), silent(x), atol=1e-6)


class Join(nn.Module):
    """Two layers whose outputs meet in some function."""

    def __init__(self, meet, out=None, make=None):
        super().__init__()
        make = make or partial(nn.Conv2d, 1, 4, 3)
        self.a, self.b, self.meet = make(), make(), meet
        self.out = out or nn.Conv2d(4, 2, 1)

    def forward(self, x):
        return self.out(self.meet(self.a(x), self.b(x)))


class Wide(nn.Module):
    """One channel, added to all."""

    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(4, 1, 1)

    def forward(self, x):
        return x + self.one(x)


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.out = nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.out(self.b(F.relu(self.b(F.relu(self.a(x))))))


class Borrowing(Twice):
    def forward(self, x):
        x = self.a(x)
        return self.out(F.relu(x)) + F.linear(x, self.out.weight)


class Lending(Twice):
    def forward(self, x):
        return self.out(F.relu(self.a(x))) + self.out.weight.sum()


class Branching(Twice):
    def forward(self, x):
        return self.out(self.a(x)) if x.sum() > 0 else self.out(self.b(self.a(x)))


def held(layer):
    model = mlp(3, 4, 4, 2, seed=0)
    apply_masks(model, {layer: np.eye(4)[:, : model.get_submodule(layer).in_features] == 0})
    return model


def tied():
    model = mlp(3, 4, 4, 4, 2, seed=0)
    model[4].weight = model[2].weight
    return model


FOUR = np.array([True, False, True, True])
NEURONS, CHANNELS, ONE = remove_neurons, remove_channels, nn.Conv2d(1, 4, 3)
LINEAR = partial(nn.Linear, 3, 4)
HINT = "torch_pruning.DependencyGraph"
REFUSED = [
    (NEURONS, mlp(3, 4, 2, seed=0), {}, "kept={}: expected a mapping"),
    (NEURONS, mlp(3, 4, 2, seed=0), [FOUR], "kept=.*expected a mapping"),
    (NEURONS, mlp(3, 4, 2, seed=0), {"fc": FOUR}, r"kept\['fc'\]: the model has no such linear layer.*\['0', '2'\]"),
    (NEURONS, nn.Sequential(ONE, nn.Conv2d(4, 2, 1)), {"0": FOUR}, "no such linear layer"),
    (CHANNELS, mlp(3, 4, 2, seed=0), {"0": FOUR}, "no such convolutional layer"),
    (NEURONS, mlp(3, 4, 2, seed=0), {"0": FOUR[:3]}, r"shape \(3,\): expected a boolean array of shape \(4,\)"),
    (NEURONS, mlp(3, 4, 2, seed=0), {"0": np.array([0, 2, 4, 3])}, "dtype int64"),
    (NEURONS, mlp(3, 4, 2, seed=0), {"0": [1, 7]}, "dtype int64 .*expected a boolean"),
    (NEURONS, mlp(3, 4, 2, seed=0), {"0": FOUR & False}, r"kept\['0'\] keeps nothing"),
    (NEURONS, mlp(3, 4, 4, seed=0), {"0": FOUR, "2": FOUR}, rf"kept\['2'\].*the model's output.*{HINT}"),
    (NEURONS, mlp(3, 4, 4, 2, seed=0), {"0": FOUR, "2": FOUR & False}, "keeps nothing"),
    (NEURONS, nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2)), {"0": FOUR}, f"LayerNorm.*{HINT}"),
    (NEURONS, nn.Sequential(nn.Linear(3, 4), nn.Softmax(1), nn.Linear(4, 2)), {"0": FOUR}, "Softmax"),
    (NEURONS, nn.Sequential(nn.Linear(3, 4), nn.PReLU(4), nn.Linear(4, 2)), {"0": FOUR}, "PReLU"),
    (NEURONS, Twice(), {"a": FOUR}, "'b'.*called twice"),
    (NEURONS, Twice(), {"b": FOUR}, "'b'.*called twice"),
    (NEURONS, Borrowing(), {"a": FOUR}, "'linear'"),
    (NEURONS, Lending(), {"a": FOUR}, "'out', whose parameters are used outside"),
    (NEURONS, Branching(), {"a": FOUR}, f"Branching: expected a model that torch.fx can trace.*{HINT}"),
    (NEURONS, tied(), {"0": FOUR}, "'2' and '4' share one weight"),
    (NEURONS, held("0"), {"0": FOUR}, "layer '0' holds a mask.*make_permanent"),
    (NEURONS, held("2"), {"0": FOUR}, "layer '2' holds a mask"),
    (NEURONS, nn.Sequential(parametrizations.weight_norm(nn.Linear(3, 4)), nn.Linear(4, 2)), {"0": FOUR}, "computed"),
    (CHANNELS, nn.Sequential(ONE, nn.Conv2d(4, 4, 3, groups=2), nn.Conv2d(4, 1, 1)), {"0": FOUR}, f"grouped.*{HINT}"),
    (CHANNELS, nn.Sequential(ONE, nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 1, 1)), {"1": FOUR}, "grouped"),
    (CHANNELS, nn.Sequential(ONE, nn.ConvTranspose2d(4, 2, 3)), {"0": FOUR}, "ConvTranspose2d"),
    (CHANNELS, nn.Sequential(ONE, nn.GroupNorm(2, 4), nn.Conv2d(4, 2, 1)), {"0": FOUR}, "GroupNorm"),
    (CHANNELS, nn.Sequential(ONE, nn.Linear(6, 2)), {"0": FOUR}, "another axis"),
    (CHANNELS, Join(torch.add), {"a": FOUR, "b": ~FOUR}, r"kept\['b'\]: these outputs are summed with those of 'a'"),
    (CHANNELS, Join(torch.add), {"b": FOUR, "a": FOUR & False}, r"kept\['a'\] keeps nothing"),
    (CHANNELS, Join(torch.mul), {"a": FOUR, "b": FOUR}, f"operation 'mul'.*{HINT}"),
    (CHANNELS, Join(lambda a, b: torch.cat([a, b], 1), nn.Conv2d(8, 2, 1)), {"a": FOUR}, "operation 'cat'"),
    (CHANNELS, Join(lambda a, b: a + F.softmax(b, 1)), {"a": FOUR}, "operation 'softmax'"),
    (NEURONS, Join(lambda a, b: a + F.softmax(b, 1), nn.Linear(4, 2), LINEAR), {"a": FOUR}, "operation 'softmax'"),
    (CHANNELS, Join(lambda a, b: a + b[:, :1]), {"a": FOUR}, "operation 'getitem'"),
    (CHANNELS, Join(lambda a, b: a + b.mean((2, 3))), {"a": FOUR, "b": FOUR}, "a sum of other axes"),
    (CHANNELS, nn.Sequential(ONE, Wide(), nn.Conv2d(4, 2, 1)), {"0": FOUR}, "a sum with another width"),
    (NEURONS, nn.Sequential(nn.Linear(3, 4), nn.MaxPool1d(2), nn.Linear(2, 2)), {"0": FOUR}, "MaxPool1d"),
    (CHANNELS, Join(lambda a, b: a.view(a.size(1), -1), nn.Linear(36, 2)), {"a": FOUR}, "operation 'view'"),
    (CHANNELS, Join(lambda a, b: a.mean(2), nn.Conv1d(4, 2, 1)), {"a": FOUR}, "operation 'mean'"),
    (CHANNELS, Join(lambda a, b: a.view(-1, 144), nn.Linear(144, 2)), {"a": FOUR}, "operation 'view'"),
    (CHANNELS, Join(lambda a, b: a.transpose(1, 2), nn.Conv2d(6, 2, 1)), {"a": FOUR}, "operation 'transpose'"),
    (CHANNELS, Join(lambda a, b: a + 1), {"a": FOUR}, "operation 'add'"),
    (CHANNELS, Join(lambda a, b: a.mean(1, keepdim=True), nn.Conv2d(1, 2, 1)), {"a": FOUR}, "operation 'mean'"),
    (CHANNELS, Join(lambda a, b: b), {"a": FOUR, "b": FOUR & False}, "keeps nothing"),
]


@pytest.mark.parametrize("remove, model, kept, words", REFUSED)
def test_what_cannot_be_removed_is_refused_and_the_model_stays(remove, model, kept, words):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(ValueError, match=words):
        remove(model, kept)
    after = model.state_dict()
    assert list(after) == list(before) and all(torch.equal(before[name], after[name]) for name in before)


def test_one_array_is_enough_for_layers_that_are_summed():
    """Whoever knew a group had to write its array once for every partner, and a forgotten one was an error."""
    torch.manual_seed(4)
    model = Join(torch.add)
    by_both = remove_channels(model, {"a": FOUR, "b": FOUR.copy()}).state_dict()
    for name in "ab":
        by_one = remove_channels(model, {name: FOUR}).state_dict()
        assert all(torch.equal(by_both[key], by_one[key]) for key in by_both)


def test_constants_are_those_of_the_sum_whichever_partner_names_them():
    torch.manual_seed(5)
    model = Join(torch.add, nn.Linear(4, 2), LINEAR)
    with torch.no_grad():
        model.a.weight[1] = model.b.weight[1] = 0
    says, x = (model.a.bias + model.b.bias).detach().numpy(), torch.randn(6, 3)
    for name in "ab":
        assert torch.allclose(remove_neurons(model, {"a": FOUR}, constants={name: says})(x), model(x), atol=1e-6)
    with pytest.raises(ValueError, match=r"constants\['b'\]: these outputs are summed with those of 'a'"):
        remove_neurons(model, {"a": FOUR}, constants={"a": says, "b": says + 1})


@pytest.mark.parametrize(
    "constants, words",
    [
        ({"2": np.ones(4)}, r"constants\['2'\]: expected a layer in kept or coupled with one, \['0'\]"),
        ({"0": np.ones(3)}, r"constants\['0'\] of shape \(3,\): expected \(4,\)"),
        ({"0": np.full(4, np.nan)}, r"constants\['0'\]: 4 of 4 values are NaN"),
    ],
)
def test_constants_that_fit_no_unit_are_refused(constants, words):
    with pytest.raises(ValueError, match=words):
        remove_neurons(mlp(3, 4, 2, seed=0), {"0": FOUR}, constants=constants)


def test_constants_are_refused_where_layers_read_the_units_at_two_places():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = nn.Linear(3, 4), nn.Linear(4, 2), nn.Linear(4, 2)

        def forward(self, x):
            x = self.a(x)
            return self.b(x) + self.c(F.relu(x))

    remove_neurons(Net(), {"a": FOUR})
    with pytest.raises(ValueError, match=r"constants\['a'\]: layer 'c' reads these units"):
        remove_neurons(Net(), {"a": FOUR}, constants={"a": np.ones(4)})


def test_a_model_that_holds_masks_elsewhere_can_be_cut_after_a_forward_pass():
    model = mlp(3, 4, 4, 2, seed=0)
    apply_masks(model, {"4": np.ones((2, 4), dtype=bool)})
    model(torch.ones(1, 3))
    assert remove_neurons(model, {"0": FOUR})[0].out_features == 3
    twin = clone(model)
    make_permanent(twin)
    assert remove_neurons(twin, {"0": FOUR, "2": FOUR})[4].in_features == 3
