"""2:4 sparsity on an NVIDIA GPU, against dense products and removed channels. Stored for chapter 20.

    python -m benchmarks.gpu

Products in half precision over several sizes, a transformer's feed-forward block, and a small CNN with half of its
channels; each as the ratio of the dense time to the other's, medians of calls in turns, a few minutes in all. Writes
pruneutils/book/gpu.json, with device, versions and date. Without a GPU of compute capability 8 or more it says so and
writes nothing.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pruneutils import masks, measure

STORED = Path(__file__).resolve().parent.parent / "pruneutils/book/gpu.json"
SIZES, BATCH, REPEATS = (1024, 2048, 4096, 8192), 4096, 50


def unfit(torch) -> str:
    """Why 2:4 cannot be measured here, or nothing."""
    if not torch.cuda.is_available():
        return "no CUDA GPU is at hand"
    major, minor = torch.cuda.get_device_capability()
    return "" if major >= 8 else f"compute capability {major}.{minor}: 2:4 needs 8.0 or more"


def two_of_four(W: np.ndarray) -> np.ndarray:
    """The array with the two smaller of every four neighbours of a row set to zero."""
    return W * masks.n_of_m(abs(W), keep=2, of=4)


def ratios(torch, sizes=SIZES, batch=BATCH, repeats=REPEATS) -> dict[str, float]:
    """Dense time over the other's time: above 1, the other is faster."""
    from torch import nn
    from torch.sparse import to_sparse_semi_structured

    draw = np.random.default_rng(0)

    def tensor(array):
        return torch.from_numpy(array).to("cuda", torch.float16)

    def faster(dense, other):
        def waiting(call):
            def run():
                call()
                torch.cuda.synchronize()

            return run

        with torch.inference_mode():
            found = measure.latency({"dense": waiting(dense), "other": waiting(other)}, repeats=repeats, warmup=10)
        return round(found["dense"].median / found["other"].median, 3)

    def drawn(*shape):
        return (draw.normal(size=shape) / shape[-1] ** 0.5).astype(np.float32)

    found = {}
    for n in sizes:
        W = two_of_four(drawn(n, n))
        X, dense = tensor(drawn(batch, n)), tensor(W)
        sparse = to_sparse_semi_structured(dense)
        found[f"2:4, {n} x {n}"] = faster(
            lambda X=X, W=dense: nn.functional.linear(X, W), lambda X=X, W=sparse: nn.functional.linear(X, W)
        )
    n = sizes[0]
    up, down, X = two_of_four(drawn(4 * n, n)), two_of_four(drawn(n, 4 * n)), tensor(drawn(batch, n))

    def block(up, down):
        linear = nn.functional.linear
        return lambda: linear(torch.relu(linear(X, up)), down)

    pair = [tensor(up), tensor(down)]
    found["2:4, feed-forward block"] = faster(block(*pair), block(*map(to_sparse_semi_structured, pair)))

    def cnn(width):
        layers = [nn.Conv2d(3, width, 3, padding=1), nn.ReLU()]
        for _ in range(3):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.ReLU()]
        return nn.Sequential(*layers).to("cuda", torch.float16).eval()

    images, whole, half = tensor(drawn(64, 3, 32, 32)), cnn(256), cnn(128)
    found["half of the channels, CNN"] = faster(lambda: whole(images), lambda: half(images))
    return found


def main() -> None:
    """Measure and store, or say why not."""
    import torch

    if why := unfit(torch):
        sys.exit(f"{why}; nothing was measured or stored")
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "device": torch.cuda.get_device_name(),
        "versions": {"torch": torch.__version__, "cuda": torch.version.cuda},
        "ratios": ratios(torch),
    }
    STORED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
