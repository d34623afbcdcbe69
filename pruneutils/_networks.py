"""Small networks of convolutions; public as ``pruneutils.train.cnn``."""

import math
from itertools import pairwise

import torch
from torch import nn

from pruneutils._arguments import whole


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
