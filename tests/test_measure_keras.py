"""Measures of Keras 3 models: the numbers of their PyTorch twins, closed forms, and torch's own counter."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from pruneutils import masks, measure, pytorch
from pruneutils.keras import apply_masks, make_permanent, masks_of, weights
from pruneutils.pytorch._layers import step_by_step

layers, ON_TENSORFLOW = keras.layers, keras.backend.backend() == "tensorflow"


def mlp():
    twin = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3, bias=False))
    parts = [layers.Dense(5, activation="relu", name="0"), layers.Dense(3, use_bias=False, name="2")]
    return keras.Sequential([keras.Input((6,)), *parts]), twin, (6,)


def cnn():
    """Batch-norm has parameters and running statistics, of which PyTorch counts the first."""
    twin = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 6, (3, 2), stride=2, groups=2),
        nn.ConvTranspose2d(6, 3, 2, stride=2), nn.Flatten(), nn.Linear(3 * 6 * 8, 5),
    )  # fmt: skip
    parts = [
        layers.Conv2D(4, 3, padding="same", name="0"), layers.BatchNormalization(), layers.ReLU(),
        layers.Conv2D(6, (3, 2), strides=2, groups=2, name="3"), layers.Conv2DTranspose(3, 2, strides=2, name="4"),
        layers.Flatten(), layers.Dense(5, name="6"),
    ]  # fmt: skip
    return keras.Sequential([keras.Input((8, 9, 2)), *parts]), twin, (8, 9, 2)


def to_torch(mask):
    """Keras has (height, width, in, out), PyTorch (out, in, height, width); of a transposed layer in and out swap."""
    return np.moveaxis(mask, (-1, -2), (0, 1)).copy()


@pytest.mark.parametrize("build", [mlp, cnn])
def test_a_keras_model_has_the_numbers_of_its_pytorch_twin(build):
    """A quarter of the four questions had no answer for whoever uses Keras."""
    model, twin, shape = build()
    x = np.ones((3, *shape), dtype=np.float32)
    of_twin = np.moveaxis(x, -1, 1)
    before = model.get_weights()
    for _ in range(2):  # dense, then masked
        assert measure.parameters(model) == measure.parameters(twin)
        for skip in (False, True):
            count = measure.macs(model, x, skip_masked=skip)
            assert count == measure.macs(twin, of_twin, skip_masked=skip)
        assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
        held = {name: masks.unstructured(np.abs(W), 0.5) for name, W in weights(model).items()}
        apply_masks(model, held)
        pytorch.apply_masks(twin, {name: to_torch(mask) for name, mask in held.items()})
        before = model.get_weights()
    assert measure.macs(model, x, skip_masked=True) < 0.52 * measure.macs(model, x)
    make_permanent(model)
    pytorch.make_permanent(twin)
    assert measure.parameters(model) == measure.parameters(twin)


def attention(x):
    return layers.MultiHeadAttention(3, 5, value_dim=4)(x, x)


def across(x):
    return layers.MultiHeadAttention(2, 3)(x, layers.Dense(8)(layers.MaxPooling1D(2)(x)))


def by_keyword(x):
    return layers.MultiHeadAttention(2, 3)(query=x, value=x, key=layers.ReLU()(x))


def grouped(x):
    return layers.GroupQueryAttention(head_dim=5, num_query_heads=4, num_key_value_heads=2)(x, x)


def twice(x):
    hidden = layers.Dense(8)
    return hidden(hidden(x))


def inside(x):
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(3), layers.Dense(2)])
    return layers.TimeDistributed(inner)(x)


def and_one(layer):
    """A layer that is not prunable, and one that is."""
    return lambda x: layers.Dense(1)(layer(x))


KINDS = {  # name -> (shape of one sample, layers, multiply-accumulates of one sample in closed form)
    "dense": ((8,), layers.Dense(3), 24),
    "dense on tokens": ((6, 8), layers.Dense(3), 6 * 24),
    "einsum": ((6, 8), layers.EinsumDense("abc,cde->abde", (None, 3, 4), bias_axes="e"), 6 * 8 * 12),
    "einsum of all": ((6, 8), layers.EinsumDense("abc,bcd->ad", 5), 6 * 8 * 5),
    "einsum with dots": ((6, 8), layers.EinsumDense("...x,xy->...y", 5), 6 * 8 * 5),
    "conv1d": ((10, 2), layers.Conv1D(4, 3, padding="causal", dilation_rate=2), 10 * 4 * 2 * 3),
    "conv2d": ((9, 7, 4), layers.Conv2D(8, (3, 2), strides=(2, 1), groups=2), 4 * 6 * 8 * 2 * 6),
    "conv2d same": ((9, 7, 4), layers.Conv2D(8, 3, strides=2, padding="same"), 5 * 4 * 8 * 4 * 9),
    "conv3d": ((5, 6, 7, 2), layers.Conv3D(3, 2), 4 * 5 * 6 * 3 * 2 * 8),
    "conv1d transposed": ((5, 2), layers.Conv1DTranspose(3, 4, strides=2), 5 * 2 * 3 * 4),
    "conv2d transposed": ((5, 4, 2), layers.Conv2DTranspose(3, 2, strides=2, padding="same"), 20 * 2 * 3 * 4),
    "conv3d transposed": ((3, 3, 3, 2), layers.Conv3DTranspose(3, 2), 27 * 2 * 3 * 8),
    "depthwise1d": ((10, 3), layers.DepthwiseConv1D(3, depth_multiplier=2), 8 * 6 * 3),
    "depthwise2d": ((9, 7, 4), layers.DepthwiseConv2D((3, 2), padding="same", strides=2), 5 * 4 * 4 * 6),
    "separable1d": ((10, 3), and_one(layers.SeparableConv1D(5, 3, depth_multiplier=2)), 8 * 6 * (3 + 5) + 8 * 5),
    "separable2d": ((9, 7, 4), and_one(layers.SeparableConv2D(5, 3, strides=2)), 4 * 3 * 4 * (9 + 5) + 4 * 3 * 5),
    "attention": ((6, 8), attention, 6 * 8 * 3 * (5 + 5 + 4 + 4) + 36 * 3 * (5 + 4)),
    "attention across": ((6, 8), across, 3 * 64 + (2 * 6 + 2 * 3) * 8 * 6 + 18 * 2 * (3 + 3)),
    "attention by keyword": ((6, 8), by_keyword, 6 * 8 * 6 * 4 + 36 * 2 * 6),
    "grouped attention": ((6, 8), grouped, 6 * 8 * 5 * (4 + 2 + 2 + 4) + 36 * 4 * 10),
    "twice": ((6, 8), twice, 2 * 6 * 64),
    "inside another": ((6, 8), inside, 6 * (24 + 6)),
    "normalised": ((6, 8), lambda x: layers.Dense(2)(layers.LayerNormalization(axis=(1, 2))(x)), 6 * 16),
    "embedded": ((6,), lambda x: layers.Dense(2)(layers.Embedding(9, 8)(x)), 6 * 16),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("samples", [1, 3])
def test_macs_of_each_kind_of_layer_in_closed_form_and_by_torch(kind, samples):
    """Strides, padding, groups, tokens and heads each change the count; biases do not."""
    shape, layer, expected = KINDS[kind]
    inputs = keras.Input(shape)
    model = keras.Model(inputs, layer(inputs))
    x = np.ones((samples, *shape), dtype=np.float32)
    calls = [vars(kind).get("call") for kind in vars(layers).values() if isinstance(kind, type)]
    assert measure.macs(model, x) == measure.macs(model, x, skip_masked=True) == samples * expected
    assert calls == [vars(kind).get("call") for kind in vars(layers).values() if isinstance(kind, type)]
    if not ON_TENSORFLOW:
        with step_by_step(), FlopCounterMode(display=False) as counter:
            model(x, training=False)
        assert counter.get_total_flops() == 2 * samples * expected


class Own(keras.Layer):
    """A product of its own, or a Dense that does something else."""

    def build(self, shape):
        self.table = self.add_weight(shape=(shape[-1], 4))

    def call(self, x):
        return keras.ops.matmul(x, self.table)


class Other(layers.Dense):
    def call(self, x):
        return keras.ops.matmul(keras.ops.matmul(x, self.kernel), keras.ops.transpose(self.kernel))


@pytest.mark.parametrize(
    "unknown",
    [Own(name="odd"), Other(4, name="odd"), layers.LSTM(4, name="odd"), lambda x: layers.Dot(1, name="odd")([x, x])],
    ids=["own kernel", "own call", "recurrent", "dot"],
)
def test_a_layer_that_cannot_be_counted_is_refused_by_name(unknown):
    """It would have counted as nothing."""
    inputs = keras.Input((6, 8))
    model = keras.Model(inputs, layers.Dense(2)(unknown(inputs)))
    with pytest.raises(ValueError, match=r"layer '(odd|lstm_cell)' \(.*\): expected layers whose operations can"):
        measure.macs(model, np.ones((1, 6, 8)))


def test_frozen_layers_have_parameters_too():
    model, twin, _ = cnn()
    model.layers[0].trainable = False
    assert measure.parameters(model) == measure.parameters(twin)


def test_a_pass_that_fails_leaves_the_layers_as_they_were():
    model, _, _ = mlp()
    before = layers.Dense.call
    with pytest.raises(Exception, match=r"(?s).*7"):
        measure.macs(model, np.ones((1, 7), dtype=np.float32))
    assert layers.Dense.call is before


def separated(samples=40):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(samples, 6)).astype(np.float32)
    return X, (X[:, 0] > 0).astype(int)


def test_evaluate_pruning_reports_a_keras_model_as_its_pytorch_twin():
    (model, twin, _), (X, y) = mlp(), separated()
    for name, W in pytorch.weights(twin).items():
        model.get_layer(name).kernel.assign(W.T)
    model.get_layer("0").bias.assign(twin[0].bias.detach().numpy())
    pruned, pruned_twin = keras.models.clone_model(model), pytorch.clone(twin)
    pruned.set_weights(model.get_weights())
    held = {"0": masks.unstructured(np.abs(weights(model)["0"]), 0.5)}
    apply_masks(pruned, held)
    pytorch.apply_masks(pruned_twin, {"0": held["0"].T})
    ours, theirs = (
        measure.evaluate_pruning(model, pruned, X, y, repeats=2),
        measure.evaluate_pruning(twin, pruned_twin, X, y),
    )
    assert ours.score == theirs.score and ours.score_name == theirs.score_name == "accuracy"
    assert ours.zeros == theirs.zeros == (0.0, 15 / 45) and ours.macs == theirs.macs == (45, 45)
    assert ours.parameters == theirs.parameters == (50, 35)
    assert all(ours.storage[name] == theirs.storage[name] for name in ("dense", "bitmask"))
    assert all(time.median > 0 for time in ours.latency)
    assert np.array_equal(masks_of(pruned)["0"], held["0"])
    make_permanent(pruned)
    assert measure.evaluate_pruning(model, pruned, X, y, repeats=1).parameters == (50, 35)


def test_models_of_both_frameworks_can_stand_side_by_side():
    (model, twin, _), (X, y) = mlp(), separated()
    assert measure.evaluate_pruning(model, twin, X, y, repeats=1).macs == (45, 45)


def test_another_score_than_accuracy_is_named_in_the_table():
    (model, _, _), (X, y) = mlp(), separated()

    def error(outputs, targets):
        assert outputs.shape == (40, 3) and targets.shape == (40, 1)
        return 1234.5678

    report = measure.evaluate_pruning(model, model, X, y[:, None], score=error, repeats=1)
    assert report.score == (1234.5678, 1234.5678) and "| error | 1235 | 1235 |" in report._repr_markdown_()


@pytest.mark.skipif(not ON_TENSORFLOW, reason="this is the run on the PyTorch backend")
def test_all_of_this_holds_on_the_pytorch_backend():
    environment = os.environ | {"KERAS_BACKEND": "torch"}
    options = ["-q", "-x", "-W", "ignore", "-p", "no:cacheprovider", "-n", "0"]
    run = [sys.executable, "-m", "pytest", *options, __file__]
    done = subprocess.run(run, cwd=Path(__file__).parents[1], capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout[-3000:]
