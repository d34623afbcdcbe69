"""What every adapter's ``GradualPruner`` takes: two kinds of scores, three of scope, and layers to leave alone."""

import keras
import numpy as np
import pytest
from torch import nn

import pruneutils.keras
import pruneutils.pytorch
from pruneutils import allocation, masks, measure
from pruneutils.schedules import Constant, PolynomialDecay

NAMES = ["first", "second", "head"]
SIZES = {"first": 6 * 40, "second": 40 * 10, "head": 10 * 3}


def in_torch():
    net = nn.Sequential()
    for name, inputs, outputs in [("first", 6, 40), ("second", 40, 10), ("head", 10, 3)]:
        net.add_module(name, nn.Linear(inputs, outputs))
    return net


def in_keras():
    units = {"first": 40, "second": 10, "head": 3}
    return keras.Sequential([keras.Input((6,)), *(keras.layers.Dense(n, name=name) for name, n in units.items())])


@pytest.fixture(params=[(pruneutils.pytorch, in_torch), (pruneutils.keras, in_keras)], ids=["pytorch", "keras"])
def adapter_and_model(request):
    adapter, build = request.param
    return adapter, build()


def ranks(adapter, model):
    """An arbitrary score of every weight, all different, whose layers overlap."""
    order = np.random.default_rng(0).permutation(sum(SIZES.values())).astype(float)
    scores, at = {}, 0
    for name, W in adapter.weights(model).items():
        scores[name], at = order[at : at + W.size].reshape(W.shape), at + W.size
    return scores


def removed(adapter, model):
    return {name: int((~mask).sum()) for name, mask in adapter.masks_of(model).items()}


@pytest.mark.parametrize("scope", ["global", "layer"])
def test_a_score_of_the_model_is_called_once_whenever_masks_are_made(adapter_and_model, scope):
    """One array at a time a score saw neither gradients, nor data, nor a name; asked twice, it costs twice."""
    adapter, model = adapter_and_model
    wanted, asked = ranks(adapter, model), []

    def score(given):
        asked.append(given)
        return wanted

    pruner = adapter.GradualPruner(model, [0.0, 0.3, 0.3, 0.6].__getitem__, score=score, scope=scope)
    for step, sparsity in enumerate([0.0, 0.3, 0.3, 0.6]):
        assert pruner.step() == sparsity
        assert len(asked) == [0, 1, 1, 2][step] and all(given is model for given in asked)
        if scope == "global":
            expected = masks.global_unstructured(wanted, sparsity)
        else:
            expected = {name: masks.unstructured(S, sparsity) for name, S in wanted.items()}
        assert all(np.array_equal(mask, expected[name]) for name, mask in adapter.masks_of(model).items())


def test_a_score_of_arrays_is_given_the_model_once_and_each_array_once_a_rise(adapter_and_model):
    adapter, model = adapter_and_model
    seen = []

    def score(W):
        seen.append(type(W).__name__)
        return np.abs(W)

    pruner = adapter.GradualPruner(model, [0.2, 0.4].__getitem__, score=score)
    pruner.step()
    assert seen == [type(model).__name__, *["ndarray"] * 3]
    pruner.step()
    assert seen[4:] == ["ndarray"] * 3


def test_a_score_of_arrays_that_answers_the_model_with_no_mapping_is_one_of_arrays(adapter_and_model):
    adapter, model = adapter_and_model
    adapter.GradualPruner(model, Constant(sparsity=0.5), score=lambda W: np.ones(np.shape(W))).step()
    assert measure.sparsity(adapter.masks_of(model)) == 0.5


def neither(given):
    raise KeyError(f"a {type(given).__name__} is not what I score")


def unequal(given):
    return {"first": np.ones((6, 40)), "second": np.ones((40, 10))}


@pytest.mark.parametrize(
    "score, words",
    [
        (neither, r"score=<function neither.*score\(array\) -> array.*a ndarray is not.*a Sequential is not"),
        (
            unequal,
            r"score\(model\) returned scores of \['first', 'second'\]: expected .* \['first', 'second', 'head'\]",
        ),
        (lambda model: dict.fromkeys(NAMES, np.ones(3)), r"scores of layer 'first' of shape \(3,\).*its weight"),
        (lambda model: dict.fromkeys(NAMES, "high"), r"scores of layer 'first' of dtype.*real numbers"),
    ],
    ids=["neither", "a layer without", "shapes", "words"],
)
def test_a_function_of_neither_kind_is_told_so_and_the_masks_stay(adapter_and_model, score, words):
    adapter, model = adapter_and_model
    pruner = adapter.GradualPruner(model, Constant(sparsity=0.5), score=score)
    with pytest.raises(ValueError, match=words):
        pruner.step()
    assert measure.sparsity(adapter.masks_of(model)) == 0


def test_once_known_to_score_models_a_function_fails_with_its_own_error(adapter_and_model):
    """Asked for arrays instead, it would fail for a reason of no interest."""
    adapter, model = adapter_and_model
    answers = iter([ranks(adapter, model)])
    pruner = adapter.GradualPruner(model, [0.2, 0.4].__getitem__, score=lambda model: next(answers))
    pruner.step()
    with pytest.raises(StopIteration):
        pruner.step()
    pruner.score = lambda model: None
    with pytest.raises(ValueError, match=r"score\(model\) returned a NoneType: expected a mapping"):
        pruner.step()


