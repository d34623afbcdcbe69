"""Which layers share their channels: the graph of ``torch.fx``, read once, from input to output.

An axis of channels (or units) is followed from the layer that makes it to all that read it. Where two are
summed they become one. An axis that meets anything not known here is fixed: nothing can be removed from it.
"""

import operator
from collections import Counter
from dataclasses import dataclass, field

import torch
from torch import fx, nn
from torch.nn import functional as F

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
ELEMENTWISE = (
    nn.Identity, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Tanh,
    nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid, nn.Softplus, nn.Softsign, nn.Dropout, nn.Dropout1d,
    nn.Dropout2d, nn.Dropout3d,
    F.relu, F.relu_, F.relu6, F.leaky_relu, F.elu, F.celu, F.selu, F.gelu, F.silu, F.mish, F.tanh, F.hardtanh,
    F.hardswish, F.hardsigmoid, F.sigmoid, F.softplus, F.softsign, F.dropout, F.dropout1d, F.dropout2d, F.dropout3d,
    torch.relu, torch.relu_, torch.tanh, torch.sigmoid,
    "relu", "relu_", "tanh", "sigmoid", "contiguous", "clone", "detach",
)  # fmt: skip
POOLING = (
    nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d,
    nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d,
    nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d, nn.Upsample,
    F.max_pool1d, F.max_pool2d, F.max_pool3d, F.avg_pool1d, F.avg_pool2d, F.avg_pool3d,
    F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d,
    F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d, F.interpolate,
)  # fmt: skip
SUMS = (operator.add, operator.iadd, torch.add, "add", "add_")
ADVICE = (
    "Torch-Pruning follows more: torch_pruning.DependencyGraph().build_dependency(model, example_inputs=X), "
    "then .get_pruning_group(layer, torch_pruning.prune_conv_out_channels, indices).prune()"
)


@dataclass(eq=False)
class Reader:
    """A layer that needs one input for each channel, or several: next to each other where ``adjacent``."""

    name: str
    at: fx.Node
    adjacent: bool


@dataclass(eq=False)
class Axis:
    """Channels that can only be removed together, and what makes, normalises and reads them."""

    width: int | None = None
    writers: list[str] = field(default_factory=list)
    norms: list[Reader] = field(default_factory=list)
    readers: list[Reader] = field(default_factory=list)
    fixed_by: str | None = None

    def fix(self, by: str) -> None:
        """Allow no removal from this axis; the first reason stays."""
        self.fixed_by = self.fixed_by or by

    def absorb(self, other: "Axis") -> None:
        """Take over all that belongs to another axis, which is summed with this one."""
        self.writers += other.writers
        self.norms += other.norms
        self.readers += other.readers
        self.fixed_by = self.fixed_by or other.fixed_by
        if self.width != other.width:
            self.fix("a sum with another width")


@dataclass
class Value:
    """What a node computes: its axis of channels, how many axes lie behind it, and whether they were flattened.

    ``flat`` is None before a flatten; after it, whether a channel's values lie next to each other.
    """

    axis: Axis
    behind: int = 0
    flat: bool | None = None


def axes_of(model: nn.Module) -> list[Axis]:
    """List the axes of channels that linear and convolutional layers make; ValueError if torch.fx cannot trace."""
    try:
        graph = fx.Tracer().trace(model)
    except Exception as error:  # whatever the model's own code raises on a symbolic value
        raise ValueError(
            f"model={type(model).__name__}: expected a model that torch.fx can trace ({error}). {ADVICE}"
        ) from error
    calls = Counter(node.target for node in graph.nodes if node.op == "call_module")
    reading = _Reading(dict(model.named_modules()), calls)
    for node in graph.nodes:
        reading.values[node] = reading.read(node)
    taken = {node.target.rpartition(".")[0] for node in graph.nodes if node.op == "get_attr"}
    for axis in reading.axes:
        for name in taken & {*axis.writers, *(reader.name for reader in (*axis.norms, *axis.readers))}:
            axis.fix(f"layer {name!r}, whose parameters are used outside of it, too")
    return [axis for axis in reading.axes if axis.writers]


