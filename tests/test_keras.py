"""Masks in Keras 3 models, held by constraints: in every batch of every optimiser, traced or not, saved or not."""

import copy
import inspect
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import torch

import pruneutils.keras
from pruneutils import masks, measure, pytorch, scores
from pruneutils.keras import GradualPruner, apply_masks, make_permanent, masks_of, weights
from pruneutils.keras._layers import BACKENDS, HeldMask
from pruneutils.schedules import Constant, Iterative, PolynomialDecay

layers, TENSORFLOW = keras.layers, keras.backend.backend() == "tensorflow"
only_tensorflow = pytest.mark.skipif(not TENSORFLOW, reason="of the TensorFlow backend")


def dense():
    inputs = keras.Input((6,))
    x = layers.Dense(5, activation="relu", name="hidden")(inputs)
    return keras.Model(inputs, layers.Dense(3, name="head")(layers.LayerNormalization()(x)))


def conv():
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(3, 3, use_bias=False, name="conv"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(name="flat"),
            layers.Dense(3, name="head"),
        ]
    )


def conv1d():
    kinds = [
        layers.DepthwiseConv1D(3, name="depthwise"),
        layers.Conv1D(4, 3, name="conv"),
        layers.Conv1DTranspose(3, 2, name="transposed"),
    ]
    return keras.Sequential([keras.Input((8, 2)), *kinds, layers.GlobalMaxPooling1D()])


def nested():
    """A model in a model, a layer used twice, and one inside a wrapper."""
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(6, activation="relu", name="hidden")], name="inner")
    twice, inputs = layers.Dense(6, name="hidden"), keras.Input((4, 6))
    x = layers.TimeDistributed(inner, name="each")(twice(twice(inputs)))
    return keras.Model(inputs, layers.Dense(3, name="head")(layers.Flatten()(x)))


@keras.saving.register_keras_serializable(package="tests")
class Block(keras.Layer):
    """A layer of one's own, with others in an attribute and in a list."""

    def __init__(self, **options):
        super().__init__(**options)
        self.first, self.more = layers.Dense(6), [layers.Dense(6), layers.Dense(3)]

    def call(self, x):
        return self.more[1](self.more[0](self.first(x)))


def own():
    return keras.Sequential([keras.Input((6,)), Block(name="block")])


MODELS = {  # name -> (constructor, shape of one sample, names of the prunable layers)
    "dense": (dense, (6,), ["hidden", "head"]),
    "conv": (conv, (6, 6, 1), ["conv", "head"]),
    "conv1d": (conv1d, (8, 2), ["depthwise", "conv", "transposed"]),
    "nested": (nested, (4, 6), ["hidden", "each/layer/hidden", "head"]),
    "own": (own, (6,), ["block/first", "block/more/0", "block/more/1"]),
}
OPTIMISERS = {
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    "Adam": lambda: keras.optimizers.Adam(0.01),
    "AdamW": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
}


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


def build(kind="dense"):
    constructor, shape, names = MODELS[kind]
    return constructor(), np.random.default_rng(0).normal(size=(16, *shape)).astype(np.float32), names


def compile_(model, optimiser="Adam", **options):
    if isinstance(optimiser, str):
        optimiser = OPTIMISERS[optimiser]()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimiser, loss, **{"jit_compile": False} | options)  # XLA takes its time


def fit(model, X, *callbacks, epochs=1, batch_size=4):
    y = np.arange(len(X)) % 3
    return model.fit(X, y, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=list(callbacks))


def layer_at(model, name):
    """Find a layer by its name without our code."""
    for part in name.split("/"):
        if isinstance(model, list):
            model = model[int(part)]
        else:
            private = part if hasattr(model, part) else f"_{part}"
            model = model.get_layer(part) if isinstance(model, keras.Model) else getattr(model, private)
    return model


def kernels(model, names):
    return {name: layer_at(model, name).kernel.numpy() for name in names}


def outputs(model, X):
    return keras.ops.convert_to_numpy(model(X))


def halves(model, seed=0):
    """Masks that share no structure with the weights."""
    return {name: masks.unstructured(scores.random(M, seed=seed), 0.5) for name, M in masks_of(model).items()}


def equal(these, those):
    """Whether two dictionaries hold the same arrays bit for bit under the same names."""
    return list(these) == list(those) and all(np.array_equal(these[name], those[name]) for name in these)


def zeros_hold(model, held):
    return not any(W[~held[name]].any() for name, W in kernels(model, held).items())


