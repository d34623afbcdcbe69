"""What ``pruneutils.measure`` asks about a Keras 3 model, on any backend."""

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import keras
import numpy as np

from pruneutils.keras import masks_of, weights
from pruneutils.keras._layers import mask_of, prunable_layers, to_numpy
from pruneutils.keras._prospects import variants

__all__ = ["forward", "macs", "masks_of", "outputs", "parameters", "permanent", "variants", "weights"]

layers = keras.layers


def parameters(model: keras.Model) -> int:
    """Count the parameters that no mask removes; what Keras keeps beside them, such as running means, is none."""
    removed = sum(int((~mask_of(layer)).sum()) for layer in prunable_layers(model).values())
    own = {id(v): math.prod(v.shape) for layer in model._flatten_layers() for v in layer._trainable_variables}
    return sum(own.values()) - removed


def macs(model: keras.Model, inputs: np.ndarray, skip_masked: bool) -> int:
    """Count the operations of a forward pass by the shapes that each layer with a kernel then meets."""
    shares = {id(layer): mask_of(layer).mean() if skip_masked else 1 for layer in prunable_layers(model).values()}
    _refuse_unknown(model)
    total = []
    with _calls_seen(lambda layer, count: total.append(count * shares.get(id(layer), 1))):
        outputs(model, inputs)
    return round(sum(total))


def permanent(model: keras.Model) -> keras.Model:
    """Find a model with its masks made permanent: the model itself, whose kernels hold the zeros already."""
    prunable_layers(model)
    return model


def outputs(model: keras.Model, X: np.ndarray) -> np.ndarray:
    """Compute the outputs of a model as at inference."""
    with _no_gradients():
        return to_numpy(model(keras.ops.convert_to_tensor(np.asarray(X)), training=False))


def forward(model: keras.Model, X: np.ndarray) -> Callable[[], None]:
    """Make a call of a model as at inference that returns when all is computed: the outputs are then on the host."""
    inputs = keras.ops.convert_to_tensor(np.asarray(X))

    def call():
        with _no_gradients():
            to_numpy(model(inputs, training=False))

    return call


def _no_gradients():
    if keras.backend.backend() != "torch":
        return nullcontext()
    import torch

    return torch.no_grad()


def _dense(layer, output, inputs, **_) -> int:
    return math.prod(inputs.shape) * layer.kernel.shape[-1]


def _einsum(layer, output, inputs, **_) -> int:
    """Each output sums over the axes of the kernel that it lacks."""
    of_kernel, of_output = layer.equation.replace(" ", "").partition(",")[2].split("->")
    summed = [size for axis, size in zip(of_kernel, layer.kernel.shape, strict=True) if axis not in of_output]
    return math.prod(output.shape) * math.prod(summed)


def _convolution(layer, output, inputs, **_) -> int:
    return math.prod(output.shape) * math.prod(layer.kernel.shape[:-1])  # the last are filters, one an output


def _transposed(layer, output, inputs, **_) -> int:
    return math.prod(inputs.shape) * math.prod(layer.kernel.shape[:-1])  # the last are channels, one an input


def _depthwise(layer, output, inputs, **_) -> int:
    return math.prod(output.shape) * math.prod(layer.kernel_size)


def _separable(layer, output, inputs, **_) -> int:
    between = math.prod(output.shape) // layer.filters * math.prod(layer.pointwise_kernel.shape[:-1])
    return between * (math.prod(layer.kernel_size) + layer.filters)


def _attention(layer, query, value, key, heads, widths) -> int:
    axes = layer.attention_axes if hasattr(layer, "attention_axes") else (1,)
    keys = math.prod((value if key is None else key).shape[axis] for axis in axes)
    return math.prod(query.shape[:-1]) * keys * heads * widths


def _multi_head(layer, output, query, value, key=None, **_) -> int:
    return _attention(layer, query, value, key, layer.num_heads, layer.key_dim + layer.value_dim)


def _grouped_query(layer, output, query, value, key=None, **_) -> int:
    return _attention(layer, query, value, key, layer.num_query_heads, 2 * layer.head_dim)


COUNTED = {  # class -> multiply-accumulates of a call, given the layer, its output and the call's arguments
    layers.Dense: _dense,
    layers.EinsumDense: _einsum,
    **dict.fromkeys((layers.Conv1D, layers.Conv2D, layers.Conv3D), _convolution),
    **dict.fromkeys((layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose), _transposed),
    **dict.fromkeys((layers.DepthwiseConv1D, layers.DepthwiseConv2D), _depthwise),
    **dict.fromkeys((layers.SeparableConv1D, layers.SeparableConv2D), _separable),
    layers.MultiHeadAttention: _multi_head,  # what its projections do counts at these
    layers.GroupQueryAttention: _grouped_query,
}
NO_PRODUCTS = (
    layers.Embedding,
    layers.PReLU,
    layers.BatchNormalization,
    layers.GroupNormalization,
    layers.LayerNormalization,
)
NOT_COUNTED = (layers.Dot, layers.Attention, layers.AdditiveAttention)


def _refuse_unknown(model: keras.Model) -> None:
    known = (*COUNTED, *NO_PRODUCTS)
    for layer in model._flatten_layers():
        own = [*layer._trainable_variables, *layer._non_trainable_variables]
        as_known = any(isinstance(layer, kind) and type(layer).call is kind.call for kind in known)
        if isinstance(layer, NOT_COUNTED) or (not as_known and any(len(v.shape) > 1 for v in own)):
            raise ValueError(
                f"layer {layer.name!r} ({type(layer).__name__}): expected layers whose operations can be counted, "
                "dense, convolutional, multi-head attention, and those without a kernel"
            )


@contextmanager
def _calls_seen(count: Callable[[keras.Layer, int], object]) -> Iterator[None]:
    """Have every call of a layer with products reported, whoever makes it; ``TimeDistributed`` goes by ``call``."""
    own = {kind: vars(kind).get("call") for kind in COUNTED}

    def watched(call, formula):
        signature = inspect.signature(call)

        def called(layer, *args, **kwargs):
            output = call(layer, *args, **kwargs)
            _, *given = signature.bind(layer, *args, **kwargs).arguments.items()
            count(layer, formula(layer, output, **dict(given)))
            return output

        return called

    wrapped = {kind: watched(kind.call, formula) for kind, formula in COUNTED.items()}
    try:
        for kind, call in wrapped.items():
            kind.call = call
        yield
    finally:
        for kind, call in own.items():
            if call is None:
                del kind.call  # inherited
            else:
                kind.call = call