@pytest.mark.parametrize("scope", ["global", "layer", allocation.erdos_renyi_kernel])
def test_ignored_layers_stay_dense_and_do_not_count(adapter_and_model, scope):
    """A sparsity of all weights would take from the others what the ignored ones keep."""
    adapter, model = adapter_and_model
    schedule = PolynomialDecay(initial_sparsity=0.1, final_sparsity=0.75, begin_step=0, end_step=4)
    pruner = adapter.GradualPruner(model, schedule, scope=scope, ignored_layers=["head"])
    for _ in range(5):
        pruner.step()
    gone = removed(adapter, model)
    assert gone["head"] == 0 and gone["first"] + gone["second"] == 0.75 * (SIZES["first"] + SIZES["second"])
    if adapter is pruneutils.pytorch:
        assert not hasattr(model.head, "weight_mask")
    else:
        assert model.get_layer("head").kernel.constraint is None


def test_what_an_ignored_layer_already_holds_stays(adapter_and_model):
    adapter, model = adapter_and_model
    head = masks.unstructured(np.abs(adapter.weights(model)["head"]), 0.5)
    adapter.apply_masks(model, {"head": head})
    adapter.GradualPruner(model, Constant(sparsity=0.9), ignored_layers={"head"}).step()
    assert np.array_equal(adapter.masks_of(model)["head"], head)


def test_a_score_of_the_model_need_not_score_what_is_ignored(adapter_and_model):
    adapter, model = adapter_and_model
    wanted = {name: S for name, S in ranks(adapter, model).items() if name != "head"}
    adapter.GradualPruner(model, Constant(sparsity=0.5), score=lambda _: wanted, ignored_layers=("head",)).step()
    assert sum(removed(adapter, model).values()) == (SIZES["first"] + SIZES["second"]) / 2


@pytest.mark.parametrize(
    "ignored, words",
    [
        ("head", "ignored_layers='head': expected a list of layer names"),
        (None, "ignored_layers=None: expected a list"),
        (["heads"], r"ignored_layers=\['heads'\]: the model has no layer 'heads'.*'second'"),
        (NAMES, r"ignored_layers=.*at least one layer of .* left to prune"),
    ],
)
def test_ignored_layers_that_do_not_fit_are_refused(adapter_and_model, ignored, words):
    """A bare string is a sequence, too: of letters."""
    adapter, model = adapter_and_model
    with pytest.raises(ValueError, match=words):
        adapter.GradualPruner(model, Constant(sparsity=0.5), ignored_layers=ignored)


def test_shares_of_layers_come_from_an_allocation_at_every_rise(adapter_and_model):
    adapter, model = adapter_and_model
    pruner = adapter.GradualPruner(model, [0.3, 0.9].__getitem__, scope=allocation.erdos_renyi_kernel)
    for sparsity in (0.3, 0.9):
        pruner.step()
        shapes = {name: W.shape for name, W in adapter.weights(model).items()}
        shares = allocation.erdos_renyi_kernel(shapes, sparsity)
        assert removed(adapter, model) == {name: round(shares[name] * SIZES[name]) for name in NAMES}
    assert len(set(shares.values())) == 3


def test_an_allocation_that_later_asks_for_less_of_a_layer_lets_nothing_back(adapter_and_model):
    adapter, model = adapter_and_model
    turns = iter([{"first": 0.8, "second": 0.1, "head": 0.0}, {"first": 0.1, "second": 0.9, "head": 0.0}])
    pruner = adapter.GradualPruner(model, [0.3, 0.6].__getitem__, scope=lambda shapes, sparsity: next(turns))
    pruner.step()
    before = adapter.masks_of(model)["first"]
    pruner.step()
    assert np.array_equal(adapter.masks_of(model)["first"], before)
    assert removed(adapter, model) == {"first": 192, "second": 360, "head": 0}


@pytest.mark.parametrize(
    "scope, words",
    [
        (lambda shapes, sparsity: sparsity, r"scope\(shapes, sparsity\) returned 0.5: expected a share for each of"),
        (lambda shapes, sparsity: {"first": 0.5}, r"scope\(shapes, sparsity\) returned {'first': 0.5}: expected"),
        (lambda shapes, sparsity: dict.fromkeys(shapes, 1.0), r"sparsity\)\['first'\]=1.0: expected a fraction"),
    ],
    ids=["one number", "a layer without", "all of a layer"],
)
def test_an_allocation_that_does_not_fit_is_refused_and_the_masks_stay(adapter_and_model, scope, words):
    adapter, model = adapter_and_model
    pruner = adapter.GradualPruner(model, Constant(sparsity=0.5), scope=scope)
    with pytest.raises(ValueError, match=words):
        pruner.step()
    assert measure.sparsity(adapter.masks_of(model)) == 0


def test_in_fit_a_score_of_the_model_and_an_ignored_layer_hold_batch_by_batch():
    """Where the head held no mask from the start, none may come to it at the end of ``fit`` either."""
    model = in_keras()
    model.compile("sgd", "mse")
    pruner = pruneutils.keras.GradualPruner(
        model,
        Constant(sparsity=0.5, begin_step=2),
        score=lambda model: {name: np.abs(W) for name, W in pruneutils.keras.weights(model).items()},
        ignored_layers=["head"],
    )
    model.fit(np.ones((8, 6)), np.ones((8, 3)), batch_size=2, verbose=0, callbacks=[pruner])
    assert sum(removed(pruneutils.keras, model).values()) == (SIZES["first"] + SIZES["second"]) / 2
    assert model.get_layer("head").kernel.constraint is None
