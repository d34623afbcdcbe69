"""Question two, what is removed together and where from: masks made from scores.

A mask is a boolean array of the scores' shape; True means keep.
All functions but ``threshold`` remove an exact number of entries, decided by rank.
Among equal scores the entry that comes first, in row-major order, is removed first.
"""

from collections.abc import Mapping
from numbers import Real

import numpy as np

from pruneutils._arguments import axis_of, boolean, finite, fraction, same_shape, some, whole
from pruneutils._rank import lowest, lowest_of_all

__all__ = ["block", "drop_and_grow", "global_unstructured", "n_of_m", "structured", "threshold", "unstructured"]


def threshold(scores: np.ndarray, at: float) -> np.ndarray:
    """Keep every score of at least ``at``; how many that is depends on the scores.

    Parameters
    ----------
    scores : array of any shape.
    at : the threshold, in units of the scores; equality keeps. For scores of a float type it is first
        rounded to that type, so that a float32 score of 0.01 is kept at 0.01.

    Returns
    -------
    boolean array of the shape of ``scores``.

    Raises
    ------
    ValueError
        if ``scores`` is empty or holds NaN or infinity, or ``at`` is not a finite number.

    References
    ----------
    Han et al. (2015), section 3; https://arxiv.org/abs/1506.02626.

    Examples
    --------
    >>> threshold(np.array([0.9, 0.01, 0.002, 0.8, 0.0005]), at=0.01)
    array([ True,  True, False,  True, False])
    """
    scores = finite("scores", scores)
    if not isinstance(at, Real) or not np.isfinite(at):
        raise ValueError(f"at={at!r}: expected one finite number")
    if scores.dtype.kind == "f":
        with np.errstate(over="ignore"):  # beyond the type's range is beyond every score
            at = scores.dtype.type(at)
    return scores >= at


def unstructured(scores: np.ndarray, sparsity: float, *, within: int | None = None) -> np.ndarray:
    """Remove exactly ``round(sparsity * scores.size)`` of the lowest scores, by rank.

    Parameters
    ----------
    scores : array of any shape.
    sparsity : fraction in [0, 1) of entries to remove.
    within : axis along which each slice has a ranking of its own and loses the same number of entries;
        0 compares the inputs of each output, as Wanda does. By default all entries compete.

    Returns
    -------
    boolean array of the shape of ``scores``.

    Raises
    ------
    ValueError
        if ``scores`` is empty or holds NaN or infinity, ``sparsity`` is outside [0, 1),
        or the axis ``within`` does not exist.

    Notes
    -----
    ``round`` is Python's, which takes halves to the even neighbour, as ``torch.nn.utils.prune`` does.
    It may remove all of a small array: ten entries at a sparsity of 0.99.

    Examples
    --------
    >>> unstructured(np.array([3.0, 1.0, 2.0, 1.0]), sparsity=0.5)
    array([ True, False,  True, False])

    Ties are settled by position, so a constant array loses the exact share, too:

    >>> unstructured(np.ones(4), sparsity=0.25)
    array([False,  True,  True,  True])

    Each row by itself:

    >>> unstructured(np.array([[1.0, 2.0], [9.0, 8.0]]), sparsity=0.5, within=0)
    array([[False,  True],
           [ True, False]])
    """
    scores, sparsity = finite("scores", scores), fraction("sparsity", sparsity)
    if within is None:
        return ~lowest(scores.ravel(), sparsity).reshape(scores.shape)
    axis = axis_of("within", within, scores)
    slices = np.moveaxis(scores, axis, 0)
    rows = slices.reshape(len(slices), -1)
    count = round(sparsity * rows.shape[1])
    mask = np.ones(rows.shape, dtype=bool)
    np.put_along_axis(mask, np.argsort(rows, axis=1, kind="stable")[:, :count], False, axis=1)
    return np.ascontiguousarray(np.moveaxis(mask.reshape(slices.shape), 0, axis))


