"""Question one, which weights matter: scores of weights, larger means keep.

Each function takes arrays and returns an array of the weights' shape (``activation``: one value per unit).
Nothing here knows a framework.
"""

import numpy as np

from pruneutils._arguments import finite, floats, same_shape, whole


def magnitude(W: np.ndarray) -> np.ndarray:
    """Score each weight by its absolute value, :math:`|w|`.

    Parameters
    ----------
    W : array of any shape, the weights.

    Returns
    -------
    array of the shape and float type of ``W``; integers give float64.

    Raises
    ------
    ValueError
        if ``W`` is empty, not numeric, or holds NaN or infinity.

    References
    ----------
    Han et al. (2015), Learning both weights and connections, section 3; https://arxiv.org/abs/1506.02626.

    Examples
    --------
    >>> magnitude(np.array([0.9, 0.01, 0.002, -0.8, 0.0005]))
    array([9.e-01, 1.e-02, 2.e-03, 8.e-01, 5.e-04])
    """
    return np.abs(floats("W", W))


def random(W: np.ndarray, *, seed: int) -> np.ndarray:
    """Score each weight by a draw from the uniform distribution on [0, 1): the control for every other score.

    Parameters
    ----------
    W : array of any shape; only its shape is used.
    seed : whole number; the same seed gives the same scores.

    Returns
    -------
    float64 array of the shape of ``W``; a tie among 2**53 values is practically excluded, not impossible.

    Raises
    ------
    ValueError
        if ``W`` is not a numeric array with at least one value, or ``seed`` is not a whole number.

    References
    ----------
    Blalock et al. (2020) ask for this baseline; https://arxiv.org/abs/2003.03033.

    Examples
    --------
    >>> random(np.zeros((2, 2)), seed=0).shape
    (2, 2)
    """
    shape = finite("W", W).shape
    return np.random.default_rng(whole("seed", seed)).random(shape)


def gradient(W: np.ndarray, G: np.ndarray) -> np.ndarray:
    """Score each weight by the first-order change of loss when it is set to zero, :math:`|w g|`.

    Parameters
    ----------
    W : array of any shape, the weights.
    G : array of the shape of ``W``, the loss's gradient with respect to ``W``.

    Returns
    -------
    array of the shape of ``W``, in units of the loss; two arrays of integers give float64.

    Raises
    ------
    ValueError
        if the shapes differ, or either array is empty or holds NaN or infinity.

    References
    ----------
    Molchanov et al. (2017), for feature maps; https://arxiv.org/abs/1611.06440.
    Lee et al. (2019), up to normalisation, for single weights before training (SNIP);
    https://arxiv.org/abs/1810.02340.

    Examples
    --------
    >>> gradient(np.array([2.0, -1.0, 3.0]), np.array([0.5, 4.0, 0.0]))
    array([1., 4., 0.])
    """
    W, G = floats("W", W), floats("G", G)
    same_shape("G", G, "W", W)
    return np.abs(W * G)


def activation(A: np.ndarray) -> np.ndarray:
    """Score each unit by its mean absolute activation over the data.

    Parameters
    ----------
    A : array of shape (samples, units, ...); further axes, such as a feature map's height and width,
        are averaged too.

    Returns
    -------
    array of shape (units,), in units of the activation.

    Raises
    ------
    ValueError
        if ``A`` has fewer than two axes, is empty, or holds NaN or infinity.

    References
    ----------
    Closest to the activation criterion of Molchanov et al. (2017); https://arxiv.org/abs/1611.06440.
    APoZ is the share of zeros instead: Hu et al. (2016); https://arxiv.org/abs/1607.03250.

    Examples
    --------
    Three neurons seen on two examples; the second is silent:

    >>> activation(np.array([[1.0, 0.0, 2.0], [3.0, 0.0, -2.0]]))
    array([2., 0., 2.])
    """
    A = floats("A", A)
    if A.ndim < 2:
        raise ValueError(f"A of shape {A.shape}: expected at least two axes, (samples, units)")
    return np.abs(A).mean(axis=tuple(i for i in range(A.ndim) if i != 1))
