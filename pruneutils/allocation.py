"""Where to take weights from: sparsities of layers for a wanted sparsity of the network."""

import math
from collections.abc import Mapping, Sequence

from pruneutils._arguments import fraction, some, whole

__all__ = ["erdos_renyi_kernel", "uniform"]


def uniform(shapes: Mapping[str, tuple[int, ...]], sparsity: float) -> dict[str, float]:
    """Give every layer the same sparsity.

    Parameters
    ----------
    shapes : layer name -> shape of its weight.
    sparsity : fraction in [0, 1).

    Returns
    -------
    layer name -> fraction.

    Raises
    ------
    ValueError
        if ``shapes`` is empty, a shape has no sides, a side is not a whole number above 0, or ``sparsity`` is
        outside [0, 1).

    Examples
    --------
    >>> uniform({"a": (4, 4), "b": (2, 2)}, sparsity=0.5)
    {'a': 0.5, 'b': 0.5}
    """
    _sizes(shapes)
    return dict.fromkeys(shapes, fraction("sparsity", sparsity))


def erdos_renyi_kernel(shapes: Mapping[str, tuple[int, ...]], sparsity: float) -> dict[str, float]:
    r"""Keep more of small layers: density proportional to the sum of a layer's sides over their product (ERK).

    A layer of shape :math:`(n_1, \dots, n_d)` gets the density :math:`\epsilon \sum_i n_i / \prod_i n_i`,
    with one :math:`\epsilon` for all, so that the network has the wanted sparsity.
    Layers whose density would exceed 1 stay dense, and the others share the rest.

    Parameters
    ----------
    shapes : layer name -> shape of its weight, kernel sides included.
    sparsity : fraction in [0, 1) of all weights together.

    Returns
    -------
    layer name -> fraction in [0, 1).

    Raises
    ------
    ValueError
        if ``shapes`` is empty, a shape has no sides, a side is not a whole number above 0, or ``sparsity`` is
        outside [0, 1).

    References
    ----------
    Evci et al. (2020), section 3, part 1; https://arxiv.org/abs/1911.11134.
    Mocanu et al. (2018) for fully connected layers; https://arxiv.org/abs/1707.04780.

    Examples
    --------
    >>> erdos_renyi_kernel({"wide": (100, 100), "last": (10, 10)}, sparsity=0.8)["last"]
    0.0
    """
    sizes = _sizes(shapes)
    keep = (1 - fraction("sparsity", sparsity)) * sum(sizes.values())
    raw = {name: sum(shape) / sizes[name] for name, shape in shapes.items()}
    dense: set[str] = set()
    while True:
        open_layers = [name for name in shapes if name not in dense]
        if not open_layers:
            return dict.fromkeys(shapes, 0.0)
        left = keep - sum(sizes[name] for name in dense)
        scale = left / sum(raw[name] * sizes[name] for name in open_layers)
        full = {name for name in open_layers if scale * raw[name] >= 1}
        if not full:
            return {name: 0.0 if name in dense else 1 - scale * raw[name] for name in shapes}
        dense |= full


def _sizes(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    for name, shape in some("shapes", shapes).items():
        if not isinstance(shape, Sequence) or len(shape) == 0:
            raise ValueError(f"shapes[{name!r}]={shape!r}: expected a tuple of sides, at least one")
        for side in shape:
            whole(f"shapes[{name!r}]", side, at_least=1)
    return {name: math.prod(shape) for name, shape in shapes.items()}
