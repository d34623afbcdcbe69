"""The step of gradual pruning that every adapter's ``GradualPruner`` takes, in NumPy."""

from collections.abc import Callable, Mapping

import numpy as np

from pruneutils._arguments import finite, same_shape
from pruneutils.masks import global_unstructured, unstructured


def check_options(schedule: object, score: object, scope: str) -> None:
    """Raise ValueError unless ``GradualPruner`` can work with these."""
    for name, function in {"schedule": schedule, "score": score}.items():
        if not callable(function):
            raise ValueError(f"{name}={function!r}: expected a function")
    if scope not in ("global", "layer"):
        raise ValueError(f"scope={scope!r}: expected 'global' or 'layer'")


def next_masks(
    weights: Mapping[str, np.ndarray],
    kept: Mapping[str, np.ndarray],
    sparsity: float,
    *,
    score: Callable[[np.ndarray], np.ndarray],
    scope: str,
) -> dict[str, np.ndarray]:
    """Make masks of at least ``sparsity`` that keep nothing which ``kept`` removes."""
    scores = {}
    for name, W in weights.items():
        scores[name] = finite(f"scores of layer {name!r}", score(W)).astype(np.float64)
        same_shape(f"scores of layer {name!r}", scores[name], "its weight", W)
    below_all = 2 * min(-1.0, *(float(S.min()) for S in scores.values()))  # no denormal, which may be read as 0
    ranked = {name: np.where(kept[name], S, below_all) for name, S in scores.items()}
    if scope == "global":
        masks = global_unstructured(ranked, sparsity)
    else:
        masks = {name: unstructured(S, sparsity) for name, S in ranked.items()}
    return {name: mask & kept[name] for name, mask in masks.items()}
