"""Variants of a PyTorch model that ``measure.prospects`` times."""

import warnings
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from pruneutils._prospects import SAME_KERNEL, Variant
from pruneutils.pytorch._hold import clone, weights
from pruneutils.pytorch._layers import inputs_for, prunable_layers
from pruneutils.pytorch.removal import coupled_layers, remove_channels, remove_neurons


def variants(model: nn.Module, X: np.ndarray, zeroed: Mapping[float, Mapping[str, np.ndarray]]) -> dict[str, Variant]:
    """Build copies of a model in evaluation mode, as changed, or say why not."""
    from pruneutils.pytorch._measured import forward

    found = {"dense": Variant(forward(model, X), "")}
    for share, W in zeroed.items():
        masked = _with_weights(model, W)
        found[f"{100 * share:.0f} % zeros, masked"] = Variant(forward(masked, X), SAME_KERNEL)
        found[f"{100 * share:.0f} % zeros, CSR"] = _csr(masked, X, forward)
    found["half of the channels"] = _halved(model, X, forward)
    found["int8"] = _int8(model, X, forward)
    return found


def _with_weights(model: nn.Module, new: Mapping[str, np.ndarray]) -> nn.Module:
    copy = clone(model).eval()
    layers = prunable_layers(copy)
    with torch.no_grad():
        for name, W in new.items():
            layers[name].weight.copy_(torch.from_numpy(W))
    return copy


class _Sparse(nn.Module):
    """A linear layer whose weight is stored as compressed sparse rows, and multiplied so."""

    def __init__(self, layer: nn.Linear):
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that CSR is in beta
            self.weight = layer.weight.detach().to_sparse_csr()
        self.bias = layer.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply."""
        flat = (self.weight @ x.reshape(-1, x.shape[-1]).T).T
        flat = flat if self.bias is None else flat + self.bias
        return flat.reshape(*x.shape[:-1], -1)


def _csr(model: nn.Module, X: np.ndarray, forward) -> Variant:
    layers = prunable_layers(model)
    linear = [name for name, layer in layers.items() if type(layer) is nn.Linear and name]
    if not linear:
        return Variant(None, "no linear layer inside: PyTorch has no CSR kernel for convolutions")
    copy = clone(model)
    for name in linear:
        _replace(copy, name, _Sparse(copy.get_submodule(name)))
    note = f"CSR in {len(linear)} of {len(layers)} layers, the linear ones"
    return _tried(lambda: Variant(forward(copy, X), note))


def _replace(model: nn.Module, name: str, new: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, new)


def _halved(model: nn.Module, X: np.ndarray, forward) -> Variant:
    """Remove half of the outputs of all layers but the last, by the graph of torch.fx, else by Torch-Pruning."""
    try:
        twin, how = _by_trace(model), "removed in a copy"
    except Exception as refused:  # whatever stops torch.fx stops it here, in the model's own code
        try:
            twin, how = _by_torch_pruning(model, X), "removed by Torch-Pruning in a copy"
        except ImportError:
            return Variant(None, f"not built: {str(refused).splitlines()[0][:80]}")
        except Exception as error:
            return Variant(None, f"not built: {str(error).splitlines()[0][:80]}")
    size = 4 * sum(W.size for W in weights(twin).values())
    if size == 4 * sum(W.size for W in weights(model).values()):
        return Variant(None, "no layer's outputs can be removed", size)
    return _tried(lambda: Variant(forward(twin, X), how, size))


def _by_trace(model: nn.Module) -> nn.Module:
    layers = prunable_layers(model)
    for kind, remove in ((nn.Linear, remove_neurons), (nn.Module, remove_channels)):
        one = [group[0] for group in coupled_layers(model)]
        chosen = [
            n for n in one if isinstance(layers[n], kind) and (kind is nn.Linear or type(layers[n]) is not nn.Linear)
        ]
        halves = {n: np.arange(len(layers[n].weight)) < (len(layers[n].weight) + 1) // 2 for n in chosen}
        model = remove(model, halves) if halves else model
        layers = prunable_layers(model)
    return model


def _by_torch_pruning(model: nn.Module, X: np.ndarray) -> nn.Module:
    import torch_pruning as tp

    copy = clone(model)
    last = list(prunable_layers(copy).values())[-1]
    example = inputs_for(copy, X[:1])
    options = {"importance": tp.importance.MagnitudeImportance(), "pruning_ratio": 0.5, "ignored_layers": [last]}
    tp.pruner.BasePruner(copy, example, **options).step()
    return copy


def _int8(model: nn.Module, X: np.ndarray, forward) -> Variant:
    """Quantise the linear layers dynamically, if this PyTorch and this processor can."""
    linear = [name for name, layer in prunable_layers(model).items() if type(layer) is nn.Linear and name]
    if not linear:
        return Variant(None, "bytes alone: PyTorch's dynamic int8 is for linear layers")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it will move to torchao
            quantised = torch.ao.quantization.quantize_dynamic(clone(model), {nn.Linear}, dtype=torch.qint8)
            call = forward(quantised, X)
            call()
    except Exception as error:  # no engine, no such module, another device
        return Variant(None, f"bytes alone: {str(error).splitlines()[0][:80]}")
    return Variant(call, f"dynamic, {len(linear)} of {len(prunable_layers(model))} layers, the linear ones")


def _tried(make) -> Variant:
    variant = make()
    try:
        variant.call()
    except Exception as error:
        return Variant(None, f"not built: {str(error).splitlines()[0][:80]}", variant.bytes)
    return variant
