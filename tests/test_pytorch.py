"""Masks in PyTorch models, held by torch.nn.utils.prune: after every step, of any optimiser, in any layer."""

import copy
import gc

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from pruneutils import masks, measure, scores
from pruneutils.pytorch import GradualPruner, apply_masks, clone, make_permanent, masks_of, weights
from pruneutils.pytorch._layers import PRUNABLE
from pruneutils.schedules import Constant, Iterative, PolynomialDecay


class Nested(nn.Module):
    """Layers at several depths, one of them in a dictionary, beside a parameter that is not prunable."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(5))
        self.body = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Sequential(nn.LayerNorm(5), nn.Linear(5, 5)))
        self.heads = nn.ModuleDict({"a": nn.Linear(5, 3, bias=False)})

    def forward(self, X):
        return self.heads["a"](self.body(X) * self.scale)


MODELS = {  # name -> (constructor, shape of one sample, names of the prunable layers)
    "linear": (lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)), (6,), ["0", "2"]),
    "conv1d": (
        lambda: nn.Sequential(nn.Conv1d(2, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(24, 3)),
        (2, 8),
        ["0", "3"],
    ),
    "conv2d": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 3, 3, bias=False), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 3)
        ),
        (1, 6, 6),
        ["0", "4"],
    ),
    "nested": (Nested, (6,), ["body.0", "body.2.1", "heads.a"]),
}
OPTIMISERS = {
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.1),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9),
    "Adam": lambda parameters: torch.optim.Adam(parameters, lr=0.01),
    "AdamW": lambda parameters: torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.1),
}


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def build(kind="linear"):
    constructor, shape, names = MODELS[kind]
    return constructor(), torch.randn(16, *shape), names


def halves(model, seed=0):
    """Masks that share no structure with the weights."""
    return {name: masks.unstructured(scores.random(W, seed=seed), 0.5) for name, W in weights(model).items()}


def train_step(model, X, optimiser):
    optimiser.zero_grad()
    nn.functional.cross_entropy(model(X), torch.arange(len(X)) % 3).backward()
    optimiser.step()


def equal(these, those):
    """Whether two dictionaries hold the same arrays bit for bit under the same names."""
    return list(these) == list(those) and all(np.array_equal(these[name], those[name]) for name in these)


def state(model):
    """All that a refused call must leave as it was."""
    hooks = [list(module._forward_pre_hooks) for module in model.modules()]
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}, hooks


def same_state(model, before):
    (tensors, hooks), (now, hooks_now) = before, state(model)
    return (
        equal({k: v.numpy() for k, v in tensors.items()}, {k: v.numpy() for k, v in now.items()}) and hooks == hooks_now
    )


def by_hand(constructor, model, X):
    """The outputs of a plain model into which the zeros were written, without torch.nn.utils.prune."""
    plain, held = constructor(), dict(model.state_dict())
    values = {name: held[name] if name in held else held[f"{name}_orig"] for name in plain.state_dict()}
    for name in values:
        if f"{name}_mask" in held:
            values[name] = torch.where(held[f"{name}_mask"].bool(), values[name], 0.0)
    plain.load_state_dict(values)
    with torch.no_grad():
        return plain.train(model.training)(X)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_masks_hold_after_every_step_of_an_optimiser_with_kept_state(kind, optimiser):
    """Momentum, Adam's moments and weight decay move weights whose gradient is zero."""
    model, X, names = build(kind)
    optimiser = OPTIMISERS[optimiser](model.parameters())
    for _ in range(3):
        train_step(model, X, optimiser)
    wanted = halves(model)
    apply_masks(model, wanted)
    for _ in range(10):
        before = weights(model)
        train_step(model, X, optimiser)
        now = weights(model)
        for name in names:
            layer = model.get_submodule(name)
            assert (now[name][~wanted[name]] == 0).all()
            assert np.array_equal(now[name][wanted[name]], layer.weight_orig.detach().numpy()[wanted[name]])
            assert not np.array_equal(now[name], before[name]), f"{name} does not train"
        assert equal(masks_of(model), wanted)
        assert torch.equal(model(X), by_hand(MODELS[kind][0], model, X))


