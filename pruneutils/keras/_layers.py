"""Which layers of a Keras 3 model are prunable, and the constraint that holds a mask on a kernel."""

import base64
import zlib
from collections.abc import Iterator, Mapping

import keras
import numpy as np

from pruneutils._arguments import boolean, some

PRUNABLE = {  # class -> name of its argument that takes a constraint for the kernel
    keras.layers.Dense: "kernel_constraint",
    keras.layers.EinsumDense: "kernel_constraint",
    keras.layers.Conv1D: "kernel_constraint",
    keras.layers.Conv2D: "kernel_constraint",
    keras.layers.Conv3D: "kernel_constraint",
    keras.layers.Conv1DTranspose: "kernel_constraint",
    keras.layers.Conv2DTranspose: "kernel_constraint",
    keras.layers.Conv3DTranspose: "kernel_constraint",
    keras.layers.DepthwiseConv1D: "depthwise_constraint",
    keras.layers.DepthwiseConv2D: "depthwise_constraint",
}
BACKENDS = ("tensorflow", "torch")


@keras.saving.register_keras_serializable(package="pruneutils")
class HeldMask(keras.constraints.Constraint):
    """A constraint that sets removed weights to 0, after which the layer's own constraint, if any, acts on the rest.

    The mask is a variable: a train step that was traced reads it anew each time, where an array would be
    frozen into the graph. It is no weight of the layer, and travels in the layer's configuration, compressed.

    Parameters
    ----------
    mask : boolean array of the kernel's shape, True = keep.
    inner : the constraint that the layer had before, or None.
    """

    def __init__(self, mask, inner=None):
        self.mask = keras.Variable(np.asarray(mask), dtype="bool", trainable=False, name="mask")
        self.inner = inner

    def __call__(self, w):
        w = self.masked(w)
        return w if self.inner is None else self.masked(self.inner(w))

    def masked(self, w):
        """Set what the mask removes to +0, whatever it was: a product leaves -0, and NaN where NaN was."""
        return keras.ops.where(keras.ops.convert_to_tensor(self.mask), keras.ops.convert_to_tensor(w), 0)

    def get_config(self):
        """Describe the mask by its shape and its bits, zipped and in base 64, for a file in JSON."""
        mask = to_numpy(self.mask)
        bits = base64.b64encode(zlib.compress(np.packbits(mask).tobytes())).decode()
        return {"shape": list(mask.shape), "bits": bits, "inner": keras.constraints.serialize(self.inner)}

    @classmethod
    def from_config(cls, config):
        """Make a constraint of its own from what ``get_config`` described."""
        bits = np.frombuffer(zlib.decompress(base64.b64decode(config["bits"])), dtype=np.uint8)
        mask = np.unpackbits(bits, count=int(np.prod(config["shape"]))).astype(bool).reshape(config["shape"])
        return cls(mask, keras.constraints.get(config["inner"]))


def prunable_layers(model: keras.Model) -> dict[str, keras.Layer]:
    """Map names to layers; refuse other models, one without any, and kernels that are not each a float variable."""
    _refuse_other_models(model)
    layers, names = {}, {}
    for name, layer in _walk(model):
        if not isinstance(layer, tuple(PRUNABLE)):
            continue
        if name in layers:
            raise ValueError(f"two layers are called {name!r}: expected a name for each")
        if not layer.built:
            raise ValueError(f"layer {name!r} is not built: expected a layer with weights; call the model on data once")
        kernel = layer.kernel
        if not isinstance(kernel, keras.Variable) or "float" not in kernel.dtype:
            raise ValueError(f"layer {name!r} is quantised or has LoRA enabled: expected a plain kernel of floats")
        if id(kernel) in names:
            raise ValueError(f"layers {names[id(kernel)]!r} and {name!r} share one kernel: expected a kernel for each")
        layers[name], names[id(kernel)] = layer, name
    if not layers:
        raise ValueError(f"model={type(model).__name__}: expected at least one dense or convolutional layer")
    return layers


