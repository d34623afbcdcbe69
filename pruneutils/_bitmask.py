"""A lossless file for weights with many zeros: one bit a weight says where the others are, and only these are stored.

A file holds, numbers in little-endian order:

- 8 bytes, ``MAGIC``, the last of them the version of the format;
- 8 bytes, the number of bytes that follow this number;
- 4 bytes, the length of the header, and the header: JSON, a list of [name, dtype, shape];
- for each array the bits of ``packbits``, 1 where a value is stored, padded to whole bytes with 0, and then the values,
  both in row-major order;
- 4 bytes, the CRC-32 of all before.
"""

import json
import secrets
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pruneutils._arguments import some

MAGIC, VERSION = b"\x93SPARSE", 1  # as in PNG, the first byte is no ASCII, so that no text begins like this
BEGIN = struct.Struct("<7sBQ")
LENGTH = CHECKSUM = struct.Struct("<I")
KINDS, WIDEST = "biuf", 8  # truth values, integers and floats of at most eight bytes


def save_sparse(path: str | Path, weights: Mapping[str, np.ndarray]) -> int:
    """Write arrays into a file that spends one bit on a zero, and one bit more than its value on any other weight.

    With ``n`` values of ``v`` bits and sparsity ``s`` that is ``n * (1 + (1 - s) * v)`` bits and a header, at
    ``v = 32`` within 5 % of the entropy bound ``n * (H(s) + (1 - s) * v)`` for sparsities up to 80 %, 15 % at 90 %;
    ``H`` is the binary entropy. What comes back is equal bit by bit. A zero is therefore one whose bits are all zero:
    the -0.0 that ``W * mask`` leaves behind is stored like any other value; ``W + 0.0`` clears its sign.

    Parameters
    ----------
    path : name of the file; one that is there is replaced, when the new one is complete.
    weights : name -> array of any shape, of truth values, integers or floats of at most 8 bytes
        (``weights(model)`` of an adapter).

    Returns
    -------
    length of the file in bytes.

    Raises
    ------
    ValueError
        if ``weights`` is empty, a name is not a string, or an array is of another dtype; no file is then written.

    References
    ----------
    Shannon (1948), section 6, the entropy of a choice of two; https://doi.org/10.1002/j.1538-7305.1948.tb01338.x.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     length = save_sparse(f"{folder}/w.sparse", {"a": np.float32([[0, 1.5], [0, 0]])})
    ...     print(length, load_sparse(f"{folder}/w.sparse"))
    48 {'a': array([[0. , 1.5],
           [0. , 0. ]], dtype=float32)}
    """
    header, parts = [], []
    for name, values in some("weights", weights).items():
        array = np.asarray(values)
        if not isinstance(name, str):
            raise ValueError(f"weights has the name {name!r}: expected a string")
        if array.dtype.kind not in KINDS or array.dtype.itemsize > WIDEST:
            raise ValueError(
                f"weights[{name!r}] of dtype {array.dtype}: expected truth values, integers or floats, 8 bytes at most"
            )
        flat = np.ravel(array).astype(array.dtype.newbyteorder("<"))
        stored = _bits(flat) != 0
        header.append([name, flat.dtype.str, list(array.shape)])
        parts += [np.packbits(stored).tobytes(), flat[stored].tobytes()]
    described = json.dumps(header, separators=(",", ":")).encode()
    body = b"".join([LENGTH.pack(len(described)), described, *parts])
    content = BEGIN.pack(MAGIC, VERSION, len(body) + CHECKSUM.size) + body
    content += CHECKSUM.pack(zlib.crc32(content))
    _write(Path(path), content)
    return len(content)


def load_sparse(path: str | Path) -> dict[str, np.ndarray]:
    """Read what ``save_sparse`` wrote.

    Parameters
    ----------
    path : name of the file.

    Returns
    -------
    name -> array, in the order in which they were saved, in the byte order of this machine.

    Raises
    ------
    ValueError
        if the file is of another format, of a newer version of this one, cut off, too long, or changed since it was
        written; nothing of it is then returned.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = save_sparse(f"{folder}/w.sparse", {"a": np.zeros((2, 3)), "b": np.array(-0.0)})
    ...     load_sparse(f"{folder}/w.sparse")
    {'a': array([[0., 0., 0.],
           [0., 0., 0.]]), 'b': array(-0.)}
    """
    content = Path(path).read_bytes()
    if not content.startswith(MAGIC):
        raise _bad(path, f"it begins with {content[: len(MAGIC)]!r}, expected {MAGIC!r}, written by save_sparse")
    if len(content) < BEGIN.size:
        raise _bad(path, f"it ends after {len(content)} bytes, expected at least {BEGIN.size}: it is cut off")
    _, version, following = BEGIN.unpack_from(content)
    if version != VERSION:
        raise _bad(path, f"it is of version {version}, expected {VERSION}: a newer pruneutils may read it")
    if len(content) != (expected := BEGIN.size + following):
        raise _bad(path, f"it has {len(content):,} bytes, expected {expected:,}: it is cut off, or something was added")
    kept = content[: -CHECKSUM.size]
    if len(kept) < BEGIN.size or CHECKSUM.pack(zlib.crc32(kept)) != content[-CHECKSUM.size :]:
        raise _bad(path, "its checksum is not that of its content, expected the same: a part was changed")
    try:
        return _arrays(kept)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, struct.error) as error:
        # its checksum is right, and yet save_sparse did not write it
        raise _bad(path, f"its content is not as its header says ({error}), expected what save_sparse writes") from None


def _arrays(content: bytes) -> dict[str, np.ndarray]:
    """The arrays behind the first bytes of a file; ValueError or its like where they are not as described."""
    (length,) = LENGTH.unpack_from(content, BEGIN.size)
    at, found = BEGIN.size + LENGTH.size + length, {}
    for name, dtype, shape in json.loads(content[BEGIN.size + LENGTH.size : at]):
        dtype, size = np.dtype(dtype), int(np.prod([int(side) for side in shape], dtype=object))
        known = isinstance(name, str) and dtype.kind in KINDS and dtype.itemsize <= WIDEST
        if not known or name in found or min(shape, default=0) < 0:
            raise ValueError(f"{name!r} of dtype {dtype} and shape {shape}")
        octets = -(-size // 8)
        stored = np.unpackbits(np.frombuffer(content, np.uint8, octets, at), count=size).view(bool)  # or too few bytes
        values = np.frombuffer(content, dtype, int(stored.sum()), at + octets)
        flat = np.zeros(size, dtype)
        flat[stored] = values
        found[name] = flat.astype(dtype.newbyteorder("=")).reshape(shape)
        at += octets + values.nbytes
    if at != len(content):
        raise ValueError(f"{len(content) - at} bytes are left over")
    return found


def _bits(flat: np.ndarray) -> np.ndarray:
    """The values' bits as whole numbers: to compare the values themselves would drop the sign of -0.0."""
    return flat.view(f"<u{flat.dtype.itemsize}")


def _bad(path: str | Path, why: str) -> ValueError:
    return ValueError(f"path={str(path)!r}: {why}")


def _write(path: Path, content: bytes) -> None:
    """Write under another name, then rename: whoever looks finds the old file or the new one, never a part."""
    new = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        new.write_bytes(content)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
