"""The self-checks of chapter 19: each accepts right answers, however written, and rejects the usual wrong ones."""

import zlib

import numpy as np
import pytest
from examination import examination

from pruneutils.book.checks import chapter_19


def most(rows, columns, value, index, *, pointers=1, at_most=False, size=4):
    free = rows * columns * value - size * (rows + pointers)
    return (free - (not at_most)) // (value + index)


def by_search(rows, columns, value, index):
    counts = range(rows * columns + 1)
    return max(k for k in counts if (value + index) * k + 4 * (rows + 1) < value * rows * columns)


def encode(W, *, by_value=False):
    stored = W != 0 if by_value else W.view(np.uint32) != 0
    return np.packbits(stored).tobytes() + W[stored].tobytes()


def decode(data, shape, *, kind=np.float32, flat=False, whole=False):
    size = int(np.prod(shape))
    octets = size // 8 if whole else -(-size // 8)
    bits = np.unpackbits(np.frombuffer(data[:octets], np.uint8))
    W = np.zeros(size, kind)
    W[np.flatnonzero(bits[:size])] = np.frombuffer(data[octets:], np.float32)
    return W if flat else W.reshape(shape)


def gaps(mask):
    return np.diff(np.flatnonzero(mask), prepend=-1) - 1


def in_bytes(mask):
    code = bytearray()
    for gap in gaps(mask):
        code += b"\xff" * (gap // 255) + bytes([gap % 255])
    return bytes(code)


def from_bytes(data, n, *, step=255):
    mask, at = np.zeros(n, dtype=bool), 0
    for code in data:
        at += step if code == step else code
        if code != step:
            mask[at] = True
            at += 1
    return mask


def in_nibbles(mask):
    codes = []
    for gap in gaps(mask):
        codes += [15] * (gap // 15) + [gap % 15]
    codes += [15] * (len(codes) % 2)
    return (np.array(codes[::2], dtype=np.uint8) * 16 + np.array(codes[1::2], dtype=np.uint8)).tobytes()


def from_nibbles(data, n):
    pairs = np.frombuffer(data, np.uint8)
    return from_bytes(np.stack([pairs // 16, pairs % 16], axis=1).ravel().tolist(), n, step=15)


def rice(mask, k=4):
    bits = "".join("1" * (gap >> k) + "0" + format(gap % 2**k, f"0{k}b") for gap in gaps(mask).tolist())
    return int("1" + bits, 2).to_bytes((len(bits) + 8) // 8, "big")


def from_rice(data, n, k=4):
    bits, mask, at, place = format(int.from_bytes(data, "big"), "b")[1:], np.zeros(n, dtype=bool), 0, -1
    while at < len(bits):
        end = bits.index("0", at)
        place += ((end - at) << k) + int(bits[end + 1 : end + 1 + k], 2) + 1
        mask[place], at = True, end + 1 + k
    return mask


def deflated(mask):
    return zlib.compress(np.packbits(mask).tobytes(), 9)


def inflated(data, n):
    return np.unpackbits(np.frombuffer(zlib.decompress(data), np.uint8), count=n).astype(bool)


def packed(mask):
    return np.packbits(mask).tobytes()


def unpacked(data, n):
    return np.unpackbits(np.frombuffer(data, np.uint8), count=n).astype(bool)


def in_shorts(mask):
    return np.flatnonzero(mask).astype(np.uint16).tobytes()


def from_shorts(data, n):
    return np.isin(np.arange(n), np.frombuffer(data, np.uint16))


def wrapped(mask):
    return (gaps(mask) % 256).astype(np.uint8).tobytes()


def unwrapped(data, n):
    mask = np.zeros(n, dtype=bool)
    mask[np.cumsum(np.frombuffer(data, np.uint8) + 1) - 1] = True
    return mask


def in_place(W):
    data = encode(W)
    W[W == 0] = 1
    return data


RIGHT = [
    (chapter_19.most_nonzeros, most),
    (chapter_19.most_nonzeros, by_search),
    (chapter_19.most_nonzeros, lambda *arguments: float(most(*arguments))),
]
WRONG = [
    (chapter_19.most_nonzeros, lambda *arguments: None, "nothing so far"),
    (chapter_19.most_nonzeros, lambda r, c, v, b: 4 * r * c / (v + b) - 0.1, "round down"),
    (chapter_19.most_nonzeros, lambda *arguments: most(*arguments, size=0), "leaves out the pointers"),
    (chapter_19.most_nonzeros, lambda r, c, v, b: r * c * v // (v + b), "leaves out the pointers"),
    (chapter_19.most_nonzeros, lambda r, c, v, b: r * c - most(r, c, v, b) - 2, "are the zeros|not 131"),
    (chapter_19.most_nonzeros, lambda *arguments: most(*arguments, pointers=0), "a pointer more than there are rows"),
    (chapter_19.most_nonzeros, lambda *arguments: most(*arguments, at_most=True), "CSR is not smaller"),
    (chapter_19.most_nonzeros, lambda r, c, v, b: most(r, c, v, b, size=v), "whatever the values take"),
    (chapter_19.most_nonzeros, lambda r, c, v, b: most(r, c, v, 4), "compare (value + index)"),
]

PAIRS_RIGHT = [
    (chapter_19.bitmask, encode, decode),
    (chapter_19.places, in_bytes, from_bytes),
    (chapter_19.places, in_nibbles, from_nibbles),
    (chapter_19.places, rice, from_rice),
    (chapter_19.places, deflated, inflated),
]
PAIRS_WRONG = [
    (chapter_19.bitmask, lambda W: None, decode, "encode returned nothing"),
    (chapter_19.bitmask, encode, lambda data, shape: None, "decode returned nothing"),
    (chapter_19.bitmask, lambda W: np.packbits(W != 0), decode, "expected bytes"),
    (chapter_19.bitmask, lambda W: (W != 0).tobytes() + W[W != 0].tobytes(), decode, "np.packbits"),
    (chapter_19.bitmask, lambda W: W.tobytes(), decode, "expected 2 + 3 * 4"),
    (chapter_19.bitmask, in_place, decode, "changed W itself"),
    (chapter_19.bitmask, lambda W: encode(W, by_value=True), decode, "W.view(np.uint32)"),
    (chapter_19.bitmask, encode, lambda d, s: decode(d, s, flat=True), "with shape"),
    (chapter_19.bitmask, encode, lambda d, s: decode(d, s, kind=np.float64), "expected float32"),
    (chapter_19.bitmask, encode, lambda d, s: decode(d, s) * 2, "came back changed"),
    (chapter_19.bitmask, encode, lambda d, s: decode(d, s, whole=True), "raised"),
    (chapter_19.places, lambda mask: None, from_bytes, "encode returned nothing"),
    (chapter_19.places, in_bytes, lambda data, n: None, "decode returned nothing"),
    (chapter_19.places, gaps, from_bytes, "expected bytes"),
    (chapter_19.places, packed, unpacked, "half of the bitmask's 8192; the bound is 2346"),
    (chapter_19.places, in_shorts, from_shorts, "half of the bitmask's"),
    (chapter_19.places, wrapped, unwrapped, "long gap"),
    (chapter_19.places, deflated, lambda d, n: inflated(d, n).astype(int), "expected booleans"),
    (chapter_19.places, deflated, lambda d, n: inflated(d, n)[: n - n % 8], "with shape"),
]


@pytest.mark.parametrize(("examine", "write", "read"), PAIRS_RIGHT)
def test_a_right_pair_of_functions_is_accepted_however_it_is_written(examine, write, read):
    feedback = examine(write, read)
    assert feedback.solved, feedback


@pytest.mark.parametrize(("examine", "write", "read", "words"), PAIRS_WRONG)
def test_a_usual_wrong_pair_is_rejected_with_its_reason(examine, write, read, words):
    feedback = examine(write, read)
    assert not feedback.solved, feedback
    assert words in feedback.message, feedback


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    _,
) = examination(RIGHT, WRONG, chapter_19)


def test_every_check_has_right_answers_and_at_least_three_wrong_ones():
    for examine in (chapter_19.most_nonzeros, chapter_19.bitmask, chapter_19.places):
        assert [check for check, *_ in WRONG + PAIRS_WRONG].count(examine) >= 3
        assert examine in [check for check, *_ in RIGHT + PAIRS_RIGHT]