@pytest.mark.parametrize("kind", MODELS)
def test_weights_are_copies_of_the_prunable_weights_alone(kind):
    """A view would let a chapter change the model by accident; biases and normalisation are not prunable."""
    model, _, names = build(kind)
    taken, before = weights(model), state(model)
    assert list(taken) == names == list(masks_of(model))
    assert all(np.array_equal(taken[name], model.get_submodule(name).weight.detach()) for name in names)
    for W in taken.values():
        W[:] = 7
    assert same_state(model, before)
    assert all(mask.all() and mask.dtype == bool for mask in masks_of(model).values())


@pytest.mark.parametrize(
    "layer",
    [kind(2, 3, *[2] * (kind is not nn.Linear)) for kind in PRUNABLE],
    ids=lambda layer: layer._get_name(),
)
def test_every_prunable_kind_of_layer_can_be_pruned_alone(layer):
    apply_masks(layer, {"": masks.unstructured(np.abs(weights(layer)[""]), 0.5)})
    assert (weights(layer)[""] == 0).sum() == layer.weight.numel() // 2


@pytest.mark.parametrize("given_as", [np.array, torch.tensor, lambda mask: np.flip(np.flip(mask).copy())])
def test_masks_may_be_tensors_or_views_and_are_copied(given_as):
    model, X, _ = build()
    wanted = halves(model)
    handed_in = {name: given_as(mask) for name, mask in wanted.items()}
    apply_masks(model, handed_in)
    for mask in [*handed_in.values(), *masks_of(model).values()]:
        mask[:] = False
    model(X)
    assert equal(masks_of(model), wanted)


def test_layers_not_named_stay_as_they_are():
    model, _, _ = build()
    apply_masks(model, {"2": halves(model)["2"]})
    assert isinstance(model[0].weight, nn.Parameter) and not model[0]._forward_pre_hooks
    assert masks_of(model)["0"].all()


def test_layer_weight_is_current_as_soon_as_masks_are_applied():
    """torch renews the product at the next forward pass only; until then a reader sees the old mask."""
    model, _, _ = build()
    for seed in (0, 1):
        apply_masks(model, halves(model, seed))
        assert np.array_equal(model[0].weight.numpy() != 0, halves(model, seed)["0"])


def test_a_mask_that_grows_brings_back_the_value_held():
    model, _, _ = build()
    before = weights(model)
    apply_masks(model, halves(model))
    apply_masks(model, {name: np.ones_like(W, dtype=bool) for name, W in before.items()})
    assert equal(weights(model), before)


def test_gradual_pruning_of_3000_steps_leaves_one_hook_and_the_same_parameters():
    """One prune call a step grows a PruningContainer of thousands of masks, slower each step."""
    model, X, names = build()
    parameters, count = list(model.parameters()), []
    optimiser = OPTIMISERS["AdamW"](parameters)
    pruner = GradualPruner(
        model, PolynomialDecay(initial_sparsity=0.0, final_sparsity=0.8, begin_step=0, end_step=3000)
    )
    for step in range(3001):
        if step % 300 == 0:
            train_step(model, X, optimiser)
        pruner.step()
        if step in (301, 3000):
            gc.collect()
            count.append(sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects()))
    assert count[0] == count[1], "tensors pile up"
    assert {id(parameter) for parameter in model.parameters()} == {id(parameter) for parameter in parameters}
    for name in names:
        layer = model.get_submodule(name)
        (hook,) = layer._forward_pre_hooks.values()
        assert isinstance(hook, prune.CustomFromMask)
        assert set(dict(layer.named_buffers())) == {"weight_mask"}
    before = weights(model)
    train_step(model, X, optimiser)
    assert all((weights(model)[name] != before[name]).any() for name in names), "the optimiser trains stale parameters"


