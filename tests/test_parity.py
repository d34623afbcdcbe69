"""One mask, four frameworks: the same weights give the same mask and the same logits; schedules agree step by step.

tfmot prunes tf_keras models only; both live in one process with Keras 3, PyTorch and NumPy.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras
import torch
from torch import nn

from pruneutils import keras as in_keras
from pruneutils import masks, scores
from pruneutils import pytorch as in_torch
from pruneutils.schedules import Constant, PolynomialDecay

NAMES = ["conv", "hidden", "head"]
SPARSITIES = [0.3, 0.5, 0.8, 0.95]


def parameters(seed):
    """Kernels in Keras's layout and biases of a small network: images of 6 x 6, one 3 x 3 convolution, two layers."""
    rng = np.random.default_rng(seed)
    shapes = {"conv": (3, 3, 1, 4), "hidden": (4, 12), "head": (12, 3)}
    kernels = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return kernels, {name: rng.normal(size=shape[-1]).astype(np.float32) for name, shape in shapes.items()}


def images(seed):
    return np.random.default_rng(seed).normal(size=(16, 6, 6, 1)).astype(np.float32)


def model_of(library, kernels, biases):
    """The network in Keras 3 or in tf_keras, whose layers have the same names."""
    layers = library.layers
    model = library.Sequential(
        [
            library.Input((6, 6, 1)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(12, activation="relu", name="hidden"),
            layers.Dense(3, name="head"),
        ]
    )
    for name in NAMES:
        model.get_layer(name).set_weights([kernels[name], biases[name]])
    return model


class Net(nn.Module):
    """The network in PyTorch."""

    def __init__(self, kernels, biases):
        super().__init__()
        self.conv, self.hidden, self.head = nn.Conv2d(1, 4, 3), nn.Linear(4, 12), nn.Linear(12, 3)
        for name, W in to_torch(kernels).items():
            layer = getattr(self, name)
            layer.weight.data, layer.bias.data = torch.from_numpy(W), torch.from_numpy(biases[name])

    def forward(self, X):
        return self.head(self.hidden(self.conv(X).relu().mean((2, 3))).relu())


def to_torch(arrays):
    """Keras has outputs last, (height, width, in, out) and (in, out); PyTorch has them first."""
    return {name: np.moveaxis(W, (-1, -2), (0, 1)).copy() for name, W in arrays.items()}


def numpy_logits(kernels, biases, X):
    windows = np.lib.stride_tricks.sliding_window_view(X.astype(np.float64), (3, 3), axis=(1, 2))
    x = np.einsum("nhwcij,ijco->nhwo", windows, kernels["conv"]) + biases["conv"]
    x = np.maximum(x, 0).mean((1, 2))
    return np.maximum(x @ kernels["hidden"] + biases["hidden"], 0) @ kernels["head"] + biases["head"]


def pruned_by_tfmot(kernels, biases, X, sparsity):
    """tfmot makes masks while it trains: one step at a learning rate of 0, which leaves the weights alone."""
    schedule = tfmot.sparsity.keras.ConstantSparsity(sparsity, begin_step=0, frequency=1)
    model = tfmot.sparsity.keras.prune_low_magnitude(model_of(tf_keras, kernels, biases), pruning_schedule=schedule)
    model.compile(tf_keras.optimizers.SGD(0.0), "mse")
    step = tfmot.sparsity.keras.UpdatePruningStep()
    model.fit(X, np.zeros((len(X), 3)), batch_size=len(X), verbose=0, callbacks=[step])
    return tfmot.sparsity.keras.strip_pruning(model)


@pytest.mark.parametrize("sparsity", SPARSITIES)
def test_same_weights_give_the_same_masks_and_logits_in_four_frameworks(sparsity):
    """Layer by layer, for tfmot knows no other scope. All sizes are even, so that no half is rounded."""
    kernels, biases = parameters(seed=1)
    X = images(seed=2)
    wanted = {name: masks.unstructured(scores.magnitude(W), sparsity) for name, W in kernels.items()}
    zeroed = {name: kernels[name] * wanted[name] for name in NAMES}
    logits = {"numpy": numpy_logits(zeroed, biases, X)}

    net = Net(kernels, biases)
    by_layer = {name: masks.unstructured(scores.magnitude(W), sparsity) for name, W in in_torch.weights(net).items()}
    in_torch.apply_masks(net, by_layer)
    in_torch.make_permanent(net)
    logits["torch"] = net(torch.from_numpy(X).permute(0, 3, 1, 2)).detach().numpy()

    model = model_of(keras, kernels, biases)
    of_keras = {name: masks.unstructured(scores.magnitude(W), sparsity) for name, W in in_keras.weights(model).items()}
    in_keras.apply_masks(model, of_keras)
    in_keras.make_permanent(model)
    logits["keras"] = model.predict(X, verbose=0)

    stripped = pruned_by_tfmot(kernels, biases, X, sparsity)
    logits["tfmot"] = stripped.predict(X, verbose=0)

    for name, mask in to_torch(wanted).items():
        assert np.array_equal(by_layer[name], mask), name
        assert np.array_equal(net.get_parameter(f"{name}.weight").detach().numpy(), to_torch(zeroed)[name])
        assert np.array_equal(model.get_layer(name).get_weights()[0], zeroed[name])
        assert np.array_equal(stripped.get_layer(name).get_weights()[0], zeroed[name])
    assert all(np.abs(values - logits["numpy"]).max() < 1e-6 for values in logits.values())
    assert np.abs(logits["numpy"] - numpy_logits(kernels, biases, X)).max() > 1e-3, "nothing was pruned"


@pytest.mark.parametrize("scope", ["global", "layer"])
@pytest.mark.parametrize("sparsity", SPARSITIES)
def test_gradual_pruners_of_both_adapters_arrive_at_the_same_masks(sparsity, scope):
    """The scope that tfmot lacks, and the way there: the masks of every step."""
    kernels, biases = parameters(seed=3)
    net, model = Net(kernels, biases), model_of(keras, kernels, biases)
    schedule = PolynomialDecay(initial_sparsity=0.1, final_sparsity=sparsity, begin_step=1, end_step=6)
    pruners = [
        module.GradualPruner(net_, schedule, scope=scope) for module, net_ in [(in_torch, net), (in_keras, model)]
    ]
    for step in range(8):
        assert pruners[0].step() == pruners[1].step() == schedule(step)
        of_torch, of_keras = in_torch.masks_of(net), to_torch(in_keras.masks_of(model))
        assert all(np.array_equal(of_torch[name], of_keras[name]) for name in NAMES)
    if scope == "global":
        wanted = masks.global_unstructured({name: np.abs(W) for name, W in kernels.items()}, sparsity)
        assert all(np.array_equal(in_keras.masks_of(model)[name], wanted[name]) for name in NAMES)


def held_by_tfmot(schedule, steps):
    """What is held at each step by masks that change where the schedule says that they should."""
    held, sparsity = [], 0.0
    for step in range(steps):
        changes, value = schedule(tf.constant(step))
        sparsity = float(value) if bool(changes) else sparsity
        held.append(sparsity)
    return np.array(held)


@pytest.mark.parametrize("begin, end", [(0, 40), (5, 45), (7, 100)])
@pytest.mark.parametrize("frequency, power", [(1, 3), (7, 3), (10, 1), (20, 2)])
@pytest.mark.parametrize("initial, final", [(0.1, 0.7), (0.0, 0.95), (0.5, 0.5)])
def test_polynomial_decay_is_tfmots_at_every_step(begin, end, frequency, power, initial, final):
    """Up to its end step; there ours arrives, and tfmot's does only where the frequency divides the span."""
    options = {"initial_sparsity": initial, "final_sparsity": final, "begin_step": begin, "end_step": end}
    ours = PolynomialDecay(**options, frequency=frequency, power=power)
    theirs = held_by_tfmot(tfmot.sparsity.keras.PolynomialDecay(**options, frequency=frequency, power=power), end + 25)
    wanted = np.array([ours(step) for step in range(end + 25)])
    assert np.abs(wanted - theirs)[:end].max() < 1e-6
    assert (wanted[end:] == final).all()
    if (end - begin) % frequency == 0:
        assert np.abs(wanted - theirs)[end:].max() < 1e-6
    elif initial < final:
        assert (theirs[end:] < final).all(), "tfmot now arrives: say so in the chapter"


def test_ours_refuse_a_built_tf_keras_model_and_name_its_library():
    """Its layers have the same names and kernels of the same shapes: only the library tells it from one of ours."""
    legacy = model_of(tf_keras, *parameters(seed=0))
    before = legacy.get_weights()
    calls = [
        in_keras.weights,
        in_keras.masks_of,
        in_keras.make_permanent,
        lambda model: in_keras.apply_masks(model, {"head": np.zeros((12, 3), dtype=bool)}),
        lambda model: in_keras.GradualPruner(model, Constant(sparsity=0.5)),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"model=Sequential: .*Keras 3.*tf_keras"):
            call(legacy)
    assert all(np.array_equal(a, b) for a, b in zip(before, legacy.get_weights(), strict=True))


def test_tfmot_refuses_a_keras_3_model_without_saying_why():
    """When this fails, tfmot takes Keras 3 models or says why not: the chapter on it may be simplified."""
    kernels, biases = parameters(seed=0)
    with pytest.raises(
        ValueError, match=r"can only prune an object of the following types: keras\.models\.Sequential"
    ) as e:
        tfmot.sparsity.keras.prune_low_magnitude(model_of(keras, kernels, biases))
    assert "tf_keras" not in str(e.value) and "Sequential." in str(e.value)
