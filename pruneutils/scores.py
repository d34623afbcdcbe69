"""Question one, which weights matter: scores of weights, larger means keep.

Each function takes arrays and returns an array of the weights' shape (``activation``: one value per unit).
Nothing here knows a framework.
"""

import numpy as np

from pruneutils._arguments import finite, floats, same_shape, whole

__all__ = ["activation", "lamp", "magnitude", "movement", "obd", "obs", "random", "taylor", "wanda"]


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


def taylor(W: np.ndarray, G: np.ndarray) -> np.ndarray:
    """Score each weight by the first-order change of loss when it is set to zero, :math:`|w g|`.

    The first term of the loss's Taylor expansion, hence the name that the field gives it.

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
    >>> taylor(np.array([2.0, -1.0, 3.0]), np.array([0.5, 4.0, 0.0]))
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


def wanda(W: np.ndarray, X: np.ndarray) -> np.ndarray:
    r"""Score each weight of a linear layer by its size times its input's norm, :math:`|w_{ij}| \lVert x_j \rVert_2`.

    The paper ranks the scores of each output by themselves: ``masks.unstructured(..., within=0)``.

    Parameters
    ----------
    W : array of shape (outputs, inputs), the weights.
    X : array of shape (samples, inputs), what the layer reads.

    Returns
    -------
    array of the shape of ``W``, in units of the output times the root of the number of samples;
    at least float32, and norms are summed in float64.

    Raises
    ------
    ValueError
        if ``W`` or ``X`` is not a matrix, their inputs differ in number, or a value is NaN or infinite.

    References
    ----------
    Sun et al. (2024), equation 1; https://arxiv.org/abs/2306.11695.

    Examples
    --------
    >>> wanda(np.array([[1.0, -0.1]]), np.array([[3.0, 30.0], [4.0, 40.0]]))
    array([[5., 5.]])
    """
    W, X = floats("W", W), floats("X", X)
    if W.ndim != 2 or X.ndim != 2 or W.shape[1] != X.shape[1]:
        raise ValueError(
            f"W of shape {W.shape}, X of shape {X.shape}: expected (outputs, inputs) and (samples, inputs)"
        )
    norms = np.sqrt(np.einsum("ij,ij->j", X, X, dtype=np.float64))  # squares overflow float16 early
    return np.abs(W) * norms.astype(np.result_type(W, np.float32))


def lamp(W: np.ndarray) -> np.ndarray:
    r"""Score each weight by its square over the squares of all weights of its layer that are not smaller.

    With weights in ascending order of size, :math:`w_u^2 / \sum_{v \ge u} w_v^2`.
    The largest weight of every layer scores 1, and no other does, so one global ranking empties no layer
    as long as it keeps at least as many weights as there are layers.

    Parameters
    ----------
    W : array of any shape, the weights of one layer, not all zero.

    Returns
    -------
    float64 array of the shape of ``W``, in [0, 1]; of equal weights the later one scores more.

    Raises
    ------
    ValueError
        if ``W`` is empty, all zero, or holds NaN or infinity.

    References
    ----------
    Lee et al. (2021), equation 1; https://arxiv.org/abs/2010.07611.

    Examples
    --------
    >>> lamp(np.array([3.0, 1.0, 2.0])).round(3)
    array([1.   , 0.071, 0.308])
    """
    sizes = np.abs(floats("W", W).astype(np.float64)).ravel()
    if not sizes.any():
        raise ValueError(f"W of shape {np.shape(W)}: all weights are zero, expected at least one that is not")
    squares = (sizes / sizes.max()) ** 2  # the scale cancels; without it, squares would overflow or vanish
    order = np.argsort(squares, kind="stable")
    not_smaller = np.cumsum(squares[order][::-1])[::-1]
    scores = np.empty_like(squares)
    scores[order] = squares[order] / not_smaller
    return scores.reshape(np.shape(W))


def obd(W: np.ndarray, H_diag: np.ndarray) -> np.ndarray:
    r"""Score each weight by the second-order change of loss when it alone is deleted, :math:`\frac{1}{2} h w^2`.

    Optimal Brain Damage: the gradient is taken for zero (a minimum), and the Hessian for diagonal.

    Parameters
    ----------
    W : array of any shape, the weights.
    H_diag : array of the shape of ``W``, second derivatives of the loss, or an estimate of them
        such as Fisher's (``pruneutils.pytorch.curvature``).

    Returns
    -------
    array of the shape of ``W``, in units of the loss; negative where ``H_diag`` is.

    Raises
    ------
    ValueError
        if the shapes differ, or either array is empty or holds NaN or infinity.

    References
    ----------
    LeCun et al. (1989), equation 5;
    https://proceedings.neurips.cc/paper/1989/hash/6c9882bbac1c7093bd25041881277658-Abstract.html.

    Examples
    --------
    A small weight in a steep direction outranks a large one in a flat direction:

    >>> obd(np.array([0.5, 2.0]), np.array([32.0, 1.0]))
    array([4., 2.])
    """
    W, H_diag = floats("W", W), floats("H_diag", H_diag)
    same_shape("H_diag", H_diag, "W", W)
    return H_diag * W**2 / 2


def obs(W: np.ndarray, H_inv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Score each weight by the second-order change of loss when it is deleted and the others adapt.

    Optimal Brain Surgeon: :math:`L_q = w_q^2 / (2 [H^{-1}]_{qq})`, reached when the weights move by
    :math:`\delta w = -\frac{w_q}{[H^{-1}]_{qq}} H^{-1} e_q`.

    Parameters
    ----------
    W : array of any shape with n entries.
    H_inv : array of shape (n, n), symmetric positive definite: inverse Hessian for the entries in row-major order.

    Returns
    -------
    scores : array of the shape of ``W``, in units of the loss.
    update : array of shape (n, \*W.shape): ``W + update[q]`` deletes entry q and adapts the others.

    Raises
    ------
    ValueError
        if ``H_inv`` is not of shape (n, n), its diagonal is not positive, or a value is NaN or infinite.

    References
    ----------
    Hassibi & Stork (1992), equation 5;
    https://proceedings.neurips.cc/paper/1992/hash/303ed4c69846ab36c2904d3ba8573050-Abstract.html.

    Examples
    --------
    Two weights that do nearly the same: deleting the first lets the second take over.

    >>> H = np.array([[1.0, 0.9], [0.9, 1.0]])
    >>> scores, update = obs(np.array([1.0, 1.0]), np.linalg.inv(H))
    >>> scores.round(3), (np.array([1.0, 1.0]) + update[0]).round(3)
    (array([0.095, 0.095]), array([0. , 1.9]))
    """
    W, H_inv = floats("W", W), floats("H_inv", H_inv)
    same_shape("H_inv", H_inv, "pairs of weights", np.empty((W.size, W.size)))
    diagonal = np.diag(H_inv)
    if not (diagonal > 0).all():
        raise ValueError(f"H_inv: {int((diagonal <= 0).sum())} entries of its diagonal are not above 0, expected none")
    step = -W.ravel() / diagonal
    update = step[:, None] * H_inv.T
    update[np.arange(W.size), np.arange(W.size)] = -W.ravel()  # exactly, so that the deleted entry is exactly zero
    return (W.ravel() ** 2 / (2 * diagonal)).reshape(W.shape), update.reshape(W.size, *W.shape)