def test_a_model_pruned_twice_by_torch_takes_new_masks():
    """Two prune calls leave a PruningContainer, which has no mask of its own to change."""
    model, X, _ = build()
    for _ in range(2):
        prune.l1_unstructured(model[0], "weight", amount=0.5)
    held = masks_of(model)["0"]
    assert held.mean() == pytest.approx(0.25, abs=0.02)
    wanted = ~held
    apply_masks(model, {"0": wanted})
    model(X)
    assert np.array_equal(model[0].weight.detach().numpy() != 0, wanted)
    assert len(model[0]._forward_pre_hooks) == 1
    make_permanent(model)
    assert np.array_equal(model[0].weight.detach().numpy() != 0, wanted)


@pytest.mark.parametrize("pruned_before", [False, True])
@pytest.mark.parametrize(
    "bad",
    [
        {"2": np.ones((5, 3), dtype=bool)},
        {"2": np.ones((3, 5))},
        {"2": np.ones((3, 5), dtype=int)},
        {"1": np.ones((3, 5), dtype=bool)},
        {"nowhere": np.ones((3, 5), dtype=bool)},
    ],
    ids=["another shape", "floats", "integers", "not prunable", "no such layer"],
)
def test_a_bad_second_mask_leaves_the_first_layer_alone(bad, pruned_before):
    """A refused call that is half-applied leaves a model nobody asked for."""
    model, _, _ = build()
    if pruned_before:
        apply_masks(model, halves(model))
    before = state(model)
    with pytest.raises(ValueError, match=next(iter(bad))):
        apply_masks(model, {"0": np.zeros((5, 6), dtype=bool)} | bad)
    assert same_state(model, before)


@pytest.mark.parametrize("kind", MODELS)
def test_make_permanent_gives_a_plain_model_with_the_same_outputs(kind):
    """weight_orig and weight_mask in a saved state_dict are strangers to whoever loads it."""
    model, X, names = build(kind)
    constructor = MODELS[kind][0]
    plain_keys = list(constructor().state_dict())
    apply_masks(model, halves(model))
    masked = {f"{name}.weight_{part}" for name in names for part in ("orig", "mask")}
    assert set(model.state_dict()) == {key for key in plain_keys if key[: -len(".weight")] not in names} | masked
    wanted, zeros = model.eval()(X), {name: ~mask for name, mask in masks_of(model).items()}
    make_permanent(model)
    assert not any(np.signbit(W[zeros[name]]).any() for name, W in weights(model).items()), "-0.0 compresses badly"
    fresh = constructor().eval()
    fresh.load_state_dict(model.state_dict(), strict=True)
    assert torch.equal(fresh(X), wanted) and torch.equal(model(X), wanted)
    assert all((weights(fresh)[name][zeros[name]] == 0).all() for name in names)
    assert not any(module._forward_pre_hooks for module in model.modules())
    assert all(isinstance(model.get_submodule(name).weight, nn.Parameter) for name in names)
    make_permanent(model)
    assert torch.equal(model(X), wanted)


def test_a_masked_models_state_dict_goes_into_another_masked_model():
    model, X, _ = build()
    other, _, _ = build()
    apply_masks(model, halves(model, 0))
    apply_masks(other, halves(other, 1))
    other.load_state_dict(model.state_dict(), strict=True)
    assert equal(weights(other), weights(model)) and torch.equal(other(X), model(X))


def test_torch_still_fails_to_copy_a_pruned_model_that_has_run():
    """When this fails torch has mended https://github.com/pytorch/pytorch/issues/37322: ``clone`` may be simplified."""
    model, X, _ = build()
    apply_masks(model, halves(model))
    model(X)
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(model)


@pytest.mark.parametrize("kind", MODELS)
def test_clone_shares_nothing_with_a_pruned_model_that_has_run(kind):
    """Copies that share weights, or a hook, make two experiments one."""
    model, X, _ = build(kind)
    apply_masks(model, halves(model))
    optimiser = OPTIMISERS["AdamW"](model.parameters())
    train_step(model, X, optimiser)
    model(X)
    twin = clone(model)
    assert type(twin) is type(model) and twin.training == model.training
    assert equal(masks_of(twin), masks_of(model)) and torch.equal(twin(X), model(X))
    pointers = [
        {
            tensor.data_ptr()
            for module in m.modules()
            for tensor in [*vars(module).values(), *m.state_dict().values()]
            if isinstance(tensor, torch.Tensor)
        }
        for m in (model, twin)
    ]
    assert not pointers[0] & pointers[1]
    before = state(model)
    train_step(twin, X, OPTIMISERS["SGD"](twin.parameters()))
    apply_masks(twin, halves(twin, seed=1))
    assert same_state(model, before)
    wanted = weights(twin)
    train_step(model, X, optimiser)
    assert equal(weights(twin), wanted) and not equal(weights(model), wanted)