def state(model):
    """All that a refused call must leave as it was."""
    constraints = [variable.constraint for variable in model.trainable_variables]
    held = [constraint.mask.numpy() for constraint in constraints if isinstance(constraint, HeldMask)]
    return [*model.get_weights(), *held], [*constraints, getattr(model, "train_function", None)]


def same_state(model, before):
    (arrays, objects), (now, objects_now) = before, state(model)
    same = all(a is b for a, b in zip(objects, objects_now, strict=True))
    return same and all(np.array_equal(a, b) for a, b in zip(arrays, now, strict=True))


class Watch(keras.callbacks.Callback):
    """Compare the kernels with the masks after each batch and epoch; the masks of a batch may be changed before."""

    def __init__(self, pruned, before_batch=lambda batch: None):
        super().__init__()
        self.pruned, self.before_batch, self.seen, self.exact = pruned, before_batch, [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.before_batch(len(self.seen))

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(masks_of(self.pruned))
        self.exact.append(zeros_hold(self.pruned, self.seen[-1]))

    def on_epoch_end(self, epoch, logs=None):
        self.exact.append(zeros_hold(self.pruned, masks_of(self.pruned)))


@pytest.mark.parametrize(
    "kind, optimiser, when",
    [
        ("dense", "Adam", "before"),
        ("conv", "momentum", "before"),
        ("dense", "momentum", "after"),
        ("conv", "Adam", "after"),
        ("dense", "momentum", "trained"),
        ("conv", "AdamW", "trained"),
    ],
)
def test_masks_hold_in_every_batch_and_epoch(kind, optimiser, when):
    """Momentum and moments move weights whose gradient is 0; a step traced before the mask ignores it."""
    model, X, names = build(kind)
    if when != "after":
        compile_(model, optimiser)
    if when == "trained":
        fit(model, X, epochs=2)
    wanted, before = halves(model), kernels(model, names)
    apply_masks(model, wanted)
    if when == "after":
        compile_(model, optimiser)
    watch = Watch(model)
    fit(model, X, watch, epochs=2)
    assert len(watch.exact) == 10 and all(watch.exact)
    assert all(equal(held, wanted) for held in watch.seen)
    after = kernels(model, names)
    assert all((after[name] != before[name])[wanted[name]].all() for name in names), "what is kept does not train"
    assert not any(np.signbit(after[name][~wanted[name]]).any() for name in names), "-0.0 compresses badly"


@pytest.mark.parametrize("kind", ["conv1d", "own"])
def test_masks_that_change_in_every_batch_are_read_by_one_traced_step(kind):
    """An array in a constraint is a constant of the graph: masks changed later were ignored."""
    model, X, names = build(kind)
    compile_(model, "Adam")
    fit(model, X)
    apply_masks(model, halves(model))
    steps = []

    def change(batch):
        steps.append(model.train_function)
        apply_masks(model, halves(model, seed=batch))

    watch = Watch(model, change)
    fit(model, X, watch, epochs=2)
    assert all(watch.exact) and len(watch.seen) == 8
    assert all(equal(held, halves(model, seed)) for seed, held in enumerate(watch.seen))
    assert len(set(map(id, steps))) == 1, "each change builds the train step anew"
    for name in names:
        layer = layer_at(model, name)
        assert isinstance(layer.kernel.constraint, HeldMask) and layer.kernel.constraint.inner is None


def test_first_masks_given_in_the_middle_of_fit_hold_from_the_next_batch_on():
    model, X, _ = build()
    compile_(model, "Adam")
    watch = Watch(model, lambda batch: apply_masks(model, halves(model)) if batch == 2 else None)
    fit(model, X, watch, epochs=2)
    assert all(watch.exact) and [measure.sparsity(held) > 0 for held in watch.seen] == [False] * 2 + [True] * 6


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"jit_compile": True}, marks=only_tensorflow),
        {"run_eagerly": True},
    ],
    ids=str,
)
def test_masks_hold_however_the_step_is_compiled(options):
    model, X, _ = build("conv")
    compile_(model, "Adam", **options)
    schedule = PolynomialDecay(initial_sparsity=0.2, final_sparsity=0.9, begin_step=0, end_step=6)
    watch = Watch(model)
    fit(model, X, GradualPruner(model, schedule), watch, epochs=2)
    assert all(watch.exact) and measure.sparsity(masks_of(model)) == pytest.approx(0.9, abs=0.005)


