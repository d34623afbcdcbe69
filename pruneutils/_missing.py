"""What to install where a part of the package needs more than NumPy."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec


@contextmanager
def needed(package: str, *, by: str, extra: str) -> Iterator[None]:
    """Say which extra has ``package`` if an import inside lacks it; other errors pass as they are."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise _lacks(package, by, extra) from error


def require(*packages: str, by: str, extra: str) -> None:
    """Say which extra has the first of ``packages`` that is not there; none is imported."""
    for package in packages:
        with needed(package, by=by, extra=extra):
            if find_spec(package) is None:
                raise _lacks(package, by, extra)


def _lacks(package: str, by: str, extra: str) -> ModuleNotFoundError:
    name = {"torch": "PyTorch", "keras": "Keras"}.get(package, package)
    return ModuleNotFoundError(f"{by} needs {name}: pip install 'pruneutils[{extra}]'", name=package)
