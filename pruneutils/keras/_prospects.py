"""Variants of a Keras 3 model that ``measure.prospects`` times."""

from collections.abc import Mapping

import keras
import numpy as np

from pruneutils._prospects import SAME_KERNEL, Variant
from pruneutils.keras._layers import prunable_layers


def variants(model: keras.Model, X: np.ndarray, zeroed: Mapping[float, Mapping[str, np.ndarray]]) -> dict[str, Variant]:
    """Build copies of a model, as changed, or say why not."""
    from pruneutils.keras._measured import forward

    found = {"dense": Variant(forward(model, X), "")}
    for share, W in zeroed.items():
        name = f"{100 * share:.0f} % zeros"
        found[f"{name}, masked"] = Variant(forward(_with_kernels(model, W), X), SAME_KERNEL)
        found[f"{name}, CSR"] = Variant(None, "Keras has no layer that computes with CSR")
    found["half of the channels"] = _halved(model, X, forward)
    found["int8"] = Variant(None, "bytes alone: not timed in Keras")
    return found


def _with_kernels(model: keras.Model, new: Mapping[str, np.ndarray]) -> keras.Model:
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for name, layer in prunable_layers(copy).items():
        layer.kernel.assign(new[name])
    return copy


def _halved(model: keras.Model, X: np.ndarray, forward) -> Variant:
    """Build the same layers with half of the units or filters, the last one with all."""
    layers = prunable_layers(model)
    last = list(layers.values())[-1]

    def half(layer):
        config = layer.get_config()
        for width in ("units", "filters"):
            if layer is not last and isinstance(config.get(width), int):
                config[width] = (config[width] + 1) // 2
        return type(layer).from_config(config)

    try:
        twin = keras.models.clone_model(model, clone_function=half)
        call = forward(twin, X)
        call()
    except Exception as error:  # whatever stops the smaller model from being built: a fixed shape, its own code
        return Variant(None, f"not built: {str(error).splitlines()[0][:80]}")
    size = 4 * sum(int(np.prod(layer.kernel.shape)) for layer in prunable_layers(twin).values())
    return Variant(call, "built anew with half the widths", size)
