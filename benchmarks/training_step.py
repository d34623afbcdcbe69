"""What a mask costs in a training step of pruneutils.book.train, and what several networks at once cost.

    python tools/processors.py python -m benchmarks.training_step [--tiny]

The networks are those of the book's experiments; numbers stand in for the data, whose values cost nothing.
"""

import argparse
import statistics

import numpy as np
import torch
from torch import nn
from torch.nn.utils import prune

from benchmarks.turns import processor_seconds, ratio, verdict
from pruneutils.book.train import fit, mlp
from pruneutils.masks import unstructured
from pruneutils.pytorch import apply_masks, weights
from pruneutils.scores import magnitude

SAMPLES, CLASSES, BATCH, SPARSITY, SEEDS = 1000, 10, 128, 0.8, 5
NETWORKS = {"digits": (64, 64, 32, CLASSES), "mnist1d": (40, 100, 100, CLASSES)}


def masks_for(net):
    return {name: unstructured(magnitude(W), SPARSITY) for name, W in weights(net).items()}


def plain_loop(net, X, y, steps):
    """The textbook's loop, on one network."""
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.0, fused=True)
    rows = torch.randint(len(X), (steps, BATCH), generator=torch.Generator().manual_seed(0))
    for batch in rows:
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(X[batch]), y[batch]).backward()
        optimiser.step()


def compare(name, widths, steps, repeats):
    """Print one network's table and goals."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((SAMPLES, widths[0]), dtype=np.float32)
    y = rng.integers(0, CLASSES, SAMPLES)
    dense, masked, plain, hooked = ([mlp(*widths, seed=0)] for _ in range(4))
    several = [mlp(*widths, seed=seed) for seed in range(SEEDS)]
    apply_masks(masked[0], masks_for(masked[0]))
    for layer, mask in masks_for(hooked[0]).items():
        prune.custom_from_mask(hooked[0].get_submodule(layer), "weight", torch.from_numpy(mask))
    calls = {
        "train.fit, dense": lambda: fit(dense, X, y, steps=steps, lr=1e-3, batch=BATCH),
        "train.fit, masked": lambda: fit(masked, X, y, steps=steps, lr=1e-3, batch=BATCH),
        "plain loop, dense": lambda: plain_loop(plain[0], X, y, steps),
        "plain loop, torch.nn.utils.prune": lambda: plain_loop(hooked[0], X, y, steps),
        f"train.fit, {SEEDS} networks": lambda: fit(several, X, y, steps=steps, lr=1e-3, batch=BATCH),
    }
    seconds = processor_seconds(calls, repeats=repeats)
    print(f"\n{name}: {'-'.join(map(str, widths))}, batches of {BATCH}, masks of {SPARSITY:.0%}")
    print(
        f"{repeats} turns of {steps} steps on one thread, processor time; ratios to train.fit or the plain loop, dense"
    )
    dense_fit, masked_fit, dense_loop, hooked_loop, five = seconds.values()
    for label, taken, below in [
        ("train.fit, dense", dense_fit, dense_fit),
        ("train.fit, masked", masked_fit, dense_fit),
        (f"train.fit, {SEEDS} networks", five, dense_fit),
        (f"the same in {SEEDS} plain loops", [SEEDS * taken for taken in dense_loop], dense_fit),
        ("plain loop, dense", dense_loop, dense_loop),
        ("plain loop, torch.nn.utils.prune", hooked_loop, dense_loop),
    ]:
        middle, lower, upper = ratio(taken, below)
        microseconds = 1e6 * statistics.median(taken) / steps
        print(f"{label:34}{microseconds:8.0f} us a step{middle:8.3f} (quartiles {lower:.3f} to {upper:.3f})")
    print(verdict("a masked step of train.fit over a dense one", ratio(masked_fit, dense_fit)[0], at_most=1.05))
    print(verdict(f"{SEEDS} networks at once over one", ratio(five, dense_fit)[0], at_most=3.5))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="a few steps, to see that all works")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    for name, widths in NETWORKS.items():
        compare(name, widths, *((3, 2) if options.tiny else (300, 15)))


if __name__ == "__main__":
    main()