def test_clone_copies_a_model_whose_biases_torch_pruned_and_leaves_it_as_it_is():
    """deepcopy fails on any product of torch's prune; cutting the original's history would stop its training."""
    model, X, _ = build()
    for name in ("weight", "bias"):
        prune.l1_unstructured(model[0], name, amount=0.5)
        prune.l1_unstructured(model[2], name, amount=0.5)
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(model)
    products = [getattr(layer, name) for layer in (model[0], model[2]) for name in ("weight", "bias")]
    twin = clone(model)
    assert all(product.grad_fn is not None for product in products)
    assert torch.equal(twin(X), model(X)) and equal(masks_of(twin), masks_of(model))


def test_clone_takes_models_without_prunable_layers():
    assert torch.equal(clone(nn.LayerNorm(3)).weight, torch.ones(3))


@pytest.mark.parametrize(
    "call", [weights, masks_of, make_permanent, lambda model: GradualPruner(model, Constant(sparsity=0.5))]
)
def test_tied_weights_are_refused(call):
    """Two masks on one parameter would each undo the other in silence."""
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    model[2].weight = model[0].weight
    with pytest.raises(ValueError, match="'0' and '2' share one weight"):
        call(model)


class Language(nn.Module):
    """An embedding and an output layer, which may hold one weight."""

    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(7, 5), nn.Linear(5, 7)

    def forward(self, tokens):
        return self.head(self.embedding(tokens))


def tied_before():
    model = Language()
    model.head.weight = model.embedding.weight
    return model


def tied_after_masking():
    model = Language()
    apply_masks(model, {"head": np.ones((7, 5), dtype=bool)})
    model.head.weight_orig = model.embedding.weight
    return model


@pytest.mark.parametrize("tied", [tied_before, tied_after_masking])
def test_a_weight_tied_with_a_layer_that_is_not_prunable_is_refused(tied):
    """The embedding would go on using, and training, what the head's mask removed."""
    model = tied()
    before = state(model)
    for call in (weights, masks_of, lambda model: apply_masks(model, {"head": np.zeros((7, 5), dtype=bool)})):
        with pytest.raises(ValueError, match="'embedding' and 'head' share one weight"):
            call(model)
    assert same_state(model, before)
    assert list(weights(Language())) == ["head"]


def test_a_layer_used_in_two_places_is_one_layer():
    """It has one weight and one mask: nothing is tied."""
    layer = nn.Linear(4, 4)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    apply_masks(model, {"0": np.eye(4, dtype=bool)})
    assert list(weights(model)) == ["0"] and measure.sparsity(masks_of(model)) == 0.75


def test_every_masked_parameter_of_a_transformer_trains_and_what_cannot_is_refused():
    """MultiheadAttention never calls its out_proj: no hook renews the product, and a mask stopped its training."""
    model = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    X, optimiser = torch.randn(4, 3, 8), OPTIMISERS["AdamW"](model.parameters())
    wanted = halves(model)
    assert list(wanted) == ["linear1", "linear2"]
    before = state(model)
    mask = np.ones((8, 8), dtype=bool)
    with pytest.raises(ValueError, match=r"'self_attn.out_proj'.*no such layer"):
        apply_masks(model, wanted | {"self_attn.out_proj": mask})
    with pytest.raises(ValueError, match="at least one linear or convolutional layer"):
        weights(nn.MultiheadAttention(8, 2))
    assert same_state(model, before)
    apply_masks(model, wanted)
    for _ in range(3):
        optimiser.zero_grad()
        model(X).square().sum().backward()
        assert all(parameter.grad is not None and parameter.grad.any() for parameter in model.parameters())
        optimiser.step()
    assert all((weights(model)[name][~mask] == 0).all() for name, mask in wanted.items())


