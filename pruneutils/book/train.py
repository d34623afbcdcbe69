"""Small networks, trained fast: several seeds of one architecture as a single batched network.

Masks that ``pruneutils.pytorch`` holds in the networks are kept in every step.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from pruneutils._arguments import non_negative, whole
from pruneutils._missing import needed

with needed("torch", by="pruneutils.book.train", extra="book"):
    import torch
    from torch import nn
    from torch.func import functional_call, stack_module_state, vmap

from pruneutils.book._batched import Optimiser, batches, each_network, hold, plain_copies, stacked_masks, write_back
from pruneutils.book._taught import outputs_of, taught, teaching, told
from pruneutils.pytorch import clone
from pruneutils.pytorch._layers import inputs_for
from pruneutils.pytorch.curvature import loss_for

__all__ = ["accuracy", "cnn", "fit", "mlp", "predict", "r2"]


def mlp(*widths: int, seed: int) -> nn.Sequential:
    """Build a multilayer perceptron with ReLU between its linear layers.

    Parameters
    ----------
    widths : numbers of inputs, of units in each hidden layer, and of outputs.
    seed : seed of PyTorch's default initialisation; the global generator is left as it was.

    Returns
    -------
    ``nn.Sequential`` of ``nn.Linear`` and ``nn.ReLU``.

    Raises
    ------
    ValueError
        if there are fewer than two widths or one of them is not a whole number above 0.

    Examples
    --------
    >>> mlp(64, 32, 10, seed=0)
    Sequential(
      (0): Linear(in_features=64, out_features=32, bias=True)
      (1): ReLU()
      (2): Linear(in_features=32, out_features=10, bias=True)
    )
    """
    if len(widths) < 2:
        raise ValueError(f"widths={widths!r}: expected at least two, inputs and outputs")
    widths = [whole("widths", width, at_least=1) for width in widths]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(whole("seed", seed))
        layers = [part for sides in pairwise(widths) for part in (nn.Linear(*sides), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def cnn(*channels: int, outputs: int = 10, side: int = 8, seed: int) -> nn.Sequential:
    """Build a small convolutional network for square grey images that come as flat rows.

    Kernels are 3 by 3, with ReLU after each; every convolution but the first halves the image's sides.
    A linear layer reads all that is left.

    Parameters
    ----------
    channels : numbers of filters of each convolution.
    outputs : number of outputs.
    side : height and width of an image in pixels; a row of X has ``side * side`` values.
    seed : seed of PyTorch's default initialisation; the global generator is left as it was.

    Returns
    -------
    ``nn.Sequential``; convolution number i, from 0, has the name ``str(2 * i + 1)``.

    Raises
    ------
    ValueError
        if there is no convolution, or a number is not a whole one above 0.

    Examples
    --------
    >>> [tuple(p.shape) for p in cnn(4, 8, seed=0).parameters() if p.ndim > 1]
    [(4, 1, 3, 3), (8, 4, 3, 3), (10, 128)]
    """
    if not channels:
        raise ValueError("channels=(): expected at least one number of filters")
    sides = [1, *(whole("channels", count, at_least=1) for count in channels)]
    side, outputs = whole("side", side, at_least=1), whole("outputs", outputs, at_least=1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(whole("seed", seed))
        layers = [nn.Unflatten(1, (1, side, side))]
        for i, pair in enumerate(pairwise(sides)):
            layers += [nn.Conv2d(*pair, 3, stride=1 if i == 0 else 2, padding=1), nn.ReLU()]
            side = side if i == 0 else math.ceil(side / 2)
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(sides[-1] * side * side, outputs))


def fit(
    nets: Sequence[nn.Module],
    X: np.ndarray | Sequence[np.ndarray],
    y: np.ndarray | Sequence[np.ndarray],
    *,
    steps: int,
    lr: float | Sequence[float] = 3e-3,
    batch: int = 128,
    weight_decay: float | Sequence[float] = 0.0,
    seed: int | Sequence[int] = 0,
    before_step: Mapping[int, Callable[[Sequence[nn.Module]], object]] | None = None,
    teachers: Sequence[nn.Module] | None = None,
    temperature: float = 1.0,
    soft: float = 0.5,
) -> np.ndarray:
    """Train all networks at once, in place, each on batches of its own.

    AdamW with a cosine decay of the learning rate to zero; cross-entropy for integer labels,
    mean squared error for float targets. A mask that a network holds stays: its weights are multiplied by
    the mask after every step of the optimiser. As long as no weight comes back, the kept ones get the same values as
    through ``torch.nn.utils.prune``, at less cost; one that comes back, see ``before_step``, starts at zero.

    Parameters
    ----------
    nets : networks of one architecture, float32 on the CPU, left in training mode as they were found.
    X : array of shape (samples, ...), float32, for all networks; or a list of such arrays of one shape, one a network.
    y : array of shape (samples,), int64 labels or float32 targets; or a list of them, one a network, as ``X``.
    steps : number of optimiser steps; 0 is allowed and does nothing.
    lr : learning rate at the first step; or a sequence, one a network.
    batch : samples a step; batches are drawn without replacement from shuffled epochs.
    weight_decay : decoupled weight decay (AdamW's); or a sequence, one a network.
    seed : network number i draws its batches with ``seed + i``; or a sequence of seeds, one a network.
    before_step : step, counted from 0 -> function called with ``nets``, trained so far, before that step: the place
        to prune on the way. Masks that it changes hold from then on, other changes are lost; the optimiser keeps its
        moments and the rate its cosine. Where training fails, ``nets`` stay as this function last saw them.
    teachers : networks to learn from as well, one a network, in evaluation mode and left as they are; None for none.
    temperature : T, above 0, by which the outputs of both are divided before the softmax; 1 for float targets.
    soft : share of the teacher in the loss, from 0 to 1. The loss is (1 - soft) of the one above, and soft times
        T² KL(teacher || network) for labels, or the mean squared difference to the teacher's output for floats.

    Returns
    -------
    float array of shape (networks, steps): the loss on each batch.

    Raises
    ------
    ValueError
        if ``nets`` is empty, mixes architectures or is not float32 on the CPU, ``X`` and ``y`` do not match,
        ``y`` has more than one axis, a list has not one entry a network, or an option is out of range, such as a key
        of ``before_step`` that is not a step of this training; if there is not one teacher a network, one answers
        in another shape than its pupil, or ``soft`` or ``temperature`` is given without teachers. The networks are
        then unchanged.

    References
    ----------
    Loshchilov & Hutter (2019), algorithm 2, AdamW; https://arxiv.org/abs/1711.05101.
    Hinton, Vinyals & Dean (2015), section 2, distillation and its factor T²; https://arxiv.org/abs/1503.02531.

    Examples
    --------
    >>> nets = [mlp(2, 8, 2, seed=seed) for seed in range(3)]
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    >>> losses = fit(nets, X, np.array([0, 1, 1, 0]), steps=5)
    >>> losses.shape
    (3, 5)
    """
    plain = plain_copies(nets)
    X, y, first_rows, samples = _data_of_each(X, y, len(nets))
    whole("steps", steps), whole("batch", batch, at_least=1)
    seeds = each_network("seed", seed, len(nets), whole, step=1)
    rates = each_network("lr", lr, len(nets), non_negative)
    decays = each_network("weight_decay", weight_decay, len(nets), non_negative)
    before_step = _steps_known(before_step or {}, steps)
    labels = not y.is_floating_point()
    soft, temperature = teaching(teachers, len(nets), soft, temperature, labels)
    skeleton, loss_of = plain[0], loss_for(y)
    if teachers is not None:
        loss_of = taught(loss_of, soft, temperature, labels)
        said, shifts = told(teachers, X, first_rows, samples, outputs_of(skeleton, X))
    parameters, buffers = stack_module_state(plain)  # name -> (networks, ...)
    masks = stacked_masks(nets, parameters)

    def loss_of_one(parameters, buffers, inputs, *targets):
        return loss_of(functional_call(skeleton, (parameters, buffers), (inputs,)), *targets)

    optimiser = Optimiser(parameters, rates, decays)
    rows, own = batches(seeds, first_rows, samples, steps, min(batch, samples))
    losses = np.empty((len(nets), steps))
    for step in range(steps):
        if step in before_step:
            write_back(nets, parameters, buffers)
            before_step[step](nets)
            masks = stacked_masks(nets, parameters)
            hold(masks, parameters)
        now = rows[own, step]  # (networks, batch)
        heard = () if teachers is None else (said[now + shifts[:, None]],)
        each = vmap(loss_of_one, randomness="different")(parameters, buffers, X[now], y[now], *heard)
        each.sum().backward()
        optimiser.step((1 + math.cos(math.pi * step / steps)) / 2)
        hold(masks, parameters)
        losses[:, step] = each.detach().numpy()
    write_back(nets, parameters, buffers)
    return losses


def predict(nets: Sequence[nn.Module], X: np.ndarray) -> np.ndarray:
    """Outputs of every network, in evaluation mode.

    Parameters
    ----------
    nets : networks, each on any device and of any float type.
    X : array of shape (samples, ...), float32; sent to each network's own device and float type.

    Returns
    -------
    float32 array of shape (networks, samples, outputs).
    """
    with torch.no_grad():
        return np.stack([clone(net).eval()(inputs_for(net, X)).float().cpu().numpy() for net in nets])


def accuracy(nets: Sequence[nn.Module], X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Share of samples whose largest output is the label's.

    Parameters
    ----------
    nets : networks with one output a class.
    X : array of shape (samples, ...), float32.
    y : array of shape (samples,), integer labels.

    Returns
    -------
    float array of shape (networks,), fractions in [0, 1].

    Raises
    ------
    ValueError
        if ``X`` and ``y`` differ in length or ``y`` has more than one axis.
    """
    X, y = _data(X, y)
    return (predict(nets, X).argmax(axis=2) == y).mean(axis=1)


def r2(nets: Sequence[nn.Module], X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Coefficient of determination, one minus the share of variance left unexplained.

    Parameters
    ----------
    nets : networks with one output.
    X : array of shape (samples, ...), float32.
    y : array of shape (samples,), float targets.

    Returns
    -------
    float array of shape (networks,), at most 1.

    Raises
    ------
    ValueError
        if ``X`` and ``y`` differ in length or ``y`` has more than one axis.
    """
    X, y = _data(X, y)
    return 1 - ((predict(nets, X)[:, :, 0] - y) ** 2).mean(axis=1) / y.var()


def _data(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    X, y = np.asarray(X, dtype=np.float32), np.asarray(y)
    if y.ndim != 1 or X.shape[:1] != y.shape or len(y) == 0:
        raise ValueError(f"X of shape {X.shape}, y of shape {y.shape}: expected one target a sample, at least one")
    return X, y.astype(np.int64 if y.dtype.kind in "iub" else np.float32)


def _data_of_each(X, y, networks: int) -> tuple[torch.Tensor, torch.Tensor, list[int], int]:
    """All samples in one array, the first row of each network's own, and their number; equal arrays are held once."""
    if not isinstance(X, list | tuple) or not isinstance(y, list | tuple):
        X, y = _data(X, y)
        return torch.from_numpy(X), torch.from_numpy(y), [0] * networks, len(X)
    if len(X) != networks or len(y) != networks:
        raise ValueError(f"X and y with {len(X)} and {len(y)} entries: expected {networks}, one a network")
    kept, first_rows, samples = {}, [], len(X[0])
    for pair in zip(X, y, strict=True):
        index = list(kept).index(key) if (key := tuple(map(id, pair))) in kept else len(kept)
        kept.setdefault(key, _data(*pair))
        first_rows.append(index * samples)
    shapes = {(part.shape, targets.dtype.kind) for part, targets in kept.values()}
    if len(shapes) > 1:
        raise ValueError(f"X: expected one shape for all networks and one kind of targets, got {sorted(shapes)}")
    return *(torch.from_numpy(np.concatenate(part)) for part in zip(*kept.values(), strict=True)), first_rows, samples


def _steps_known(before_step: Mapping, steps: int) -> Mapping:
    for step, function in before_step.items():
        if whole("before_step", step) >= steps or not callable(function):
            raise ValueError(f"before_step={{{step!r}: {function!r}}}: expected a step below {steps} and a function")
    return before_step
