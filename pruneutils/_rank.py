"""The rank behind every mask that removes an exact number of entries.

Large float32 arrays are ranked by radix: count the upper 16 bits of all scores, find the bucket in which the
wanted rank lies, and count the lower 16 bits inside it. Nothing is concatenated and nothing large is copied.
"""

from collections.abc import Iterator, Sequence

import numpy as np

CHUNK = 1 << 17  # entries that pass through the cache at a time
SMALL = 1 << 16  # below this, one partition is faster than 65,536 buckets


def lowest(scores: np.ndarray, share: float) -> np.ndarray:
    """Mark the round(share * n) lowest of n scores; among equals those that come first."""
    return lowest_of_all([scores], share)[0]


def lowest_of_all(arrays: Sequence[np.ndarray], share: float) -> list[np.ndarray]:
    """Mark the round(share * n) lowest of the n scores in all flat arrays; among equals those that come first."""
    total = sum(array.size for array in arrays)
    count = round(share * total)
    if count == 0:
        return [np.zeros(array.size, dtype=bool) for array in arrays]
    if total >= SMALL and all(array.dtype == np.float32 for array in arrays):
        at, up_to = _select_by_radix(arrays, count)
    else:
        together = np.concatenate(arrays)
        at = np.partition(together, count - 1)[count - 1]
        up_to = int(np.count_nonzero(together <= at))
    marked = [array <= at for array in arrays]
    _spare_last_ties(arrays, marked, at, up_to - count)
    return marked


def _select_by_radix(arrays: Sequence[np.ndarray], count: int) -> tuple[np.float32, int]:
    """Find the count-th lowest score, and how many are not above it."""
    upper, lower = np.zeros((2, 1 << 16), dtype=np.int64)
    for bits in _bits(arrays):
        upper += np.bincount(bits >> 16, minlength=1 << 16)
    high, before = _half_of(count, upper, np.r_[0xFFFF:0x7FFF:-1, 0:0x8000])  # negative floats run backwards
    for bits in _bits(arrays):
        inside = bits[bits >> 16 == high] & 0xFFFF
        np.add.at(lower, inside.astype(np.intp), 1)
    low, within = _half_of(count - before, lower, np.arange(1 << 16)[:: -1 if high >= 0x8000 else 1])
    return np.uint32(high << 16 | low).view(np.float32), before + within + int(lower[low])


def _half_of(count: int, sizes: np.ndarray, order: np.ndarray) -> tuple[int, int]:
    """Find which value of half the bits the count-th lowest score has, and how many scores have a lower one."""
    until = np.cumsum(sizes[order])
    place = int(np.searchsorted(until, count))
    value = int(order[place])
    return value, int(until[place] - sizes[value])


def _bits(arrays: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield float32 scores, chunk by chunk, as the integers of their bits; -0 counts as +0."""
    for array in arrays:
        for start in range(0, array.size, CHUNK):
            yield (array[start : start + CHUNK] + np.float32(0)).view(np.uint32)


def _spare_last_ties(arrays: Sequence[np.ndarray], marked: Sequence[np.ndarray], at: float, excess: int) -> None:
    """Take the mark off the last ``excess`` scores that equal ``at``."""
    for array, marks in zip(reversed(arrays), reversed(marked), strict=True):
        for end in range(array.size, 0, -CHUNK):
            if excess == 0:
                return
            start = max(end - CHUNK, 0)
            ties = np.flatnonzero(array[start:end] == at)[-excess:]
            marks[start + ties] = False
            excess -= ties.size