PARAMETRISED = {
    "weight_norm": parametrizations.weight_norm,
    "spectral_norm": parametrizations.spectral_norm,
    "older weight_norm": nn.utils.weight_norm,
    "older spectral_norm": nn.utils.spectral_norm,
}


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
@pytest.mark.parametrize("norm", PARAMETRISED)
def test_a_parametrised_layer_is_refused_before_any_layer_is_masked(norm):
    """torch's TypeError came when the layers before it were masked already."""
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), PARAMETRISED[norm](nn.Linear(5, 3)))
    before = state(model)
    both = {"0": np.zeros((5, 6), dtype=bool), "2": np.zeros((3, 5), dtype=bool)}
    with pytest.raises(ValueError, match=r"masks\['2'\].*parametrised"):
        apply_masks(model, both)
    assert same_state(model, before)
    apply_masks(model, {"0": both["0"]})
    assert not weights(model)["0"].any() and weights(model)["2"].any()


@pytest.mark.parametrize("value", [0.5, 2.0, -1.0, float("nan")])
@pytest.mark.parametrize(
    "call", [weights, masks_of, make_permanent, lambda model: apply_masks(model, halves(build()[0]))]
)
def test_masks_of_other_values_than_0_and_1_are_refused(call, value):
    """A gate of 0.5 read as True gave a weight twice as large as the one in use."""
    model, X, _ = build()
    soft = torch.ones(3, 5)
    soft[1, 2] = value
    prune.custom_from_mask(model[2], "weight", soft)
    before, twin = state(model), clone(model)
    assert torch.allclose(twin[2].weight, model[2].weight.detach(), equal_nan=True)
    with pytest.raises(ValueError, match=r"'2'.*0 and 1"):
        call(model)
    assert torch.allclose(model(X), twin(X), equal_nan=True) and list(model.state_dict()) == list(before[0])
    assert np.array_equal(model[2].weight_mask, soft, equal_nan=True)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_models_of_other_float_types_are_pruned(dtype):
    """NumPy has no bfloat16: taking such weights out raised TypeError."""
    model, X, names = build()
    model.to(dtype)
    taken = weights(model)
    for name in names:
        layer = model.get_submodule(name)
        assert taken[name].dtype == (np.float32 if dtype == torch.bfloat16 else layer.weight.detach().numpy().dtype)
        assert torch.equal(torch.from_numpy(taken[name]).to(dtype), layer.weight)
    apply_masks(model, halves(model))
    GradualPruner(model, Constant(sparsity=0.8)).step()
    assert model(X.to(dtype)).dtype == dtype and model[0].weight.dtype == dtype
    assert measure.sparsity(masks_of(model)) == round(0.8 * 45) / 45
    assert all((weights(model)[name][~mask] == 0).all() for name, mask in masks_of(model).items())


@pytest.mark.parametrize("scope", ["global", "layer"])
@pytest.mark.parametrize("optimiser", ["momentum", "AdamW"])
def test_gradual_pruner_is_exact_and_lets_nothing_back(scope, optimiser):
    model, X, _ = build("conv2d")
    optimiser = OPTIMISERS[optimiser](model.parameters())
    schedule = PolynomialDecay(initial_sparsity=0.1, final_sparsity=0.93, begin_step=2, end_step=20, frequency=3)
    pruner, kept = GradualPruner(model, schedule, scope=scope), masks_of(model)
    for step in range(25):
        train_step(model, X, optimiser)
        assert pruner.step() == pruner.sparsity == schedule(step)
        now = masks_of(model)
        assert not any((now[name] & ~kept[name]).any() for name in now), "a removed weight is back"
        groups = [list(now.values())] if scope == "global" else [[mask] for mask in now.values()]
        for group in groups:
            removed = sum(int((~mask).sum()) for mask in group)
            assert removed == round(schedule(step) * sum(mask.size for mask in group))
        kept = now


