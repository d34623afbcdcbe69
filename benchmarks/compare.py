"""How many trainings of pruneutils.book.compare fit into a chapter, and what training them at once saves.

    python tools/processors.py python -m benchmarks.compare [--tiny]

An arm of the digits' network, on every split, at every rate and decay: as one batched network, and one by one.
"""

import argparse

import numpy as np
import torch

from benchmarks.turns import processor_seconds, ratio, verdict
from pruneutils.book.compare import Trial, geometric
from pruneutils.book.train import fit, mlp

SAMPLES, CHAPTER = 1079, 45  # rows of the digits' training part; seconds that a chapter may take
WIDTHS = {"dense": (64, 64, 32, 10), "small": (64, 4, 10)}
STEPS = 500  # of fine-tuning in the book's recipe


def trial(runs, rates, decays):
    """A trial on random data; values cost nothing."""
    rng = np.random.default_rng(0)
    X = [rng.random((SAMPLES, 64), dtype=np.float32) for _ in range(runs)]
    y = [rng.integers(0, 10, SAMPLES) for _ in range(runs)]
    points = [(rate, decay) for rate in rates for decay in decays]
    return Trial(
        seeds=tuple(range(runs)) * len(points),
        X=tuple(X) * len(points),
        y=tuple(y) * len(points),
        rates=tuple(rate for rate, _ in points for _ in range(runs)),
        decays=tuple(decay for _, decay in points for _ in range(runs)),
    )


def measure(widths, grid, steps, repeats):
    """Processor seconds of the grid at once, and of the same networks one by one, of which a few stand for all."""
    some = max(1, len(grid) // 20)
    together = [mlp(*widths, seed=0) for _ in range(len(grid))]
    alone = [mlp(*widths, seed=0) for _ in range(some)]

    def loop():
        for i, net in enumerate(alone):
            options = {"lr": grid.rates[i], "weight_decay": grid.decays[i], "seed": grid.seeds[i]}
            fit([net], grid.X[i], grid.y[i], steps=steps, **options)

    seconds = processor_seconds({"at once": lambda: grid.fit(together, steps=steps), "loop": loop}, repeats=repeats)
    return seconds["at once"], [taken * len(grid) / some for taken in seconds["loop"]]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="a few steps, to see that all works")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    steps, repeats = (2, 2) if options.tiny else (30, 5)
    print(f"an arm of {STEPS} steps, batches of 128, on one thread, processor time\n")
    print(f"{'network':20}{'runs x rates x decays':>24}{'seconds':>9}{'arms in ' + str(CHAPTER) + ' s':>14}{'loop':>8}")
    for name, widths in WIDTHS.items():
        for runs, points, decays in ((5, 3, (0.0,)), (5, 6, (0.0,)), (5, 6, (0.0, 0.3)), (10, 6, (0.0, 0.3))):
            grid = trial(runs, geometric(1e-3, 0.3, points), decays)
            at_once, loop = measure(widths, grid, steps, repeats)
            taken, times = np.median(at_once) * STEPS / steps, ratio(loop, at_once)[0]
            label, size = "-".join(map(str, widths)), f"{runs} x {points} x {len(decays)}"
            print(f"{label:20}{size:>24}{taken:9.1f}{CHAPTER / taken:14.1f}{times:7.1f}x", flush=True)
        print(verdict(f"one by one over at once, {name}", times, at_least=3))


if __name__ == "__main__":
    main()