@pytest.mark.parametrize(
    "kind, scope", [("dense", "layer"), ("conv", "global"), ("nested", "global"), ("own", "layer")]
)
def test_gradual_pruner_is_exact_in_every_batch_and_lets_nothing_back(kind, scope):
    model, X, names = build(kind)
    compile_(model, "momentum")
    schedule = PolynomialDecay(initial_sparsity=0.1, final_sparsity=0.83, begin_step=1, end_step=6, frequency=2)
    pruner, watch = GradualPruner(model, schedule, scope=scope), Watch(model)
    history = fit(model, X, pruner, watch, epochs=2).history
    assert all(watch.exact) and pruner.sparsity == 0.83
    assert history["sparsity"] == [schedule(3), schedule(7)]
    for step, held in enumerate(watch.seen):
        assert list(held) == names
        groups = [list(held.values())] if scope == "global" else [[mask] for mask in held.values()]
        for group in groups:
            removed = sum(int((~mask).sum()) for mask in group)
            assert removed == round(schedule(step) * sum(mask.size for mask in group))
        earlier = watch.seen[max(step - 1, 0)]
        assert not any((held[name] & ~earlier[name]).any() for name in held), "a removed weight is back"


def test_gradual_pruner_removes_the_lowest_of_the_current_weights():
    """Scores taken before training remove others."""
    model, X, names = build()
    compile_(model, "Adam", run_eagerly=True)
    pruner = GradualPruner(model, Iterative(final_sparsity=0.75, rounds=2))
    for _ in range(2):
        fit(model, X)
        before, kept = kernels(model, names), masks_of(model)
        pruner.step()
        values = np.concatenate([np.abs(W[kept[name]]) for name, W in before.items()])
        cut = np.sort(values)[len(values) - sum(int(mask.sum()) for mask in masks_of(model).values())]
        for name, mask in masks_of(model).items():
            assert np.array_equal(mask, kept[name] & (np.abs(before[name]) >= cut))


def test_gradual_pruner_counts_batches_from_one_fit_to_the_next():
    model, X, _ = build()
    compile_(model, "Adam", run_eagerly=True)
    asked = []
    pruner = GradualPruner(model, lambda step: asked.append(step) or 0.0)
    fit(model, X[:10], pruner, epochs=2)
    fit(model, X, pruner)
    assert asked == list(range(10))


@only_tensorflow
def test_gradual_pruner_counts_the_batches_that_one_call_executes():
    """Five batches an epoch, two at a time: the last call of an epoch executes one."""
    model, X, _ = build()
    compile_(model, "Adam", steps_per_execution=2)
    asked = []
    fit(model, np.concatenate([X, X[:4]]), GradualPruner(model, lambda step: asked.append(step) or 0.0), epochs=2)
    assert asked == [1, 3, 4, 6, 8, 9]


def test_gradual_pruner_on_a_sparser_model_lets_nothing_back():
    model, _, _ = build()
    apply_masks(model, {name: masks.unstructured(np.abs(W), 0.8) for name, W in weights(model).items()})
    before = masks_of(model)
    GradualPruner(model, Constant(sparsity=0.5)).step()
    assert equal(masks_of(model), before)


def test_gradual_pruner_keeps_its_sparsity_where_the_schedule_falls():
    model, _, _ = build()
    wanted = [0.4, 0.2, 0.6]
    pruner = GradualPruner(model, wanted.__getitem__)
    assert [pruner.step() for _ in wanted] == [0.4, 0.4, 0.6]
    assert measure.sparsity(masks_of(model)) == 27 / 45


def test_gradual_pruner_prunes_a_part_of_the_model_that_trains():
    """A larger model that has trained knows nothing of masks given to a part of it."""
    part, X, names = build()
    whole = keras.Sequential([keras.Input((6,)), part, layers.Dense(3, name="top")])
    compile_(whole, "Adam")
    fit(whole, X)
    pruner, watch = GradualPruner(part, Constant(sparsity=0.8)), Watch(part)
    fit(whole, X, pruner, watch, epochs=2)
    assert all(watch.exact) and list(masks_of(part)) == names and measure.sparsity(masks_of(part)) == 36 / 45
    assert masks_of(whole)["top"].all()


@only_tensorflow
def test_a_train_step_traced_before_the_masks_is_found_out():
    """Nobody can rebuild another model's train step; weights must not say that all is well."""
    part, X, _ = build()
    whole = keras.Sequential([keras.Input((6,)), part])
    compile_(whole, "Adam")
    fit(whole, X)
    apply_masks(part, halves(part))
    fit(whole, X)
    with pytest.raises(ValueError, match=r"'hidden': \d+ removed weights are not 0.*traced before"):
        weights(part)
    compile_(whole, "Adam")
    fit(whole, X)
    assert zeros_hold(part, halves(part)) and len(weights(part)) == 2


