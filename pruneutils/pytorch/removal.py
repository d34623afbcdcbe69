"""Neurons and channels physically removed from a PyTorch model: a smaller model with the same function.

What is removed counts as zero for all that read it, as if its activation were masked; so the smaller model's outputs
are those of the model with these activations masked. Followed are linear, convolutional (not grouped, not transposed)
and batch-norm layers, activations, dropout, pooling, flatten, averages over all positions, and sums.
The idea of following dependencies through the graph: Fang et al. (2023), DepGraph; https://arxiv.org/abs/2301.12900.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import nn

from pruneutils._arguments import boolean, finite, some
from pruneutils.pytorch._dependencies import ADVICE, CONVOLUTIONS, Axis, Reader, axes_of
from pruneutils.pytorch._hold import clone
from pruneutils.pytorch._layers import prunable_layers, pruned_tensors
from pruneutils.pytorch._slicing import keep_inputs, keep_outputs

__all__ = ["coupled_layers", "remove_channels", "remove_neurons"]


def coupled_layers(model: nn.Module) -> list[tuple[str, ...]]:
    """List the layers whose outputs can be removed; those in one tuple must lose the same ones.

    Parameters
    ----------
    model : PyTorch module that ``torch.fx`` can trace; none of its code runs on data.

    Returns
    -------
    tuples of layer names as in ``named_modules``, in the order in which the model calls them. Outputs that are summed,
    as at the end of a residual block, are coupled. A layer whose outputs cannot be removed is missing.

    Raises
    ------
    ValueError
        as for ``pruneutils.pytorch.weights``, and if ``torch.fx`` cannot trace the model.

    Examples
    --------
    >>> coupled_layers(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)))
    [('0',)]
    """
    prunable_layers(model)
    return [tuple(axis.writers) for axis in axes_of(model) if not axis.fixed_by]


def remove_neurons(
    model: nn.Module, kept: Mapping[str, np.ndarray], *, constants: Mapping[str, np.ndarray] | None = None
) -> nn.Module:
    """Copy a model without some neurons (units of linear layers).

    A neuron takes with it its row of weights and its bias, its place in a batch-norm behind it, and its column in
    every layer that reads it. A batch-norm behind a linear layer is taken to see inputs of shape (samples, units).

    Parameters
    ----------
    model : PyTorch module that ``torch.fx`` can trace, without masks of ``torch.nn.utils.prune``; unchanged.
    kept : linear layer -> boolean array of shape (units,), True = keep.
        Of layers that ``coupled_layers`` names together one is enough; where more are given, their arrays are equal.
    constants : linear layer -> array of shape (units,): the activation that each unit, if removed, is taken to have
        where it is read, for coupled layers that of their sum; it goes into the biases of the layers that read it
        (linear ones only). Else it counts as zero.

    Returns
    -------
    a module of the same class with smaller layers. Its parameters are new: an optimiser must be made anew.

    Raises
    ------
    ValueError
        if ``kept`` is empty or names a layer that the model lacks or that is not linear; an array is not boolean, of
        another shape, without any True, or unlike that of a coupled layer; the outputs meet anything that is not
        followed (grouped or transposed convolutions, concatenations, layer norm and more), such as the model's own
        output; a mask or a parametrisation is held where something is to be removed; ``constants`` does not match;
        ``torch.fx`` cannot trace the model. The message then says how to use Torch-Pruning instead.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> remove_neurons(model, {"0": np.array([True, False, True, True])})
    Sequential(
      (0): Linear(in_features=3, out_features=3, bias=True)
      (1): ReLU()
      (2): Linear(in_features=3, out_features=2, bias=True)
    )
    """
    return _smaller(model, kept, (nn.Linear,), "linear", constants or {})


def remove_channels(model: nn.Module, kept: Mapping[str, np.ndarray]) -> nn.Module:
    """Copy a model without some channels (filters of convolutional layers).

    A channel takes with it its filter and its bias, its place in the batch-norm behind it (parameters and running
    statistics), and its slice of every layer that reads it; of a linear layer behind a flatten one column a pixel.

    Parameters
    ----------
    model : as for ``remove_neurons``.
    kept : convolutional layer -> boolean array of shape (channels,), True = keep.
        Of layers that ``coupled_layers`` names together one is enough; where more are given, their arrays are equal.

    Returns
    -------
    a module of the same class with smaller layers. Its parameters are new: an optimiser must be made anew.

    Raises
    ------
    ValueError
        as for ``remove_neurons``, with convolutional layers.

    References
    ----------
    Li et al. (2017), section 3, removes filters with the next layer's kernels; https://arxiv.org/abs/1608.08710.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))
    >>> remove_channels(model, {"0": np.array([True, False, False, True])})[3]
    Linear(in_features=8, out_features=2, bias=True)
    """
    return _smaller(model, kept, CONVOLUTIONS, "convolutional", {})


def _smaller(model, kept, kinds, word, constants) -> nn.Module:
    kept = {name: np.asarray(mask) for name, mask in some("kept", kept).items()}
    layers = prunable_layers(model)
    axes = {name: axis for axis in axes_of(model) for name in axis.writers}
    for name, mask in kept.items():
        expected = sorted(name for name, layer in layers.items() if isinstance(layer, kinds))
        if name not in layers or not isinstance(layers[name], kinds):
            raise ValueError(f"kept[{name!r}]: the model has no such {word} layer, expected one of {expected}")
        _check(name, mask, axes.get(name), layers[name])
    chosen = _one_a_group("kept", kept, axes)
    _refuse_held(model, chosen)
    given = {name: _constant(name, values, chosen, axes, layers) for name, values in constants.items()}
    folded = _one_a_group("constants", given, axes)
    smaller = clone(model)
    modules = dict(smaller.named_modules())
    with torch.no_grad():
        for axis, mask in chosen.items():
            _cut(axis, mask, modules, folded.get(axis))
    return smaller


def _check(name: str, mask: np.ndarray, axis: Axis | None, layer: nn.Module) -> None:
    boolean(f"kept[{name!r}]", mask, (layer.weight.shape[0],))
    if not mask.any():
        raise ValueError(f"kept[{name!r}] keeps nothing: expected at least one True")
    if axis is None or axis.fixed_by:
        _refuse_computed(name, layer)
        reason = axis.fixed_by if axis else "a part of the model that torch.fx does not follow"
        raise ValueError(f"kept[{name!r}]: the layer's outputs cannot be removed, they meet {reason}. {ADVICE}")


def _one_a_group(argument: str, given: Mapping[str, np.ndarray], axes: Mapping[str, Axis]) -> dict[Axis, np.ndarray]:
    """Map each group of coupled layers to its array; whoever names several of one group gives them equal arrays."""
    found: dict[Axis, str] = {}
    for name, array in given.items():
        first = found.setdefault(axes[name], name)
        if not np.array_equal(given[first], array):
            raise ValueError(
                f"{argument}[{name!r}]: these outputs are summed with those of {first!r}, expected the same array for "
                "both, or one of them alone"
            )
    return {axis: given[name] for axis, name in found.items()}


def _refuse_held(model: nn.Module, axes: Iterable[Axis]) -> None:
    """Refuse layers whose parameters are computed from others: what is sliced must be what is used."""
    modules, held = dict(model.named_modules()), {module for module, _ in pruned_tensors(model)}
    for axis in axes:
        for name in (*axis.writers, *(reader.name for reader in (*axis.norms, *axis.readers))):
            if modules[name] in held:
                raise ValueError(f"layer {name!r} holds a mask: expected none, make_permanent(model) writes its zeros")
            _refuse_computed(name, modules[name])


def _refuse_computed(name: str, layer: nn.Module) -> None:
    used = {key for key in ("weight", "bias") if getattr(layer, key, None) is not None}
    if used - {key for key, _ in layer.named_parameters(recurse=False)}:
        raise ValueError(f"layer {name!r} has a weight or bias that is computed (parametrised): expected parameters")


def _constant(name, given, chosen, axes, layers) -> np.ndarray:
    axis = axes.get(name)
    if axis not in chosen:
        expected = sorted(writer for axis in chosen for writer in axis.writers)
        raise ValueError(f"constants[{name!r}]: expected a layer in kept or coupled with one, {expected}")
    given = finite(f"constants[{name!r}]", given)
    if given.shape != chosen[axis].shape:
        raise ValueError(f"constants[{name!r}] of shape {given.shape}: expected {chosen[axis].shape}")
    for reader in axis.readers:
        if not isinstance(layers[reader.name], nn.Linear) or reader.at is not axis.readers[0].at:
            raise ValueError(
                f"constants[{name!r}]: layer {reader.name!r} reads these units, "
                "expected linear layers only, all at the same place"
            )
    return given


def _cut(axis: Axis, kept: np.ndarray, modules: dict[str, nn.Module], constant: np.ndarray | None) -> None:
    """Slice the layers of a copy along one axis, in place."""
    for name in axis.writers:
        keep_outputs(modules[name], kept)
    for norm in axis.norms:
        keep_outputs(modules[norm.name], _spread(kept, modules[norm.name].num_features, norm))
    for reader in axis.readers:
        layer = modules[reader.name]
        inputs = layer.weight.shape[1]
        if constant is not None:
            values = torch.from_numpy(_spread(np.where(kept, 0, constant), inputs, reader)).to(layer.weight)
            offset = layer.weight @ values if layer.bias is None else layer.weight @ values + layer.bias
            layer.bias = nn.Parameter(offset, layer.weight.requires_grad)
        keep_inputs(layer, _spread(kept, inputs, reader))


def _spread(of_channels: np.ndarray, inputs: int, reader: Reader) -> np.ndarray:
    """Give each of a reader's inputs what its channel has."""
    times = inputs // len(of_channels)
    return np.repeat(of_channels, times) if reader.adjacent else np.tile(of_channels, times)
