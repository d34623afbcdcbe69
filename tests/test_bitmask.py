"""The bitmask format: what is saved comes back bit by bit, takes the bytes of its formula, and no bad file is read."""

import json
import struct
import zlib
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pruneutils import _bitmask, masks, measure

bounded = settings(deadline=None, derandomize=True, max_examples=100)
dtypes = st.sampled_from(["f2", "f4", "f8", ">f4", "i1", "i4", "u2", "i8", "?"])
arrays = dtypes.flatmap(lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)))
several = st.dictionaries(st.text(max_size=5), arrays, min_size=1, max_size=4)
ENTROPY = {s: -s * log2(s) - (1 - s) * log2(1 - s) for s in (0.5, 0.8, 0.9, 0.95)}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("bitmask") / "w.sparse"


def example():
    """Two small layers with all that a comparison by value would lose."""
    odd = np.float32([[0.0, -0.0, np.nan], [np.inf, 1e-45, 0.0]])
    return {"0": odd, "empty": np.zeros((0, 3)), "scalar": np.array(2.5), "2": np.zeros((3, 5), dtype=np.float16)}


def same(found, weights):
    """Names in order, dtypes but for the order of bytes, shapes, and every bit."""
    assert list(found) == list(weights)
    for name, W in weights.items():
        native = np.asarray(W).astype(W.dtype.newbyteorder("="))
        assert found[name].dtype == native.dtype
        assert found[name].shape == native.shape
        assert found[name].tobytes() == native.tobytes()


@bounded
@given(several)
def test_what_is_saved_comes_back_bit_by_bit(path, weights):
    """hypothesis draws -0.0, NaN of several kinds, subnormal numbers, no axis, empty axes, names that are no ASCII."""
    assert measure.save_sparse(path, weights) == path.stat().st_size
    same(measure.load_sparse(path), weights)


def test_a_negative_zero_and_the_bits_of_a_nan_are_kept(path):
    """To compare with 0 would store -0.0 as +0.0; to compare with != would be right for NaN by luck."""
    nan = np.array([0x7FC00123, 0x80000000, 0, 0xFF800001], dtype=np.uint32).view(np.float32)
    measure.save_sparse(path, {"a": nan})
    assert measure.load_sparse(path)["a"].view(np.uint32).tolist() == nan.view(np.uint32).tolist()


@bounded
@given(hnp.arrays(np.float32, hnp.array_shapes(max_side=9), elements=st.sampled_from([0.0, 0.0, 0.0, 1.5, -2.25])))
def test_the_length_is_that_of_its_formula(path, W):
    """A format whose overhead nobody counts is compared with an entropy that has none."""
    header = len(json.dumps([["layer", "<f4", list(W.shape)]], separators=(",", ":")))
    bits = measure.storage({"layer": W})["bitmask"]
    assert measure.save_sparse(path, {"layer": W}) == 8 + 8 + 4 + header + bits + 4


@pytest.mark.parametrize(("sparsity", "at_most"), [(0.5, 1.05), (0.8, 1.05), (0.9, 1.15)])
@pytest.mark.parametrize("side", [256, 512])
def test_the_file_is_close_to_the_entropy_bound(path, side, sparsity, at_most):
    """Headers, padding and checksum included."""
    W = np.random.default_rng(side).standard_normal((side, side)).astype(np.float32)
    W[~masks.unstructured(np.abs(W), sparsity)] = 0
    bound = W.size * (ENTROPY[sparsity] + 32 * (1 - sparsity)) / 8
    assert 0.999 * bound < measure.save_sparse(path, {"a": W}) <= at_most * bound


def test_a_transposed_or_strided_array_comes_back_in_rows(path):
    W = np.arange(24.0).reshape(4, 6)
    measure.save_sparse(path, {"T": W.T, "strided": W[::2, ::-3]})
    same(measure.load_sparse(path), {"T": W.T.copy(), "strided": W[::2, ::-3].copy()})