def test_gradual_pruner_leaves_the_model_alone_until_the_schedule_begins():
    model, _, _ = build()
    pruner = GradualPruner(model, Constant(sparsity=0.5, begin_step=2))
    before = state(model)
    assert (pruner.step(), pruner.step()) == (0.0, 0.0) and same_state(model, before)
    assert pruner.step() == 0.5 and not same_state(model, before)


def test_gradual_pruner_removes_the_lowest_of_the_current_weights():
    """Scores taken once, before training, or of masked weights, remove others."""
    model, X, _ = build()
    optimiser = OPTIMISERS["SGD"](model.parameters())
    pruner = GradualPruner(model, Iterative(final_sparsity=0.75, rounds=2))
    for _ in range(2):
        train_step(model, X, optimiser)
        before, kept = weights(model), masks_of(model)
        pruner.step()
        values = np.concatenate([np.abs(W[kept[name]]) for name, W in before.items()])
        cut = np.sort(values)[len(values) - sum(int(mask.sum()) for mask in masks_of(model).values())]
        for name, mask in masks_of(model).items():
            assert np.array_equal(mask, kept[name] & (np.abs(before[name]) >= cut))


def test_gradual_pruner_keeps_the_zeros_that_training_made_before_those_removed():
    """A kept weight of exactly 0 ties with the removed ones, which read 0, too."""
    model = nn.Sequential(nn.Linear(4, 1, bias=False))
    nn.init.zeros_(model[0].weight)
    apply_masks(model, {"0": np.array([[True, True, False, True]])})
    GradualPruner(model, Constant(sparsity=0.5)).step()
    assert masks_of(model)["0"].tolist() == [[False, True, False, True]]


@pytest.mark.parametrize("scope", ["global", "layer"])
@pytest.mark.parametrize("score", [np.abs, lambda W: W.astype(np.int8), lambda W: np.abs(W) * 1e-38 - 3e38])
def test_gradual_pruner_lets_nothing_back_where_denormals_are_flushed(score, scope):
    """The next float below 0 is a denormal, which the processor may be told to read as 0: a tie with kept weights."""
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush denormals")
    try:
        model = nn.Sequential(nn.Linear(4, 1, bias=False))
        nn.init.zeros_(model[0].weight)
        apply_masks(model, {"0": np.array([[True, True, False, True]])})
        GradualPruner(model, Constant(sparsity=0.25), score=score, scope=scope).step()
        assert masks_of(model)["0"].tolist() == [[True, True, False, True]]
    finally:
        torch.set_flush_denormal(False)


@pytest.mark.parametrize("scope", ["global", "layer"])
def test_gradual_pruner_on_a_sparser_model_lets_nothing_back(scope):
    """Wrapping an 80 % model at 50 % regrew it to 50 % elsewhere."""
    model, _, _ = build()
    apply_masks(model, {name: masks.unstructured(np.abs(W), 0.8) for name, W in weights(model).items()})
    before = masks_of(model)
    pruner = GradualPruner(model, Constant(sparsity=0.5), scope=scope)
    pruner.step()
    assert equal(masks_of(model), before)


def test_gradual_pruner_takes_any_score():
    model, _, _ = build()
    before = weights(model)
    GradualPruner(model, Constant(sparsity=0.5), score=lambda W: -np.abs(W), scope="layer").step()
    for name, mask in masks_of(model).items():
        assert np.abs(before[name][mask]).max() <= np.abs(before[name][~mask]).min()


@pytest.mark.parametrize(
    "score, words",
    [
        (lambda W: np.full_like(W, np.nan), "NaN"),
        (lambda W: np.abs(W).sum(axis=1, keepdims=True), r"'0'.*\(5, 1\).*\(5, 6\)"),
        (lambda W: 1.0, r"'0'.*\(\).*\(5, 6\)"),
    ],
    ids=["NaN", "one value a row", "one value"],
)
def test_a_score_of_the_wrong_kind_is_refused_and_nothing_changed(score, words):
    """A score per row would be broadcast in silence."""
    model, _, _ = build()
    before = state(model)
    with pytest.raises(ValueError, match=words):
        GradualPruner(model, Constant(sparsity=0.5), score=score).step()
    assert same_state(model, before)