class _Reading:
    """One pass over a graph: node -> Value, or None for what is no tensor of channels."""

    def __init__(self, modules: dict[str, nn.Module], calls: Counter):
        self.modules, self.calls, self.values, self.axes = modules, calls, {}, []

    def read(self, node: fx.Node) -> Value | None:
        inputs = [self.values[i] for i in node.all_input_nodes]
        if node.op == "output":
            return self.unknown(inputs, "the model's output")
        if node.op in ("placeholder", "get_attr"):
            return self.unknown([], "the model's input" if node.op == "placeholder" else f"parameter {node.target!r}")
        if node.op == "call_module":
            return self.layer(node, self.modules[node.target], inputs)
        if _asks_size(node) or (inputs and not any(inputs)):
            return None
        return self.operation(node, node.target, inputs)

    def new(self, **content) -> Axis:
        self.axes.append(Axis(**content))
        return self.axes[-1]

    def unknown(self, inputs: list[Value | None], name: str) -> Value:
        for value in filter(None, inputs):
            value.axis.fix(name)
        return Value(self.new(fixed_by=name))

    def layer(self, node: fx.Node, module: nn.Module, inputs: list[Value | None]) -> Value:
        kind = type(module)
        described = f"layer {node.target!r} ({kind.__name__})"
        if len(inputs) != 1 or inputs[0] is None:
            return self.unknown(inputs, described)
        value = inputs[0]
        if kind is nn.Linear or kind in CONVOLUTIONS:
            return self.linear(node, module, value, described)
        if kind in NORMS:
            self.reads(value.axis.norms, node, value, module.num_features)
            return value
        if kind is nn.Flatten and (module.start_dim, module.end_dim) == (1, -1):
            return _flattened(value)
        if kind is nn.PReLU and module.num_parameters == 1:
            return value
        return self.operation(node, kind, inputs, described)

    def linear(self, node: fx.Node, module: nn.Module, value: Value, described: str) -> Value:
        """Let a linear or convolutional layer read one axis and make another."""
        behind = 0 if type(module) is nn.Linear else len(module.kernel_size)
        made = self.new(width=module.weight.shape[0], writers=[node.target])
        if getattr(module, "groups", 1) != 1:
            for axis in (value.axis, made):
                axis.fix(f"{described}, which is grouped")
        if value.behind != behind:
            value.axis.fix(f"{described}, which reads another axis")
        self.reads(value.axis.readers, node, value, module.weight.shape[1])
        if self.calls[node.target] > 1:
            made.fix(f"{described}, which is called twice")
        return Value(made, behind)

    def reads(self, readers: list[Reader], node: fx.Node, value: Value, inputs: int) -> None:
        """Note that a layer reads the axis; fix it where the number of inputs fits no whole number a channel."""
        axis = value.axis
        readers.append(Reader(node.target, node.all_input_nodes[0], value.flat is not False))
        if self.calls[node.target] > 1:
            axis.fix(f"layer {node.target!r}, which is called twice")
        if axis.width and (inputs % axis.width or (value.flat is None and inputs != axis.width)):
            axis.fix(f"layer {node.target!r}, which reads another axis")

    def operation(self, node: fx.Node, kind, inputs: list[Value | None], described: str = "") -> Value:
        described = described or f"operation {getattr(kind, '__name__', kind)!r}"
        if len(inputs) == 2 and kind in SUMS and all(inputs):
            return self.summed(*inputs)
        one = inputs[0] if len(inputs) == 1 else None
        if one and kind in ELEMENTWISE:
            return one
        if one and kind in POOLING and one.behind:
            return one
        if one and kind in (torch.mean, "mean") and _averages_all(node, one):
            return one if _keeps_axes(node) else Value(one.axis)
        if one and kind in (torch.flatten, "flatten") and node.args[1:] == (1,) and not node.kwargs:
            return _flattened(one)
        if kind in ("view", "reshape") and inputs[0] and _keeps_only_samples(node):
            return _flattened(inputs[0])
        return self.unknown(inputs, described)

    def summed(self, left: Value, right: Value) -> Value:
        if (left.behind, left.flat) != (right.behind, right.flat):
            return self.unknown([left, right], left.axis.fixed_by or right.axis.fixed_by or "a sum of other axes")
        if left.axis is not right.axis:
            gone = right.axis
            left.axis.absorb(gone)
            for value in filter(None, self.values.values()):
                value.axis = left.axis if value.axis is gone else value.axis
            self.axes.remove(gone)
        return Value(left.axis, left.behind, left.flat)


def _flattened(value: Value) -> Value:
    flat = value.flat if value.flat is not None else value.behind > 0
    return Value(value.axis, 0, flat)


def _asks_size(node: fx.Node) -> bool:
    return node.target in ("size", "dim") or (node.target is getattr and node.args[1:] == ("shape",))


def _keeps_only_samples(node: fx.Node) -> bool:
    """Whether a view is ``(size of axis 0, -1)``, a flatten by another name."""
    if len(node.args) != 3 or node.args[2] != -1 or not isinstance(node.args[1], fx.Node):
        return False
    size = node.args[1]
    return size.target in ("size", operator.getitem) and size.args[1:] == (0,)


def _averages_all(node: fx.Node, value: Value) -> bool:
    """Whether a mean runs over just the axes behind the channels."""
    dims = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else ())
    dims = {dim % (2 + value.behind) for dim in ([dims] if isinstance(dims, int) else dims)}
    return value.behind > 0 and dims == set(range(2, 2 + value.behind))


def _keeps_axes(node: fx.Node) -> bool:
    return node.kwargs.get("keepdim", node.args[2] if len(node.args) > 2 else False)