@only_tensorflow
def test_step_in_a_training_loop_of_ones_own():
    import tensorflow as tf

    model, X, _ = build()
    optimiser, y = OPTIMISERS["Adam"](), np.arange(len(X)) % 3
    schedule = PolynomialDecay(initial_sparsity=0.1, final_sparsity=0.8, begin_step=2, end_step=8)
    pruner = GradualPruner(model, schedule)

    @tf.function
    def train_step():
        with tf.GradientTape() as tape:
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, model(X))
        optimiser.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    for step in range(12):
        train_step()
        assert zeros_hold(model, masks_of(model))
        assert pruner.step() == schedule(step)
        assert zeros_hold(model, masks_of(model))
        assert sum(int((~mask).sum()) for mask in masks_of(model).values()) == round(45 * schedule(step))


@pytest.mark.parametrize("policy", ["mixed_float16", "bfloat16"])
def test_models_of_other_float_types_are_pruned(policy):
    """NumPy has no bfloat16."""
    keras.config.set_dtype_policy(policy)
    try:
        model, X, _ = build()
    finally:
        keras.config.set_dtype_policy("float32")
    compile_(model, "Adam")
    watch = Watch(model)
    fit(model, X, GradualPruner(model, Constant(sparsity=0.8)), watch, epochs=2)
    assert all(watch.exact) and measure.sparsity(masks_of(model)) == 36 / 45
    for name, W in weights(model).items():
        kernel = layer_at(model, name).kernel
        assert W.dtype == ("float32" if kernel.dtype == "bfloat16" else kernel.dtype)
        assert np.array_equal(W, kernel.numpy().astype(W.dtype))


def test_averaged_weights_are_masked_at_the_end_of_fit():
    """Keras overwrites the weights by their averages, in which removed weights live on, past all constraints."""
    model, X, _ = build()
    compile_(model, keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9), run_eagerly=True)
    fit(model, X, GradualPruner(model, Constant(sparsity=0.8, begin_step=4)), epochs=2)
    assert zeros_hold(model, masks_of(model)) and measure.sparsity(masks_of(model)) == 36 / 45


def test_a_restored_best_epoch_is_masked_if_the_pruner_comes_last_and_found_out_if_not():
    """EarlyStopping brings back weights of an epoch in which fewer were removed."""
    for order, exact in [(slice(None), True), (slice(None, None, -1), False)]:
        model, X, _ = build()
        compile_(model, "Adam", run_eagerly=True)
        pruner = GradualPruner(model, Constant(sparsity=0.8, begin_step=6))
        stopper = keras.callbacks.EarlyStopping("loss", mode="max", patience=9, restore_best_weights=True)
        fit(model, X, *[stopper, pruner][order], epochs=3)
        assert zeros_hold(model, masks_of(model)) == exact
        if not exact:
            with pytest.raises(ValueError, match=r"removed weights are not 0.*apply_masks"):
                weights(model)
        apply_masks(model, masks_of(model))
        assert zeros_hold(model, masks_of(model)) and measure.sparsity(masks_of(model)) == 36 / 45 and weights(model)


@keras.saving.register_keras_serializable(package="tests")
class AtLeast(keras.constraints.Constraint):
    """A constraint that would lift removed weights off 0."""

    def __call__(self, w):
        return keras.ops.maximum(w, 0.125)


@pytest.mark.parametrize("own", [keras.constraints.UnitNorm(axis=0), keras.constraints.NonNeg(), AtLeast()])
def test_a_constraint_of_the_layers_own_acts_on_what_is_kept_and_comes_back(own):
    model = keras.Sequential([keras.Input((6,)), layers.Dense(3, kernel_constraint=own, name="head")])
    compile_(model, "Adam")
    wanted = {"head": np.array([[True, True, False]] * 3 + [[False, True, True]] * 3)}
    apply_masks(model, wanted)
    fit(model, build()[1], epochs=2)
    layer = model.get_layer("head")
    W, mask = layer.kernel.numpy(), wanted["head"]
    assert not W[~mask].any()
    if isinstance(own, keras.constraints.UnitNorm):
        assert np.allclose(np.linalg.norm(W, axis=0), 1, atol=1e-5)
    else:
        assert W.min() >= 0 and W[mask].max() > 0 and (isinstance(own, keras.constraints.NonNeg) or W[mask].min() > 0)
    copied = copy.deepcopy(model)
    for made_permanent in (model, copied):
        make_permanent(made_permanent)
    assert layer.kernel.constraint is own and layer.kernel_constraint is own
    assert type(copied.get_layer("head").kernel.constraint) is type(own), "lost in saving"
    if isinstance(own, AtLeast):
        fit(model, build()[1])
        assert layer.kernel.numpy().min() > 0, "the old mask is still held"


