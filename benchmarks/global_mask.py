"""A global mask over a large network: time and extra memory, scores included, beside PyTorch's and the naive way.

    python tools/processors.py python -m benchmarks.global_mask [--tiny]

One abs() pass over all weights into a buffer is the bound: no exact mask can be had for less.
"""

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np

from benchmarks.turns import processor_seconds, ratio, verdict
from pruneutils.masks import global_unstructured
from pruneutils.scores import magnitude

SPARSITY = 0.8
PATIENCE = 20  # seconds that one run of the naive way may take
RESNET_18 = [
    (64, 3, 7, 7),
    *[(64, 64, 3, 3)] * 4,
    *[(128, 64, 3, 3), (128, 64, 1, 1), *[(128, 128, 3, 3)] * 3],
    *[(256, 128, 3, 3), (256, 128, 1, 1), *[(256, 256, 3, 3)] * 3],
    *[(512, 256, 3, 3), (512, 256, 1, 1), *[(512, 512, 3, 3)] * 3],
    (1000, 512),
]
ALEXNET = [
    *[(64, 3, 11, 11), (192, 64, 5, 5), (384, 192, 3, 3), (256, 384, 3, 3), (256, 256, 3, 3)],
    *[(4096, 9216), (4096, 4096), (1000, 4096)],
]
TINY = [(16, 3, 3, 3), (300, 250), (10, 300)]
SHAPES = {"ResNet-18": RESNET_18, "AlexNet": ALEXNET, "a tiny network": TINY}


def make_weights(shapes):
    """Normal weights at He's scale, float32, without a second copy of any."""
    rng = np.random.default_rng(0)
    weights = {}
    for i, shape in enumerate(shapes):
        weights[str(i)] = rng.standard_normal(shape, dtype=np.float32)
        weights[str(i)] *= np.float32(math.sqrt(2 / math.prod(shape[1:])))
    return weights


def by_pruneutils(weights):
    masks = global_unstructured({name: magnitude(W) for name, W in weights.items()}, SPARSITY)
    return list(masks.values())


def by_torch(weights):
    import torch
    from torch.nn.utils import prune

    layers = [torch.nn.Module() for _ in weights]
    for layer, W in zip(layers, weights.values(), strict=True):
        layer.weight = torch.nn.Parameter(torch.from_numpy(W))  # shares its memory with W
    prune.global_unstructured([(layer, "weight") for layer in layers], prune.L1Unstructured, amount=SPARSITY)
    return [layer.weight_mask.numpy() for layer in layers]


def by_list_and_percentile(weights):
    values = []
    for W in weights.values():
        values.extend(np.abs(W).ravel().tolist())
    at = np.percentile(values, 100 * SPARSITY)
    return [np.abs(W) >= at for W in weights.values()]


WAYS = {"pruneutils": by_pruneutils, "torch.nn.utils.prune": by_torch, "list and percentile": by_list_and_percentile}


def resident_peak():
    """The most memory in bytes that this process has held; resource would count its parent's on Linux."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = (line.split() for line in status.read_text().splitlines())
        for words in lines:
            if words[0] == "VmHWM:":
                return 1024 * int(words[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measure_memory(network, way):
    """Run one way once and print its extra memory, by the operating system and, for NumPy alone, by tracemalloc."""
    weights = make_weights(SHAPES[network])
    WAYS[way](make_weights(TINY))  # imports, and whatever else is set up once
    nbytes = sum(W.nbytes for W in weights.values())
    before = resident_peak()
    WAYS[way](weights)
    ratios = {"resident": (resident_peak() - before) / nbytes}
    if way == "pruneutils":
        tracemalloc.start()
        WAYS[way](weights)
        ratios["traced"] = tracemalloc.get_traced_memory()[1] / nbytes
    print(json.dumps(ratios))


def memory_of(network, way):
    """Measure in a process of its own, for a peak cannot be taken back."""
    command = [sys.executable, "-m", "benchmarks.global_mask", "--memory", network, way]
    root = Path(__file__).resolve().parent.parent
    return json.loads(subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout)


def compare(network, ways, repeats):
    """Print one network's table and goals; return the seconds that each way took."""
    weights = make_weights(SHAPES[network])
    total = sum(W.size for W in weights.values())
    buffer = np.empty(max(W.size for W in weights.values()), dtype=np.float32)

    def one_abs_pass():
        for W in weights.values():
            np.abs(W.ravel(), out=buffer[: W.size])

    removed = {way: sum(int(np.count_nonzero(mask == 0)) for mask in WAYS[way](weights)) for way in ways}
    calls = {"one abs() pass": one_abs_pass} | {way: lambda way=way: WAYS[way](weights) for way in ways}
    seconds = processor_seconds(calls, repeats=repeats)
    memory = {way: memory_of(network, way) for way in ways}

    print(f"\nGlobal mask at {SPARSITY:.0%} over the shapes of {network}: {total:,} float32 weights")
    print(f"{repeats} turns on one thread, processor time; extra memory as a multiple of the weights' bytes")
    print(f"{'':22}{'ms':>8}{'abs() passes':>14}{'extra memory':>14}   removed")
    for name, taken in seconds.items():
        passes = ratio(taken, seconds["one abs() pass"])[0]
        text = f"{name:22}{1000 * statistics.median(taken):8.1f}{passes:14.1f}"
        if name in ways:
            excess = removed[name] - round(SPARSITY * total)
            text += f"{memory[name]['resident']:14.2f}   {f'{excess:+,} from' if excess else 'exactly'} the share"
        print(text)
    for other in ways[1:]:
        middle, lower, upper = ratio(seconds[other], seconds["pruneutils"])
        print(f"pruneutils is {middle:.1f} times faster than {other} (quartiles {lower:.1f} to {upper:.1f})")
        if other == "torch.nn.utils.prune":
            print(verdict("speed over PyTorch's, scores included,", middle, at_least=25))
    print(verdict("extra memory by tracemalloc, scores included,", memory["pruneutils"]["traced"], at_most=1.5))
    return {name: statistics.median(taken) for name, taken in seconds.items()} | {"weights": total}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="a network of 80,000 weights, to see that all works")
    parser.add_argument("--memory", nargs=2, metavar=("NETWORK", "WAY"), help="measure the memory of one way only")
    options = parser.parse_args(arguments)
    if options.memory:
        return measure_memory(*options.memory)
    if "torch" not in sys.modules:
        import torch

        torch.set_num_threads(1)
    if options.tiny:
        compare("a tiny network", list(WAYS), repeats=3)
        return print("All works; at this size the goals mean nothing.")
    first = compare("ResNet-18", list(WAYS), repeats=7)
    naive, millions = "list and percentile", sum(map(math.prod, ALEXNET))
    expected = first[naive] * millions / first["weights"]
    ways = [way for way in WAYS if way != naive or expected <= PATIENCE]
    compare("AlexNet", ways, repeats=5)
    if naive not in ways:
        print(f"{naive}: left out, for it would take about {expected:.0f} s a run")


if __name__ == "__main__":
    main()
