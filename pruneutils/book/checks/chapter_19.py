"""Checks of the exercises of chapter 19."""

from math import log2
from numbers import Integral

import numpy as np

from pruneutils.book.checks import check, expect

PLACES, SPARSITY = 65_536, 0.95
BITMASK = PLACES // 8  # bytes
BOUND = round(-PLACES * (SPARSITY * log2(SPARSITY) + (1 - SPARSITY) * log2(1 - SPARSITY)) / 8)  # bytes


@check("19.1", "exact to the weight, pointers included.")
def most_nonzeros(function):
    """Check ``function(rows, columns, value_bytes, index_bytes) -> most non-zeros with which CSR is smaller``."""
    answer = function(512, 512, 4, 4)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    if isinstance(answer, float) and answer.is_integer():
        answer = int(answer)
    expect(isinstance(answer, Integral), f"{answer!r} is not a whole number: non-zeros are counted, so round down.")
    expect(answer != 131_327, "131327 are the zeros; count the weights that are stored.")
    expect(answer != 131_071 and answer != 131_072, f"{answer} leaves out the pointers: 4 bytes for each row.")
    expect(answer == 130_815, f"for 512 x 512 floats with 4-byte indices it is 130815, not {answer}.")
    many = {
        52_019: "there is a pointer more than there are rows: where the last row ends.",
        52_326: "pointers take 4 bytes each, whatever the values take.",
    }
    for arguments, others in (
        ((512, 512, 1, 4), many),
        ((3, 8, 4, 4), {10: "with 10 non-zeros both take 96 bytes, and CSR is not smaller."}),
        ((512, 512, 4, 2), {}),
        ((512, 512, 1, 2), {}),
        ((10, 3, 4, 1), {}),
    ):
        rows, columns, value, index = arguments
        expected = (rows * columns * value - 4 * (rows + 1) - 1) // (value + index)
        found = function(*arguments)
        reason = others.get(found, f"expected {expected}: compare (value + index) * k + 4 * (rows + 1) with dense.")
        expect(found == expected, f"most_nonzeros{arguments} is {found}: {reason}")


@check("19.2", "lossless, to the sign of a zero, and as short as a bitmask is.")
def bitmask(encode, decode):
    """Check ``encode(W) -> bytes`` and ``decode(data, shape) -> W``, for float32 arrays."""
    W = np.float32([[0, 1.5, 0, 0, -2], [0, 0, 0.25, 0, 0]])
    given = W.copy()
    data = encode(given)
    expect(data is not None and data is not ..., "encode returned nothing so far.")
    expect(isinstance(data, bytes), f"encode returned {type(data).__name__}, expected bytes: arrays have .tobytes().")
    expect(np.array_equal(given, W), "encode changed W itself.")
    expect(len(data) != 10 + 12, "one byte a weight says where: pack eight bits into a byte, np.packbits.")
    expect(len(data) == 2 + 12, f"ten weights with three non-zeros take {len(data)} bytes, expected 2 + 3 * 4 = 14.")
    back = decode(data, W.shape)
    expect(back is not None and back is not ..., "decode returned nothing so far.")
    _same(decode, encode, W, "ten weights")
    rng = np.random.default_rng(19)
    for shape in ((8,), (3, 7), (2, 3, 5), (64, 64)):
        W = rng.standard_normal(shape).astype(np.float32) * (rng.random(shape) < 0.3)
        _same(decode, encode, W + np.float32(0), f"an array of shape {shape}")
    _same(decode, encode, np.zeros((4, 4), dtype=np.float32), "an array of zeros")
    _same(decode, encode, np.ones((3, 3), dtype=np.float32), "an array without zeros")
    W = np.float32([0.0, -0.0, 2.0])
    back = np.asarray(decode(encode(W), W.shape))
    expect(
        bool(np.signbit(back[1])),
        "-0.0 came back as 0.0: it equals zero, but its bits are others; compare W.view(np.uint32).",
    )


def _same(decode, encode, W, what):
    """Every bit comes back, in the right shape and type."""
    back = np.asarray(decode(encode(W.copy()), W.shape))
    expect(back.shape == W.shape, f"{what} came back with shape {back.shape}, expected {W.shape}.")
    expect(back.dtype == np.float32, f"{what} came back as {back.dtype}, expected float32.")
    expect(back.tobytes() == W.tobytes(), f"{what} came back changed.")


@check("19.3", "less than half of the bitmask, and nothing is lost.")
def places(encode, decode):
    """Check ``encode(mask) -> bytes`` and ``decode(data, n) -> mask``, cheaper than a bitmask at 95 %."""
    rng = np.random.default_rng(1948)
    mask = np.zeros(PLACES, dtype=bool)
    mask[rng.permutation(PLACES)[: round((1 - SPARSITY) * PLACES)]] = True
    data = encode(mask.copy())
    expect(data is not None and data is not ..., "encode returned nothing so far.")
    expect(isinstance(data, bytes), f"encode returned {type(data).__name__}, expected bytes.")
    back = decode(data, PLACES)
    expect(back is not None and back is not ..., "decode returned nothing so far.")
    lonely = np.zeros(5000, dtype=bool)
    lonely[[0, 4, 270, 271, 1300, 4998]] = True
    for name, one in {
        "the mask at 95 %": mask,
        "a mask with gaps of a thousand": lonely,
        "a mask that keeps nothing": np.zeros(100, dtype=bool),
        "a mask that keeps all": np.ones(77, dtype=bool),
        "a mask whose last weight alone is kept": np.arange(1000) == 999,
        "a mask with a gap of 255": np.arange(300) == 255,
        "a mask with a gap of 256": np.arange(300) == 256,
    }.items():
        back = np.asarray(decode(encode(one.copy()), one.size))
        expect(back.shape == one.shape, f"{name} came back with shape {back.shape}, expected {one.shape}.")
        expect(back.dtype == bool, f"{name} came back as {back.dtype}, expected booleans.")
        expect(np.array_equal(back, one), f"{name} came back changed: what does your code do with a long gap?")
    expect(
        len(data) < BITMASK / 2,
        f"{len(data)} bytes, expected less than {BITMASK // 2}, half of the bitmask's {BITMASK}; the bound is {BOUND}.",
    )