def _refuse_other_models(model: object) -> None:
    if keras.backend.backend() not in BACKENDS:
        raise ValueError(f"KERAS_BACKEND={keras.backend.backend()!r}: expected one of {BACKENDS}, the backends tested")
    if not isinstance(model, keras.Model):
        modules = {base.__module__.partition(".")[0] for base in type(model).__mro__}
        remedy = ""
        if "tf_keras" in modules:
            remedy = "; this one is of tf_keras (Keras 2), which tensorflow_model_optimization prunes"
        elif "torch" in modules:
            remedy = "; this one is of PyTorch, which pruneutils.pytorch prunes"
        raise ValueError(f"model={type(model).__name__}: expected a keras.Model of Keras 3{remedy}")
    if not model.built:
        raise ValueError(
            f"model={model.name!r} is not built and has no weights yet: "
            "expected a model that was given an Input, built, or called on data"
        )


def _walk(parent: keras.Layer, prefix: str = "", seen: set | None = None) -> Iterator[tuple[str, keras.Layer]]:
    seen, attributes = set() if seen is None else seen, {}
    children = parent._flatten_layers(include_self=False, recursive=False)
    if children and not isinstance(parent, keras.Sequential) and not hasattr(parent, "operations"):  # nor functional
        inside = {**vars(parent), **vars(parent).get("_modules", {})}  # the PyTorch backend keeps layers apart
        for name in sorted(inside, key=lambda name: name.startswith("_")):  # what Keras itself keeps comes last
            if name not in ("_layers", "_modules") and not name.startswith("_self_"):
                for path, layer in _layers_in(inside[name], name.lstrip("_")):
                    attributes.setdefault(id(layer), path)
    for layer in children:
        if id(layer) not in seen:  # a layer used in two places comes once: one kernel, one mask
            seen.add(id(layer))
            name = prefix + attributes.get(id(layer), layer.name)
            yield name, layer
            yield from _walk(layer, f"{name}/", seen)


def _layers_in(value: object, path: str) -> Iterator[tuple[str, keras.Layer]]:
    if isinstance(value, keras.Layer):
        yield path, value
    elif isinstance(value, dict | list | tuple):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _layers_in(item, f"{path}/{key}")


def held(layer: keras.Layer) -> HeldMask | None:
    """Find the constraint that holds the layer's mask, if there is one."""
    constraint = layer.kernel.constraint
    return constraint if isinstance(constraint, HeldMask) else None


def mask_of(layer: keras.Layer) -> np.ndarray:
    """Read the mask as booleans, all True where none is held."""
    if held(layer) is None:
        return np.ones(layer.kernel.shape, dtype=bool)
    return to_numpy(held(layer).mask)


def set_mask(layer: keras.Layer, mask: np.ndarray) -> bool:
    """Hold a mask and write its zeros; whether the layer held none before, which a traced train step cannot know."""
    new = held(layer) is None
    if new:
        set_constraint(layer, HeldMask(mask, layer.kernel.constraint))
    held(layer).mask.assign(mask)
    layer.kernel.assign(held(layer).masked(layer.kernel))
    return new


def set_constraint(layer: keras.Layer, constraint: keras.constraints.Constraint | None) -> None:
    """Give the kernel a constraint, where the optimiser looks for it and where the layer's configuration does."""
    layer.kernel.constraint = constraint
    argument = next(name for kind, name in PRUNABLE.items() if isinstance(layer, kind))
    setattr(layer, argument, constraint)


def retrace(model: keras.Model) -> None:
    """Let a model that has trained build its train step anew: the one it traced has the constraints of that time."""
    if getattr(model, "train_function", None) is not None:
        model.make_train_function(force=True)


def checked_masks(model: keras.Model, masks: Mapping[str, np.ndarray]) -> list[tuple[keras.Layer, np.ndarray]]:
    """Pair each layer named with its mask if every mask can be applied, else raise ValueError."""
    layers, checked = prunable_layers(model), []
    everything = dict(_walk(model))
    for name, mask in some("masks", masks).items():
        if name not in layers:
            lacks = "kernel to prune in that layer" if name in everything else "such layer"
            raise ValueError(f"masks[{name!r}]: the model has no {lacks}, expected one of {sorted(layers)}")
        checked.append((layers[name], boolean(f"masks[{name!r}]", mask, tuple(layers[name].kernel.shape))))
    return checked


def to_numpy(variable: keras.Variable) -> np.ndarray:
    """Copy a variable into an array, as float32 if it is bfloat16, which NumPy lacks."""
    array = keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(variable))
    return array if array.dtype.kind in "fb" else array.astype(np.float32)
