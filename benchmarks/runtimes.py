"""What zeros by mask save in PyTorch, torch.compile and ONNX Runtime: nothing. Stored for chapter 20.

    python -m benchmarks.runtimes

Needs onnxruntime, onnx and onnxscript, which the book does not install, and a C++ compiler for torch.compile. Writes
the ratios, with date and versions, to pruneutils/book/runtimes.json; without one of the packages it says which.
"""

import json
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pruneutils import measure

STORED = Path(__file__).resolve().parent.parent / "pruneutils/book/runtimes.json"
SIZE, BATCH, SPARSITY, REPEATS = 2048, 32, 0.9, 40


def processor() -> str:
    """Name of the processor as the system has it, else its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def measured() -> dict:
    """Time with zeros over time of the dense layer, runtime by runtime, all calls in turns on one thread."""
    try:
        import onnx
        import onnxruntime
        import onnxscript
    except ImportError as missing:
        sys.exit(f"{missing}: pip install onnxruntime onnx onnxscript, in an environment of your own")
    import torch

    torch.set_num_threads(1)
    draw = np.random.default_rng(0)
    W = draw.normal(size=(SIZE, SIZE)).astype(np.float32)
    X = torch.from_numpy(draw.normal(size=(BATCH, SIZE)).astype(np.float32))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    calls = {}
    for kind, weights in {"dense": W, "masked": W * (draw.random(W.shape) >= SPARSITY)}.items():
        layer = torch.nn.Linear(SIZE, SIZE, bias=False).eval().requires_grad_(False)
        layer.weight.copy_(torch.from_numpy(weights))
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/layer.onnx"
            torch.onnx.export(layer, (X,), path, dynamo=True, verbose=False, external_data=False)
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        compiled, name, array = torch.compile(layer), session.get_inputs()[0].name, X.numpy()
        calls[kind, "PyTorch"] = lambda layer=layer: layer(X)
        calls[kind, "torch.compile"] = lambda compiled=compiled: compiled(X)
        calls[kind, "ONNX Runtime"] = lambda session=session, name=name, array=array: session.run(None, {name: array})
    times = measure.latency(calls, repeats=REPEATS)
    ratios = {name: times["masked", name].median / times["dense", name].median for _, name in list(calls)[:3]}
    versions = {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__}
    versions |= {"onnx": onnx.__version__, "onnxscript": onnxscript.__version__}
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "versions": versions,
        "layer": [SIZE, SIZE],
        "batch": BATCH,
        "sparsity": SPARSITY,
        "masked / dense": {name: round(ratio, 3) for name, ratio in ratios.items()},
    }


if __name__ == "__main__":
    found = measured()
    STORED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))