@pytest.mark.parametrize("kind", ["nested", "own"])
def test_make_permanent_gives_a_plain_model_with_the_same_outputs(kind, tmp_path):
    model, X, names = build(kind)
    plain = json.dumps(keras.saving.serialize_keras_object(model))
    variables = [layer_at(model, name).kernel for name in names]
    compile_(model, "Adam")
    apply_masks(model, halves(model))
    fit(model, X)
    wanted, held = outputs(model, X), masks_of(model)
    apply_masks(model, held)
    make_permanent(model)
    assert np.array_equal(outputs(model, X), wanted)
    assert [layer_at(model, name).kernel for name in names] == variables
    assert zeros_hold(model, held) and all(mask.all() for mask in masks_of(model).values())
    config = keras.saving.serialize_keras_object(model)
    assert json.dumps({**config, "compile_config": None}) == json.dumps({**json.loads(plain), "compile_config": None})
    model.save(tmp_path / "plain.keras")
    with zipfile.ZipFile(tmp_path / "plain.keras") as file:
        assert b"pruneutils" not in file.read("config.json")
    make_permanent(model)
    before = kernels(model, names)
    fit(model, X, epochs=2)
    assert not zeros_hold(model, held), "a mask is still held"
    assert all((layer_at(model, name).kernel.numpy() != before[name]).any() for name in names)


def save_while_held(kind, path):
    model, X, _ = build(kind)
    compile_(model, "Adam", run_eagerly=True)
    fit(model, X, GradualPruner(model, Constant(sparsity=0.7)), epochs=2)
    model.save(path)
    return model, X


def test_a_model_saved_while_masks_are_held_is_loaded_with_them(tmp_path):
    model, X = save_while_held("nested", tmp_path / "held.keras")
    loaded = keras.saving.load_model(tmp_path / "held.keras")
    assert equal(masks_of(loaded), masks_of(model)) and equal(weights(loaded), weights(model))
    assert np.array_equal(outputs(loaded, X), outputs(model, X))
    watch, before = Watch(loaded), masks_of(model)
    pruner = GradualPruner(loaded, Constant(sparsity=0.9, begin_step=2))
    fit(loaded, X, pruner, watch, epochs=2)
    assert all(watch.exact) and equal(watch.seen[1], before)
    size = sum(mask.size for mask in before.values())
    assert measure.sparsity(masks_of(loaded)) == round(0.9 * size) / size
    assert equal(masks_of(model), before), "two models share a mask"


def test_masks_of_layers_made_by_a_class_of_ones_own_are_applied_again_by_name(tmp_path):
    """Such a class makes its layers anew on loading; their names are those of its attributes, so that masks fit."""
    model, X = save_while_held("own", tmp_path / "held.keras")
    np.savez(tmp_path / "masks.npz", **masks_of(model))
    loaded = keras.saving.load_model(tmp_path / "held.keras")
    assert equal(kernels(loaded, masks_of(model)), weights(model))
    assert all(mask.all() for mask in masks_of(loaded).values()), "masks travel now: say so in pruneutils.keras"
    apply_masks(loaded, dict(np.load(tmp_path / "masks.npz")))
    watch = Watch(loaded)
    fit(loaded, X, watch)
    assert all(watch.exact) and equal(masks_of(loaded), masks_of(model))


FRESH = """
import sys
import keras, numpy as np
folder, X = sys.argv[1], np.load(sys.argv[1] + "/X.npy")
wanted = np.load(sys.argv[1] + "/wanted.npy")
plain = keras.saving.load_model(folder + "/plain.keras")
assert np.allclose(plain(X), wanted, atol=1e-6) and (plain.get_layer("head").kernel.numpy() == 0).mean() > 0.5
try:
    keras.saving.load_model(folder + "/held.keras")
except TypeError as error:
    assert "HeldMask" in str(error)
else:
    raise AssertionError("loaded without our class")
assert not any(name.startswith("pruneutils") for name in sys.modules)
from pruneutils.keras import masks_of, weights
held = keras.saving.load_model(folder + "/held.keras")
assert np.allclose(held(X), wanted, atol=1e-6)
masks = masks_of(held)
assert all(np.array_equal(masks[name], mask) for name, mask in np.load(folder + "/masks.npz").items())
held.run_eagerly = False  # trace the step
held.fit(X, np.arange(len(X)) % 3, verbose=0, epochs=2)
assert all(not W[~masks[name]].any() and (W != 0).any() for name, W in weights(held).items())
"""


