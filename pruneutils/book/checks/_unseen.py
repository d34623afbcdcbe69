"""Networks that the checks of exercises try answers on, each made once.

Those with the true change of loss for each deletion in their first layer are trained in float64 and on all images at
once, so that every machine finds the same rank correlations.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

SAMPLES, STEPS, RATE = 400, 200, 0.01
SEEDS = (101, 102, 103)


@dataclass(frozen=True)
class Layer:
    """A trained network's first layer, and what deletion does to it."""

    W: np.ndarray  # (units, inputs), its weights
    V: np.ndarray  # (outputs, units), the weights out of its units
    X: np.ndarray  # (samples, inputs), what it reads
    A: np.ndarray  # (samples, units), what its units answer
    obd: np.ndarray  # shape of W
    change: np.ndarray  # shape of W, in nats, no sign

    def rank(self, score: Callable) -> float:
        """Rank correlation of ``score(W, V, X, A)`` with the size of the true change."""
        from scipy.stats import spearmanr

        scores = np.asarray(score(self.W.copy(), self.V.copy(), self.X.copy(), self.A.copy()), dtype=float)
        return float(spearmanr(scores.ravel(), self.change.ravel())[0])


@lru_cache(maxsize=1)
def first_layers() -> tuple[Layer, ...]:
    """One layer for each seed; about two seconds at the first call."""
    return tuple(_layer(seed) for seed in SEEDS)


def _layer(seed: int) -> Layer:
    import torch

    from pruneutils import pytorch
    from pruneutils.book import data, train
    from pruneutils.pytorch import curvature

    digits = data.digits()
    X, y = digits.X_train[:SAMPLES].astype(float), digits.y_train[:SAMPLES]
    net, inputs, labels = train.mlp(64, 10, 10, seed=seed).double(), torch.from_numpy(X), torch.from_numpy(y)
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    for _ in range(STEPS):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(inputs), labels).backward()
        optimiser.step()
    weights = pytorch.weights(net)
    with torch.no_grad():
        A = net[1](net[0](inputs)).numpy()
    obd = curvature.gauss_newton_diagonal(net, X, y)["0"] * weights["0"] ** 2 / 2
    return Layer(weights["0"], weights["2"], X, A, obd, abs(curvature.deletions(net, X, y)["0"]))


@lru_cache
def digit_networks():
    """Five digit networks and their splits."""
    from pruneutils.book import data, train

    splits = [data.digits(seed=k) for k in range(5)]
    nets = [train.mlp(64, 64, 32, 10, seed=k) for k in range(5)]
    train.fit(nets, [s.X_train for s in splits], [s.y_train for s in splits], steps=800, lr=3e-3)
    return nets, splits


def fit_signals(nets, splits, lr):
    """Train networks on five splits of MNIST-1D as chapter 16 does."""
    from pruneutils.book import train

    splits = splits * (len(nets) // len(splits))
    options = {"lr": lr, "weight_decay": 0.3, "batch": 64, "seed": [i % 5 for i in range(len(nets))]}
    train.fit(nets, [d.X_train for d in splits], [d.y_train for d in splits], steps=400, **options)


@lru_cache(maxsize=1)
def one_shot_tickets():
    """Five starts, the masks of their largest trained weights at 83 %, and the splits; about a second."""
    from pruneutils import masks, pytorch, scores
    from pruneutils.book import data, train

    splits = [data.mnist1d(seed=k) for k in range(5)]
    starts = [train.mlp(40, 100, 100, 10, seed=k) for k in range(5)]
    dense = [pytorch.clone(net) for net in starts]
    fit_signals(dense, splits, lr=0.0095)
    sizes = [{name: scores.magnitude(W) for name, W in pytorch.weights(net).items()} for net in dense]
    return starts, [masks.global_unstructured(one, 1 - 0.64**4) for one in sizes], splits
