"""Second-order scores, Optimal Brain Damage and Surgeon; public as ``pruneutils.scores``."""

import numpy as np

from pruneutils._arguments import floats, same_shape


def hessian(W: np.ndarray, H_diag: np.ndarray) -> np.ndarray:
    r"""Score each weight by the second-order change of loss when it alone is deleted, :math:`\frac{1}{2} h w^2`.

    Optimal Brain Damage: the gradient is taken for zero (a minimum), and the Hessian for diagonal.

    Parameters
    ----------
    W : array of any shape, the weights.
    H_diag : array of the shape of ``W``, second derivatives of the loss, or an estimate of them
        such as Fisher's (``pruneutils.curvature``).

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

    >>> hessian(np.array([0.5, 2.0]), np.array([32.0, 1.0]))
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