@only_tensorflow
def test_in_a_fresh_process_a_permanent_file_needs_nothing_of_ours_and_a_held_one_its_import(tmp_path):
    model, X = save_while_held("conv", tmp_path / "held.keras")
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "wanted.npy", outputs(model, X))
    np.savez(tmp_path / "masks.npz", **masks_of(model))
    make_permanent(model)
    model.save(tmp_path / "plain.keras")
    environment = os.environ | {"PYTHONPATH": str(Path(pruneutils.__file__).parents[1])}
    run = [sys.executable, "-c", FRESH, str(tmp_path)]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]


@only_tensorflow
@pytest.mark.slow
def test_all_of_this_holds_on_the_pytorch_backend():
    environment = os.environ | {"KERAS_BACKEND": "torch"}
    options = ["-q", "-x", "-W", "ignore", "-p", "no:cacheprovider", "-n", "0"]
    run = [sys.executable, "-m", "pytest", *options, __file__]
    done = subprocess.run(run, cwd=Path(__file__).parents[1], capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout[-3000:]


@pytest.mark.parametrize("twin_of", [copy.deepcopy, keras.models.clone_model], ids=["deepcopy", "clone_model"])
def test_a_copy_shares_neither_weights_nor_masks(twin_of):
    model, _, _ = build("conv")
    apply_masks(model, halves(model))
    twin = twin_of(model)
    twin.set_weights(model.get_weights())
    assert equal(masks_of(twin), masks_of(model)) and equal(weights(twin), weights(model))
    before = state(model)
    apply_masks(twin, halves(twin, seed=1))
    assert same_state(model, before) and not equal(masks_of(twin), masks_of(model))


@pytest.mark.parametrize("kind", MODELS)
def test_weights_are_copies_of_the_prunable_kernels_alone(kind):
    """A view would let a chapter change the model by accident; biases and normalisation are not prunable."""
    model, _, names = build(kind)
    taken, held, before = weights(model), masks_of(model), state(model)
    assert list(taken) == names == list(held) == list(masks_of(MODELS[kind][0]())), "names differ from build to build"
    assert equal(taken, kernels(model, names)) and all(mask.all() and mask.dtype == bool for mask in held.values())
    for array in [*taken.values(), *held.values()]:
        array[:] = 0
    assert same_state(model, before) and all(mask.all() for mask in masks_of(model).values())


@pytest.mark.parametrize("given_as", [np.array, np.asfortranarray, np.ndarray.tolist])
def test_masks_may_be_views_or_lists_and_are_copied(given_as):
    model, _, _ = build()
    wanted = halves(model)
    handed_in = {name: given_as(mask) for name, mask in wanted.items()}
    apply_masks(model, handed_in)
    for mask in handed_in.values():
        mask[0] = False
    assert equal(masks_of(model), wanted)


def test_layers_not_named_stay_as_they_are():
    model, _, _ = build()
    apply_masks(model, {"head": halves(model)["head"]})
    hidden = model.get_layer("hidden")
    assert hidden.kernel.constraint is None and hidden.kernel_constraint is None and masks_of(model)["hidden"].all()


def test_a_layer_used_in_two_models_is_one_layer():
    """It has one kernel and one mask: nothing is tied."""
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="both")], name="inner")
    inputs = keras.Input((4,))
    model = keras.Model(inputs, inner(inner.get_layer("both")(inputs)))
    apply_masks(model, {next(iter(masks_of(model))): np.eye(4, dtype=bool)})
    assert len(weights(model)) == 1 and measure.sparsity(masks_of(inner)) == 0.75


def test_a_mask_that_grows_lets_training_go_on_from_zero():
    model, X, names = build()
    apply_masks(model, halves(model))
    everything = {name: np.ones_like(mask) for name, mask in masks_of(model).items()}
    held = masks_of(model)
    apply_masks(model, everything)
    assert zeros_hold(model, held)
    compile_(model, "Adam", run_eagerly=True)
    fit(model, X)
    assert all(W.all() for W in kernels(model, names).values())


