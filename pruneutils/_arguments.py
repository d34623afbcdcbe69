"""Checks of arguments shared by all modules: each error names the argument, its value and what was expected."""

from collections.abc import Mapping
from numbers import Integral, Real

import numpy as np


def fraction(name: str, value: float) -> float:
    """Return ``value`` if it is a number in [0, 1), else raise ValueError."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value < 1:
        raise ValueError(f"{name}={value!r}: expected a fraction in [0, 1), such as 0.9 for 90 %")
    return float(value)


def whole(name: str, value: int, *, at_least: int = 0) -> int:
    """Return ``value`` if it is an integer of at least ``at_least``, else raise ValueError."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < at_least:
        raise ValueError(f"{name}={value!r}: expected a whole number of at least {at_least}")
    return int(value)


def non_negative(name: str, value: float) -> float:
    """Return ``value`` if it is a finite number of at least 0, else raise ValueError."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value < np.inf:
        raise ValueError(f"{name}={value!r}: expected a finite number of at least 0")
    return float(value)


def finite(name: str, values: np.ndarray) -> np.ndarray:
    """Return ``values`` as a non-empty array of finite numbers, else raise ValueError."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} of dtype {array.dtype}: expected real numbers")
    if array.size == 0:
        raise ValueError(f"{name} of shape {array.shape}: expected at least one value")
    with np.errstate(invalid="ignore"):  # the extremes alone tell, and need no array of truth values
        extremes = (array.min(), array.max()) if array.dtype.kind == "f" else ()
    if not all(np.isfinite(extreme) for extreme in extremes):
        bad = int((~np.isfinite(array)).sum())
        raise ValueError(f"{name}: {bad} of {array.size} values are NaN or infinite, expected finite numbers")
    return array


def floats(name: str, values: np.ndarray) -> np.ndarray:
    """Return ``values`` as ``finite`` does, integers and truth values as float64, where no operation overflows."""
    array = finite(name, values)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def boolean(name: str, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return ``values`` as an array if it is boolean and of this shape, else raise ValueError."""
    array = np.asarray(values)
    if array.dtype != bool or array.shape != shape:
        raise ValueError(
            f"{name} of dtype {array.dtype} and shape {array.shape}: expected a boolean array of shape {shape}"
        )
    return array


def same_shape(name: str, values: np.ndarray, other_name: str, other: np.ndarray) -> None:
    """Raise ValueError unless both arrays have one shape."""
    if np.shape(values) != np.shape(other):
        raise ValueError(f"{name} of shape {np.shape(values)}: expected the shape of {other_name}, {np.shape(other)}")


def axis_of(name: str, axis: int, array: np.ndarray) -> int:
    """Return ``axis`` as a non-negative index into the array's axes, else raise ValueError."""
    if isinstance(axis, bool) or not isinstance(axis, Integral) or not -array.ndim <= axis < array.ndim:
        raise ValueError(
            f"{name}={axis!r}: expected an axis of an array of shape {array.shape}, {-array.ndim} to {array.ndim - 1}"
        )
    return int(axis) % array.ndim


def some(name: str, mapping: Mapping) -> Mapping:
    """Return ``mapping`` if it is a mapping with at least one entry, else raise ValueError."""
    if not isinstance(mapping, Mapping) or not mapping:
        raise ValueError(f"{name}={mapping!r}: expected a mapping of layer names with at least one entry")
    return mapping