def global_unstructured(scores: Mapping[str, np.ndarray], sparsity: float) -> dict[str, np.ndarray]:
    """Rank the entries of all layers together and remove the lowest share.

    Parameters
    ----------
    scores : layer name -> array of any shape.
    sparsity : fraction in [0, 1) of all entries together.

    Returns
    -------
    layer name -> boolean array of that layer's shape; between them exactly ``round(sparsity * n)`` False.

    Raises
    ------
    ValueError
        if ``scores`` is empty, any array is empty or holds NaN or infinity, or ``sparsity`` is outside [0, 1).

    Examples
    --------
    >>> global_unstructured({"a": np.array([5.0, 1.0]), "b": np.array([2.0, 3.0])}, sparsity=0.5)
    {'a': array([ True, False]), 'b': array([False,  True])}
    """
    arrays = {name: finite(f"scores[{name!r}]", array) for name, array in some("scores", scores).items()}
    removed = lowest_of_all([array.ravel() for array in arrays.values()], fraction("sparsity", sparsity))
    kept = (np.invert(marks, out=marks) for marks in removed)
    return {name: mask.reshape(array.shape) for (name, array), mask in zip(arrays.items(), kept, strict=True)}


def structured(scores: np.ndarray, sparsity: float, *, axis: int = 0, norm: float = 1) -> np.ndarray:
    """Remove whole slices along ``axis``, those with the smallest norm, taken in float64.

    In PyTorch's layout a slice along axis 0 is an output neuron, or a convolution's filter.

    Parameters
    ----------
    scores : array of any shape, none below zero.
    sparsity : fraction in [0, 1) of slices to remove; exactly ``round(sparsity * scores.shape[axis])`` go.
    axis : the axis that counts the slices.
    norm : order of the norm, 1, 2 or ``np.inf``.

    Returns
    -------
    boolean array of the shape of ``scores``, constant within each slice.

    Raises
    ------
    ValueError
        if a score is negative, NaN or infinite, ``axis`` does not exist, ``norm`` is below 1,
        or ``sparsity`` is outside [0, 1).

    References
    ----------
    Li et al. (2017), section 3.1, for the L1 norm of filters; https://arxiv.org/abs/1608.08710.

    Examples
    --------
    >>> structured(np.array([[1.0, 1.0], [9.0, 9.0]]), sparsity=0.5, axis=0)
    array([[False, False],
           [ True,  True]])
    """
    scores = finite("scores", scores)
    if (scores < 0).any():
        raise ValueError(f"scores: {int((scores < 0).sum())} below zero, expected none, for their norm is taken")
    if not isinstance(norm, Real) or not norm >= 1:
        raise ValueError(f"norm={norm!r}: expected an order of at least 1, such as 1, 2 or np.inf")
    axis = axis_of("axis", axis, scores)
    slices = np.moveaxis(scores, axis, 0).reshape(scores.shape[axis], -1).astype(np.float64)  # float16 overflows
    keep = ~lowest(np.linalg.norm(slices, ord=norm, axis=1), fraction("sparsity", sparsity))
    return np.broadcast_to(np.expand_dims(keep, [i for i in range(scores.ndim) if i != axis]), scores.shape).copy()


def n_of_m(scores: np.ndarray, *, keep: int = 2, of: int = 4, axis: int = -1) -> np.ndarray:
    """Keep the ``keep`` best of every ``of`` neighbours along ``axis`` (2:4 by default).

    Parameters
    ----------
    scores : array of any shape.
    keep, of : how many of how many stay; NVIDIA's N:M counts what stays, as here.
    axis : the axis along which neighbours are grouped; its length must be a multiple of ``of``.

    Returns
    -------
    boolean array of the shape of ``scores``.

    Raises
    ------
    ValueError
        if ``keep`` exceeds ``of``, ``axis`` does not exist or its length is not a multiple of ``of``,
        or ``scores`` is empty or holds NaN or infinity.

    References
    ----------
    Mishra et al. (2021); https://arxiv.org/abs/2104.08378.

    Examples
    --------
    >>> n_of_m(np.array([4.0, 1.0, 3.0, 2.0, 0.0, 0.0, 0.0, 9.0]))
    array([ True, False,  True, False, False, False,  True,  True])
    """
    scores = finite("scores", scores)
    axis = axis_of("axis", axis, scores)
    of, keep = whole("of", of, at_least=1), whole("keep", keep, at_least=1)
    if keep > of:
        raise ValueError(f"keep={keep}: expected at most of={of}")
    if scores.shape[axis] % of:
        raise ValueError(f"scores of shape {scores.shape}: expected axis {axis} to be a multiple of of={of}")
    last = np.moveaxis(scores, axis, -1)
    groups = last.reshape(-1, of)
    removed = np.argsort(groups, axis=1, kind="stable")[:, : of - keep]
    mask = np.ones(groups.shape, dtype=bool)
    np.put_along_axis(mask, removed, False, axis=1)
    return np.ascontiguousarray(np.moveaxis(mask.reshape(last.shape), -1, axis))