KINDS = {  # prunable class -> options and the shape of one sample
    layers.Dense: ({"units": 4}, (6,)),
    layers.EinsumDense: ({"equation": "ab,bc->ac", "output_shape": 4}, (6,)),
    layers.DepthwiseConv1D: ({"kernel_size": 2}, (5, 2)),
    layers.DepthwiseConv2D: ({"kernel_size": 2}, (5, 5, 2)),
    layers.Conv1D: ({"kernel_size": 2, "filters": 4}, (5, 2)),
    layers.Conv2D: ({"kernel_size": 2, "filters": 4}, (5, 5, 2)),
    layers.Conv3D: ({"kernel_size": 2, "filters": 4}, (5, 5, 5, 2)),
    layers.Conv1DTranspose: ({"kernel_size": 2, "filters": 4}, (5, 2)),
    layers.Conv2DTranspose: ({"kernel_size": 2, "filters": 4}, (5, 5, 2)),
    layers.Conv3DTranspose: ({"kernel_size": 2, "filters": 4}, (5, 5, 5, 2)),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_prunable_kind_of_layer_can_be_pruned_alone_and_saved(kind, tmp_path):
    """Its constraint goes by the name of its argument: under another one the mask is not saved."""
    options, shape = KINDS[kind]
    model = keras.Sequential([keras.Input(shape), kind(**options, name="only")])
    plain = model.get_layer("only").get_config()
    apply_masks(model, {"only": masks.unstructured(np.abs(weights(model)["only"]), 0.5)})
    assert (weights(model)["only"] == 0).sum() == model.get_layer("only").kernel.numpy().size // 2
    model.save(tmp_path / "held.keras")
    assert equal(masks_of(keras.saving.load_model(tmp_path / "held.keras")), masks_of(model))
    make_permanent(model)
    assert model.get_layer("only").get_config() == plain


def test_what_is_prunable_in_a_model_of_many_kinds():
    inputs = keras.Input((8,))
    x = layers.Embedding(7, 6)(inputs)
    x = layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    x = layers.SeparableConv1D(4, 3)(layers.LayerNormalization()(x))
    model = keras.Model(inputs, layers.Dense(3, name="head")(layers.LSTM(3)(x)))
    parts = ["query", "key", "value", "output"]
    assert list(weights(model)) == [f"attention/{part}_dense" for part in parts] + ["head"]
    compile_(model, run_eagerly=True)
    watch, X = Watch(model), np.random.default_rng(0).integers(0, 7, (16, 8))
    fit(model, X, GradualPruner(model, Constant(sparsity=0.8)), watch)
    assert all(watch.exact) and measure.sparsity(masks_of(model)) == pytest.approx(0.8, abs=0.005)


def quantised():
    model = dense()
    model.quantize("int8")
    return model


def with_lora():
    model = dense()
    model.get_layer("hidden").enable_lora(2)
    return model


def tied():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="a"), layers.Dense(4, name="b")])
    vars(model.get_layer("b"))["_kernel"] = model.get_layer("a").kernel
    return model


class Unbuilt(keras.Model):
    """A model of one's own that says it is built while a layer in it is not."""

    def __init__(self):
        super().__init__()
        self.head = layers.Dense(3)
        self.built = True

    def call(self, X):
        return self.head(X)


NOT_MODELS = {  # constructor -> words of the error
    "tf_keras": (lambda: pytest.importorskip("tf_keras").Sequential(), "model=Sequential.*Keras 3.*tf_keras"),
    "torch": (lambda: torch.nn.Sequential(torch.nn.Linear(3, 2)), "model=Sequential.*Keras 3.*pruneutils.pytorch"),
    "a layer": (lambda: layers.Dense(3), "model=Dense: expected a keras.Model"),
    "None": (lambda: None, "model=NoneType: expected a keras.Model"),
    "unbuilt": (lambda: keras.Sequential([layers.Dense(3)], name="late"), "model='late' is not built"),
    "partly unbuilt": (Unbuilt, "layer 'head' is not built"),
    "nothing prunable": (
        lambda: keras.Sequential([keras.Input((3,)), layers.ReLU()]),
        "model=Sequential: expected at least one dense",
    ),
    "quantised": (quantised, "layer 'hidden' is quantised"),
    "LoRA": (with_lora, "layer 'hidden' .* LoRA"),
    "tied": (tied, "layers 'a' and 'b' share one kernel"),
}
CALLS = [
    weights,
    masks_of,
    make_permanent,
    lambda model: apply_masks(model, {"head": np.zeros((5, 3), dtype=bool)}),
    lambda model: GradualPruner(model, Constant(sparsity=0.5)),
]


