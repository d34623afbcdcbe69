"""Masks of a fixed pattern, N:M and blocks; public as ``pruneutils.masks``."""

import numpy as np

from pruneutils._arguments import axis_of, finite, fraction, whole
from pruneutils._rank import lowest


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