def block(scores: np.ndarray, sparsity: float, shape: tuple[int, int]) -> np.ndarray:
    """Remove whole rectangles of a matrix, those with the smallest sum of scores, taken in float64.

    Parameters
    ----------
    scores : array of shape (rows, columns).
    sparsity : fraction in [0, 1) of blocks to remove; exactly ``round(sparsity * blocks)`` go.
    shape : (rows, columns) of a block; each must divide the matrix.

    Returns
    -------
    boolean array of the shape of ``scores``, constant within each block.

    Raises
    ------
    ValueError
        if ``scores`` is not a matrix, ``shape`` does not divide it, or ``sparsity`` is outside [0, 1).

    References
    ----------
    Narang et al. (2017), Block-sparse recurrent neural networks, who score a block by its largest magnitude;
    here it is the sum; https://arxiv.org/abs/1711.02782.

    Examples
    --------
    >>> block(np.arange(8.0).reshape(2, 4), sparsity=0.5, shape=(2, 2))
    array([[False, False,  True,  True],
           [False, False,  True,  True]])
    """
    scores = finite("scores", scores)
    if scores.ndim != 2 or np.shape(shape) != (2,):
        raise ValueError(f"scores of shape {scores.shape}, shape={shape!r}: expected a matrix and two numbers")
    height, width = (whole("shape", side, at_least=1) for side in shape)
    if scores.shape[0] % height or scores.shape[1] % width:
        raise ValueError(f"shape={shape!r}: expected sides that divide the matrix's {scores.shape}")
    parts = scores.reshape(scores.shape[0] // height, height, scores.shape[1] // width, width)
    sums = parts.sum(axis=(1, 3), dtype=np.float64)
    keep = ~lowest(sums.ravel(), fraction("sparsity", sparsity)).reshape(sums.shape)
    return keep.repeat(height, axis=0).repeat(width, axis=1)


def drop_and_grow(mask: np.ndarray, drop_scores: np.ndarray, grow_scores: np.ndarray, share: float) -> np.ndarray:
    """Move a mask: drop the worst of what it keeps, grow as many of what it removes; as many as before stay.

    Of n kept weights ``round(share * n)`` move, or as many as there are removed ones, if these are fewer.
    Weights that are dropped do not come back in the same call, so that exactly so many entries change.

    Parameters
    ----------
    mask : boolean array, True = keep.
    drop_scores : array of the shape of ``mask``; of the kept weights the lowest go, such as those of least magnitude.
    grow_scores : array of the shape of ``mask``; of the removed weights the highest come back: random for SET,
        the gradient's magnitude for RigL. Among equal scores the first in row-major order goes, or comes back, first.
    share : fraction in [0, 1) of the kept weights.

    Returns
    -------
    boolean array of the shape of ``mask``, a new one. A weight that comes back should start at zero.

    Raises
    ------
    ValueError
        if ``mask`` is not boolean, shapes differ, scores are empty or hold NaN or infinity, or ``share`` is outside
        [0, 1).

    References
    ----------
    Mocanu et al. (2018), algorithm of SET, which drops the weights closest to zero; https://arxiv.org/abs/1707.04780.
    Evci et al. (2020), section 3, for RigL, where a weight just dropped may be grown again;
    https://arxiv.org/abs/1911.11134.

    Examples
    --------
    >>> mask = np.array([True, True, False, False])
    >>> drop_and_grow(mask, np.array([0.1, 0.9, 0.0, 0.0]), np.array([9.0, 9.0, 1.0, 2.0]), share=0.5)
    array([False,  True, False,  True])
    """
    mask = boolean("mask", mask, np.shape(mask))
    scores = {"drop_scores": finite("drop_scores", drop_scores), "grow_scores": finite("grow_scores", grow_scores)}
    for name, values in scores.items():
        same_shape(name, values, "mask", mask)
    kept, gone = np.flatnonzero(mask), np.flatnonzero(~mask)
    count = min(round(fraction("share", share) * kept.size), gone.size)
    to_drop = np.argsort(scores["drop_scores"].ravel()[kept], kind="stable")[:count]
    last_first = scores["grow_scores"].ravel()[gone[::-1]]  # so that a stable sort ends with the first of equals
    to_grow = gone.size - 1 - np.argsort(last_first, kind="stable")[gone.size - count :]
    moved = mask.copy()
    moved.flat[kept[to_drop]], moved.flat[gone[to_grow]] = False, True
    return moved