@pytest.mark.parametrize("kind", NOT_MODELS)
def test_what_is_no_built_keras_3_model_with_prunable_layers_is_refused_by_every_function(kind):
    constructor, words = NOT_MODELS[kind]
    model = constructor()
    before = state(model) if isinstance(model, keras.Model) and model.built else None
    for call in CALLS:
        with pytest.raises(ValueError, match=words):
            call(model)
        assert before is None or same_state(model, before)


def test_backends_that_are_not_tested_are_refused(monkeypatch):
    model = dense()
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    for call in CALLS:
        with pytest.raises(ValueError, match=r"KERAS_BACKEND='jax'.*tensorflow.*torch"):
            call(model)
    assert BACKENDS == ("tensorflow", "torch")


@pytest.mark.parametrize(
    "bad, words",
    [
        ({"head": np.ones((3, 5), dtype=bool)}, r"masks\['head'\].*\(3, 5\).*boolean.*\(5, 3\)"),
        ({"head": np.ones((5, 3))}, r"masks\['head'\] of dtype float64.*boolean"),
        ({"head": np.ones((5, 3), dtype=int)}, r"masks\['head'\] of dtype int64.*boolean"),
        ({"head": None}, r"masks\['head'\] of dtype object.*boolean"),
        ({"norm": np.ones(5, dtype=bool)}, r"masks\['norm'\].*no such layer.*'head', 'hidden'"),
        ({"input_layer": np.ones(5, dtype=bool)}, r"masks\['input_layer'\].*no kernel to prune in that layer"),
    ],
    ids=["another shape", "floats", "integers", "None", "no such layer", "no kernel"],
)
def test_a_bad_second_mask_leaves_the_first_layer_alone(bad, words):
    """A refused call that is half-applied leaves a model nobody asked for."""
    inputs = keras.Input((6,), name="input_layer")
    model = keras.Model(inputs, layers.Dense(3, name="head")(layers.Dense(5, name="hidden")(inputs)))
    for held_before in (False, True):
        if held_before:
            apply_masks(model, halves(model))
        before = state(model)
        with pytest.raises(ValueError, match=words):
            apply_masks(model, {"hidden": np.zeros((6, 5), dtype=bool)} | bad)
        assert same_state(model, before)


@pytest.mark.parametrize("nothing", [{}, None, [np.ones((6, 5), dtype=bool)]], ids=["empty", "None", "a list"])
def test_no_masks_are_refused(nothing):
    with pytest.raises(ValueError, match=r"(?s)masks=.*at least one"):
        apply_masks(dense(), nothing)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"schedule": 0.5}, "schedule=0.5.*function"),
        ({"score": "magnitude"}, "score='magnitude'.*function"),
        ({"scope": "all"}, "scope='all'.*'global' or 'layer'"),
        ({"schedule": lambda step: 1.0}, r"sparsity=1.0.*\[0, 1\)"),
        ({"score": lambda W: np.full_like(W, np.nan)}, "NaN"),
        ({"score": lambda W: np.abs(W).sum(axis=1, keepdims=True)}, r"'hidden'.*\(6, 1\).*\(6, 5\)"),
        ({"score": lambda W: 1.0}, r"'hidden'.*\(\).*\(6, 5\)"),
    ],
    ids=["schedule", "score", "scope", "sparsity", "NaN", "one value a row", "one value"],
)
def test_bad_options_are_refused_and_nothing_changed(options, words):
    model, _, _ = build()
    before = model.get_weights()
    with pytest.raises(ValueError, match=words):
        GradualPruner(model, **{"schedule": Constant(sparsity=0.5)} | options).step()
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert all(mask.all() for mask in masks_of(model).values())


def test_two_layers_of_one_name_are_refused():
    """Masks are given by name; Keras itself refuses this where it can see it."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="a"), layers.Dense(4, name="b")])
    model.layers[1].name = "a"
    with pytest.raises(ValueError, match="two layers are called 'a'"):
        weights(model)


def test_both_adapters_have_the_same_names_and_arguments():
    """Whoever knows one adapter knows the other; what only PyTorch needs is named here."""

    def public(module):
        return {name: getattr(module, name) for name in module.__all__}

    ours, theirs = public(pruneutils.keras), public(pytorch)
    assert set(ours) == {"GradualPruner", "apply_masks", "make_permanent", "masks_of", "weights"} <= set(theirs)
    for name, thing in ours.items():
        mine, other = (inspect.signature(module[name]).parameters.values() for module in (ours, theirs))
        assert [(p.name, p.kind, p.default) for p in mine] == [(p.name, p.kind, p.default) for p in other], thing
    assert callable(ours["GradualPruner"].step) and callable(theirs["GradualPruner"].step)