def test_what_is_loaded_can_be_changed(path):
    """Arrays over the bytes of a file are read-only, and training would raise."""
    measure.save_sparse(path, {"a": np.ones(3), "b": np.zeros((0,))})
    for W in measure.load_sparse(path).values():
        W += 1


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({}, "at least one entry"),
        ({"a": np.zeros(2), "b": np.array(["text"])}, r"weights\['b'\] of dtype <U4: expected"),
        ({"a": np.zeros(2, dtype=complex)}, "complex128: expected"),
        ({"a": np.zeros(2, dtype=np.longdouble)}, "8 bytes at most"),
        ({0: np.zeros(2)}, "has the name 0: expected a string"),
    ],
)
def test_what_cannot_be_saved_leaves_the_old_file(tmp_path, weights, words):
    path = tmp_path / "w.sparse"
    measure.save_sparse(path, example())
    with pytest.raises(ValueError, match=words):
        measure.save_sparse(path, weights)
    same(measure.load_sparse(path), example())
    assert [file.name for file in tmp_path.iterdir()] == ["w.sparse"]


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    """A full disk in the middle: half a file under the right name would be taken for the whole."""
    path = tmp_path / "w.sparse"
    measure.save_sparse(path, example())

    def half(self, content):
        with self.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError("no space left")

    monkeypatch.setattr(_bitmask.Path, "write_bytes", half)
    with pytest.raises(OSError, match="no space"):
        measure.save_sparse(path, {"a": np.ones(100)})
    same(measure.load_sparse(path), example())
    assert [file.name for file in tmp_path.iterdir()] == ["w.sparse"]


def refused(path, content, words="path="):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        measure.load_sparse(path)
    assert str(path) in str(caught.value)
    assert "expected" in str(caught.value)


def test_every_change_of_one_byte_is_refused(path):
    """All others in the first eight, nine in each of the rest: the checksum covers lengths, header and version, too."""
    measure.save_sparse(path, example())
    content = path.read_bytes()
    for at in range(len(content)):
        others = range(256) if at < 8 else {content[at] ^ bit for bit in (1, 2, 4, 8, 16, 32, 64, 128, 255)}
        for byte in set(others) - {content[at]}:
            refused(path, content[:at] + bytes([byte]) + content[at + 1 :])


def test_every_truncation_and_every_addition_is_refused(path):
    measure.save_sparse(path, example())
    content = path.read_bytes()
    for length in range(len(content)):
        refused(path, content[:length])
    refused(path, content + b"\0", "cut off, or something was added")
    refused(path, content * 2, "cut off, or something was added")


@bounded
@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(path, content):
    refused(path, content, "written by save_sparse|it is cut off")
    refused(path, _bitmask.BEGIN.pack(_bitmask.MAGIC, 1, len(content)) + content, "checksum|changed")


def test_a_newer_version_and_another_format_are_told_from_damage(path):
    measure.save_sparse(path, example())
    content = path.read_bytes()
    refused(path, content[:7] + b"\x02" + content[8:], "version 2, expected 1: a newer pruneutils")
    refused(path, b"PK\x03\x04" + content, "it begins with b'PK")
    refused(path, b"", "it begins with b''")


def sealed(header, payload=b"", length=None):
    """A file with the right checksum and any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    body = struct.pack("<I", len(text) if length is None else length) + text + payload
    content = _bitmask.BEGIN.pack(_bitmask.MAGIC, 1, len(body) + 4) + body
    return content + struct.pack("<I", zlib.crc32(content))


@pytest.mark.parametrize(
    "content",
    [
        sealed(b"[[["),
        sealed(b"[" * 100_000),
        sealed(b"\xff"),
        sealed({"a": 1}),
        sealed([["a", "<f4"]]),
        sealed([["a", "<f4", [2]]]),
        sealed([["a", "<f4", [2]]], b"\xc0" + b"\0" * 7),
        sealed([["a", "<f4", [2]]], b"\xc0" + b"\0" * 9),
        sealed([["a", "<f4", [-1, -2]]], b"\0"),
        sealed([["a", "<f4", [10**30]]], b"\0"),
        sealed(b'[["a", "<f4", [1e999]]]', b"\0"),
        sealed([["a", "<f4", [0, 2**70]]]),
        sealed([["a", "|O", [2]]], b"\0"),
        sealed([["a", "<c16", [2]]], b"\0"),
        sealed([["a", "nonsense", [2]]], b"\0"),
        sealed([["a", "<f4", [2]], ["a", "<f4", [2]]], b"\0\0"),
        sealed([[["a"], "<f4", [2]]], b"\0"),
        sealed([["a", "<f4", [2]]], b"\0", length=10**6),
    ],
)
def test_a_header_that_lies_is_refused_before_memory_is_taken(path, content):
    """The checksum tells damage, not intent: 10**30 weights in a file of a few bytes are never asked for."""
    refused(path, content, "not as its header says")


def test_sealed_makes_what_is_read(path):
    """Else the test above would pass by a mistake of its own."""
    path.write_bytes(sealed([["a", "<f4", [2]]], b"\x40" + np.float32(3).tobytes()))
    assert measure.load_sparse(path)["a"].tolist() == [0, 3]


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        measure.load_sparse(tmp_path / "none.sparse")
