"""The rank behind every mask that removes an exact number of entries."""

import numpy as np


def lowest(scores: np.ndarray, share: float) -> np.ndarray:
    """Mark the round(share * n) lowest of n scores; among equals those that come first."""
    count = round(share * scores.size)
    if count == 0:
        return np.zeros(scores.size, dtype=bool)
    at = np.partition(scores, count - 1)[count - 1]
    marked = scores < at
    ties = np.flatnonzero(scores == at)
    marked[ties[: count - int(marked.sum())]] = True
    return marked