def movement(W_before: np.ndarray, W_after: np.ndarray) -> np.ndarray:
    r"""Score each weight by its movement away from zero between two times, :math:`(w_T^2 - w_0^2) / 2`.

    Movement pruning adds up :math:`-\eta\, w\, \partial \mathcal{L} / \partial w` over the steps of training.
    A step of gradient descent is :math:`\Delta w = -\eta\, \partial \mathcal{L} / \partial w`, so that the sum is
    that of :math:`w\, \Delta w`; with small steps, and where no mask holds meanwhile, only its two ends are left.
    For other optimisers this is the movement of the weights as they were really updated.

    Parameters
    ----------
    W_before, W_after : arrays of one shape, the weights at the start and at the end.

    Returns
    -------
    array of that shape, above 0 where a weight moved away from zero, below 0 where it moved towards it.

    Raises
    ------
    ValueError
        if the shapes differ, or an array is empty or holds NaN or infinity.

    References
    ----------
    Sanh et al. (2020), section 4, who accumulate the scores while a mask holds, with straight-through gradients;
    https://arxiv.org/abs/2005.07683.

    Examples
    --------
    A large weight that shrinks scores below a small one that grows:

    >>> movement(np.array([2.0, 0.0]), np.array([1.0, -1.0]))
    array([-1.5,  0.5])
    """
    W_before, W_after = floats("W_before", W_before), floats("W_after", W_after)
    same_shape("W_after", W_after, "W_before", W_before)
    return (W_after - W_before) * (W_after + W_before) / 2  # as a product, nothing small is lost in large squares
