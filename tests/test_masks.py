"""Masks against sorting in plain Python and torch.nn.utils.prune, over any shape, sparsity and tie pattern."""

import itertools
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch.nn.utils import prune

from pruneutils import _rank, masks
from pruneutils._arguments import finite
from pruneutils.scores import magnitude

bounded = settings(deadline=None, derandomize=True, max_examples=100)
sparsities = st.floats(0, 1, exclude_max=True) | st.sampled_from([0.0, 0.25, 0.5, 0.75, 0.9])
shapes = hnp.array_shapes(max_dims=4, max_side=5)
with_ties = st.integers(0, 3).map(float)
tied = hnp.arrays(np.float64, shapes, elements=with_ties)
distinct = st.integers(2, 60).flatmap(lambda n: st.permutations(range(1, n + 1))).map(np.array)


def lowest(scores, share):
    """Positions of the round(share * n) lowest scores, the first among equals, by Python's stable sort."""
    scores = list(scores)
    return sorted(range(len(scores)), key=lambda i: scores[i])[: round(share * len(scores))]


def removed(mask):
    return int((~mask).sum())


@bounded
@given(tied, sparsities)
def test_unstructured_removes_the_exact_share_whatever_ties(scores, sparsity):
    """Comparing with a percentile removes none of a constant array, or all of it."""
    mask = masks.unstructured(scores, sparsity)
    assert (mask.dtype, mask.shape) == (bool, scores.shape)
    assert removed(mask) == round(sparsity * scores.size)
    assert sorted(np.flatnonzero(~mask)) == sorted(lowest(scores.ravel(), sparsity))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 100])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, bool])
def test_unstructured_is_exact_on_constants_of_any_type(n, dtype):
    for k in range(n):
        assert removed(masks.unstructured(np.ones(n, dtype=dtype), k / n)) == k


@bounded
@given(tied, sparsities, sparsities)
def test_unstructured_masks_are_nested(scores, one, other):
    """A weight removed at a low sparsity must not be back at a higher one."""
    less, more = sorted([one, other])
    assert not (masks.unstructured(scores, more) & ~masks.unstructured(scores, less)).any()


@bounded
@given(distinct, sparsities, st.randoms(use_true_random=False))
def test_unstructured_follows_a_permutation_of_distinct_scores(scores, sparsity, random):
    order = random.sample(range(scores.size), scores.size)
    assert np.array_equal(masks.unstructured(scores[order], sparsity), masks.unstructured(scores, sparsity)[order])


@bounded
@given(tied, sparsities, st.integers(-20, 20))
def test_masks_by_rank_ignore_the_scale_of_scores(scores, sparsity, exponent):
    """Powers of two scale floats exactly; an absolute tolerance hidden anywhere would show."""
    scaled = scores * 2.0**exponent
    assert np.array_equal(masks.unstructured(scaled, sparsity), masks.unstructured(scores, sparsity))
    assert np.array_equal(masks.structured(scaled, sparsity), masks.structured(scores, sparsity))
    pair, scaled_pair = (np.stack([S, np.flip(S)]) for S in (scores, scaled))
    assert np.array_equal(masks.n_of_m(scaled_pair, keep=1, of=2, axis=0), masks.n_of_m(pair, keep=1, of=2, axis=0))


@bounded
@given(distinct, sparsities)
def test_unstructured_agrees_with_torch_where_scores_differ(scores, sparsity):
    layer = torch.nn.Module()
    layer.weight = torch.nn.Parameter(torch.from_numpy(scores * np.resize([1.0, -1.0], scores.size)))
    prune.l1_unstructured(layer, "weight", amount=sparsity)
    assert np.array_equal(masks.unstructured(scores, sparsity), layer.weight_mask.bool().numpy())


@bounded
@given(distinct, sparsities, st.data())
def test_global_unstructured_agrees_with_torch_where_scores_differ(scores, sparsity, data):
    """Ranking each layer alone, or handing parts back to the wrong layer, shows."""
    parts = np.split(scores * 1.0, sorted(data.draw(st.sets(st.integers(1, scores.size - 1), max_size=3))))
    layers = [torch.nn.Module() for _ in parts]
    for layer, part in zip(layers, parts, strict=True):
        layer.weight = torch.nn.Parameter(torch.from_numpy(part))
    prune.global_unstructured([(layer, "weight") for layer in layers], prune.L1Unstructured, amount=sparsity)
    ours = masks.global_unstructured({str(i): part for i, part in enumerate(parts)}, sparsity)
    assert list(ours) == [str(i) for i in range(len(parts))]
    for mask, layer in zip(ours.values(), layers, strict=True):
        assert np.array_equal(mask, layer.weight_mask.bool().numpy())


@bounded
@given(st.lists(tied, min_size=1, max_size=4), sparsities)
def test_global_unstructured_is_exact_with_ties_across_layers(arrays, sparsity):
    ours = masks.global_unstructured({str(i): array for i, array in enumerate(arrays)}, sparsity)
    assert [mask.shape for mask in ours.values()] == [array.shape for array in arrays]
    together = np.concatenate([mask.ravel() for mask in ours.values()])
    expected = lowest(itertools.chain(*(array.ravel() for array in arrays)), sparsity)
    assert sorted(np.flatnonzero(~together)) == sorted(expected)


@bounded
@given(tied, st.sampled_from([-1.0, 0.0, 1.0, 1.5, 3.0, 4.0]))
def test_threshold_keeps_equality(scores, at):
    mask = masks.threshold(scores, at)
    assert (mask.dtype, mask.shape) == (bool, scores.shape)
    assert mask.ravel().tolist() == [score >= at for score in scores.ravel().tolist()]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("kind", [float, np.float16, np.float32, np.float64])
def test_threshold_keeps_equality_whatever_the_type_of_at(dtype, kind):
    """np.float64(0.01) compared with a float32 score of 0.01 in float64 removed it; a Python float did not."""
    scores = np.array([0.01, 0.0099, 0.02], dtype=dtype)
    assert masks.threshold(scores, kind(dtype(0.01))).tolist()[1:] == [False, True]
    if kind is float or np.dtype(kind).itemsize >= np.dtype(dtype).itemsize:
        assert masks.threshold(scores, kind(0.01)).tolist() == [True, False, True]


def test_threshold_beyond_the_range_of_the_scores_type():
    """1e6 is infinite in float16, which may neither warn nor be refused."""
    scores = np.array([0.0, 60000.0], dtype=np.float16)
    assert masks.threshold(scores, 1e6).tolist() == [False, False]
    assert masks.threshold(scores, -1e6).tolist() == [True, True]
    assert masks.threshold(np.array([1, 2], dtype=np.int8), 1.5).tolist() == [False, True]


@pytest.mark.parametrize("norm", [1, 2, 3])
@pytest.mark.parametrize("dtype, large", [(np.float16, 6e4), (np.float32, 3e38)])
def test_structured_and_block_do_not_overflow(dtype, large, norm):
    """Two rows whose sums are both infinite tie, and the first, the larger, went."""
    rows = np.array([[large, large], [large, large / 2]], dtype=dtype)
    larger_first = [[True, True], [False, False]]
    assert masks.structured(rows, 0.5, norm=norm).tolist() == larger_first
    assert masks.block(rows, 0.5, (1, 2)).tolist() == larger_first


def test_unstructured_may_remove_all_of_a_small_array():
    """As its docstring says."""
    assert not masks.unstructured(np.arange(10), 0.99).any()


@bounded
@given(tied, sparsities, st.data())
def test_structured_removes_whole_slices_and_the_exact_number(scores, sparsity, data):
    """On constants and ties, too, over any axis, counted from either end."""
    axis = data.draw(st.integers(-scores.ndim, scores.ndim - 1))
    mask = masks.structured(scores, sparsity, axis=axis)
    slices = [mask.take(i, axis) for i in range(scores.shape[axis])]
    sums = [scores.take(i, axis).sum() for i in range(scores.shape[axis])]
    assert all(part.all() or not part.any() for part in slices)
    assert [i for i, part in enumerate(slices) if not part.any()] == sorted(lowest(sums, sparsity))
    assert mask.shape == scores.shape and mask.flags.writeable


@pytest.mark.parametrize("norm", [1, 2, 3.5, np.inf, np.int64(2)])
@pytest.mark.parametrize("shape, axis", [((9, 4), 0), ((4, 9), 1), ((7, 3, 2, 2), 0), ((3, 8, 2, 2), 1)])
def test_structured_agrees_with_torch_ln_structured(shape, axis, norm):
    """The L1 and L2 norms order slices differently; a fixed order shows."""
    W = np.random.default_rng(0).normal(size=shape)
    for sparsity in (0.0, 0.3, 0.5, 0.8):
        layer = torch.nn.Module()
        layer.weight = torch.nn.Parameter(torch.from_numpy(W))
        prune.ln_structured(layer, "weight", amount=sparsity, n=float(norm), dim=axis)
        mask = masks.structured(np.abs(W), sparsity, axis=axis, norm=norm)
        assert np.array_equal(mask, layer.weight_mask.bool().numpy())


@bounded
@given(st.data())
def test_n_of_m_keeps_exactly_the_best_of_each_group_along_any_axis(data):
    """Groups taken along another axis, or zeros counted for non-zeros, show."""
    of = data.draw(st.integers(1, 5))
    keep = data.draw(st.integers(1, of))
    shape = list(data.draw(hnp.array_shapes(max_dims=3, max_side=4)))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    shape[axis] *= of
    scores = data.draw(hnp.arrays(np.float64, tuple(shape), elements=with_ties))
    mask = masks.n_of_m(scores, keep=keep, of=of, axis=axis)
    assert mask.shape == scores.shape
    for line in np.ndindex(*np.delete(shape, axis)):
        index = list(line)
        index.insert(axis % len(shape), slice(None))
        for start in range(0, shape[axis], of):
            group = scores[tuple(index)][start : start + of].tolist()
            expected = sorted(range(of), key=lambda i, group=group: group[i])[: of - keep]
            assert np.flatnonzero(~mask[tuple(index)][start : start + of]).tolist() == sorted(expected)


@bounded
@given(st.tuples(*[st.integers(1, 4)] * 4), sparsities, st.data())
def test_block_removes_whole_blocks_and_the_exact_number(sizes, sparsity, data):
    """Oblong blocks in an oblong grid, so that swapped sides show."""
    rows, columns, height, width = sizes
    scores = data.draw(hnp.arrays(np.float64, (rows * height, columns * width), elements=with_ties))
    mask = masks.block(scores, sparsity, (height, width))
    corners = [(r * height, c * width) for r in range(rows) for c in range(columns)]
    cuts = [(slice(r, r + height), slice(c, c + width)) for r, c in corners]
    gone = set(lowest([scores[cut].sum() for cut in cuts], sparsity))
    assert len(gone) == round(sparsity * rows * columns)
    for i, cut in enumerate(cuts):
        assert not mask[cut].any() if i in gone else mask[cut].all()


@pytest.mark.parametrize(
    "make",
    [
        lambda scores: masks.threshold(scores, 0.5),
        lambda scores: masks.unstructured(scores, 0.5),
        lambda scores: masks.unstructured(scores, 0.5, within=0),
        lambda scores: masks.unstructured(scores, 0.5, within=1),
        lambda scores: masks.global_unstructured({"a": scores}, 0.5)["a"],
        lambda scores: masks.structured(scores, 0.5),
        lambda scores: masks.n_of_m(scores),
        lambda scores: masks.block(scores, 0.5, (2, 2)),
    ],
    ids=[
        "threshold",
        "unstructured",
        "within rows",
        "within columns",
        "global_unstructured",
        "structured",
        "n_of_m",
        "block",
    ],
)
def test_masks_leave_their_scores_alone_and_follow_any_memory_order(make):
    """A mask that sorted in place, or read memory instead of rows, would differ on a view."""
    scores = np.random.default_rng(0).random((8, 12))
    expected = make(scores.copy())
    for same in (np.asfortranarray(scores), np.repeat(scores, 2, axis=0)[::2], scores[::-1, ::-1].copy()[::-1, ::-1]):
        before = same.copy()
        assert np.array_equal(make(same), expected)
        assert np.array_equal(same, before)


@bounded
@given(distinct, sparsities)
def test_unstructured_keeps_nothing_below_what_it_removes(scores, sparsity):
    """Flipping the comparison keeps the lowest scores."""
    mask = masks.unstructured(scores, sparsity)
    assume(0 < removed(mask) < scores.size)
    assert scores[~mask].max() < scores[mask].min()


@bounded
@given(tied, sparsities, st.data())
def test_within_ranks_each_slice_by_itself(scores, sparsity, data):
    """Over any axis, counted from either end: every slice loses the same number, the lowest, the first among equals."""
    axis = data.draw(st.integers(-scores.ndim, scores.ndim - 1))
    mask = masks.unstructured(scores, sparsity, within=axis)
    assert (mask.dtype, mask.shape) == (bool, scores.shape) and mask.flags.c_contiguous and mask.flags.writeable
    for i in range(scores.shape[axis]):
        part = mask.take(i, axis).ravel()
        assert np.flatnonzero(~part).tolist() == sorted(lowest(scores.take(i, axis).ravel(), sparsity))


@bounded
@given(tied, sparsities, sparsities, st.integers(-20, 20))
def test_masks_within_slices_are_nested_and_ignore_the_scale_of_each_slice(scores, one, other, exponent):
    less, more = sorted([one, other])
    first, second = (masks.unstructured(scores, sparsity, within=0) for sparsity in (less, more))
    assert not (second & ~first).any()
    scales = 2.0 ** (exponent * np.arange(len(scores))).reshape(-1, *[1] * (scores.ndim - 1))
    assert np.array_equal(masks.unstructured(scores * scales, more, within=0), second)


@bounded
@given(st.lists(tied, min_size=1, max_size=4), sparsities, sparsities, st.integers(-20, 20))
def test_global_masks_are_nested_and_ignore_a_common_scale(arrays, one, other, exponent):
    less, more = sorted([one, other])
    by_name = {str(i): array for i, array in enumerate(arrays)}
    first, second = (masks.global_unstructured(by_name, sparsity) for sparsity in (less, more))
    scaled = masks.global_unstructured({name: S * 2.0**exponent for name, S in by_name.items()}, more)
    for name in by_name:
        assert not (second[name] & ~first[name]).any()
        assert np.array_equal(scaled[name], second[name])


@bounded
@given(st.data(), sparsities, sparsities, st.integers(-20, 20))
def test_structured_and_block_masks_are_nested_and_ignore_the_scale(data, one, other, exponent):
    less, more = sorted([one, other])
    scores = data.draw(hnp.arrays(np.float64, (4, 6), elements=with_ties))
    for make in (masks.structured, lambda S, sparsity: masks.block(S, sparsity, (2, 3))):
        assert not (make(scores, more) & ~make(scores, less)).any()
        assert np.array_equal(make(scores * 2.0**exponent, more), make(scores, more))


@bounded
@given(st.data(), sparsities)
def test_masks_of_groups_follow_a_permutation_of_the_groups(data, sparsity):
    """Neurons have no order: reordering them reorders the mask, where scores differ."""
    order = np.array(data.draw(st.permutations(range(6))))
    scores = np.array(data.draw(st.permutations(range(1, 25)))).reshape(6, 4) ** 2 * 1.0
    assume(len(np.unique(scores.sum(axis=1))) == 6)
    for make in (
        lambda S: masks.structured(S, sparsity),
        lambda S: masks.block(S, sparsity, (1, 4)),
        lambda S: masks.unstructured(S, sparsity, within=0),
        lambda S: masks.n_of_m(S, keep=1, of=2),
    ):
        assert np.array_equal(make(scores[order]), make(scores)[order])


@bounded
@given(distinct, sparsities, st.data())
def test_global_masks_do_not_depend_on_the_order_of_layers(scores, sparsity, data):
    parts = np.split(scores * 1.0, sorted(data.draw(st.sets(st.integers(1, scores.size - 1), max_size=3))))
    by_name = {str(i): part for i, part in enumerate(parts)}
    ours = masks.global_unstructured(by_name, sparsity)
    other = masks.global_unstructured(dict(reversed(by_name.items())), sparsity)
    assert all(np.array_equal(ours[name], other[name]) for name in by_name)


# the radix select of large float32 scores

N = _rank.SMALL + 1000


def large(kind):
    """More float32 scores than the threshold, of one awkward kind."""
    rng = np.random.default_rng(0)
    normal = rng.standard_normal(N, dtype=np.float32)
    return {
        "normal": normal,
        "magnitudes": np.abs(normal),
        "negative": -np.abs(normal),
        "two values": np.where(normal > 0, np.float32(0.5), np.float32(-0.5)),
        "constant": np.full(N, 0.1, dtype=np.float32),
        "negative constant": np.full(N, -0.1, dtype=np.float32),
        "zeros of both signs": np.where(normal > 0, np.float32(0.0), np.float32(-0.0)),
        "mostly zeros of both signs": np.where(normal > 1, normal, normal * np.float32(0)),
        "many ties": np.round(normal * 4),
        "denormals": (rng.integers(-9, 9, N) * 1e-45).astype(np.float32),
        "denormals of one half": (rng.integers(-70_000, 70_000, N) * 1e-45).astype(np.float32),
        "one bucket": np.float32(1) + rng.integers(0, 1 << 16, N).astype(np.float32) * np.float32(2**-23),
        "one negative bucket": -1 - rng.integers(0, 1 << 16, N).astype(np.float32) * np.float32(2**-23),
        "all magnitudes": (normal * 10.0 ** rng.integers(-44, 38, N)).astype(np.float32),
        "extremes": rng.choice(np.float32([-3.4028235e38, -1e-45, -0.0, 0.0, 1e-45, 3.4028235e38]), N),
    }[kind]


KINDS = [
    "normal", "magnitudes", "negative", "two values", "constant", "negative constant", "zeros of both signs",
    "mostly zeros of both signs", "many ties", "denormals", "denormals of one half", "one bucket",
    "one negative bucket", "all magnitudes", "extremes",
]  # fmt: skip


def by_stable_sort(arrays, sparsity):
    together = np.concatenate(arrays)
    mask = np.ones(together.size, dtype=bool)
    mask[np.argsort(together, kind="stable")[: round(sparsity * together.size)]] = False
    return np.split(mask, np.cumsum([array.size for array in arrays])[:-1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cuts", [[], [5, 40_000, 40_001]], ids=["one array", "four arrays"])
def test_large_scores_are_ranked_as_a_stable_sort_ranks_them(kind, cuts, monkeypatch):
    """Ties that straddle layers and chunks, -0 that equals +0, denormals, and negative floats, whose bits run
    backwards; and the same as the partition that small arrays go through."""
    scores = large(kind)
    assert scores.dtype == np.float32
    monkeypatch.setattr(_rank, "CHUNK", 7777)
    arrays = np.split(scores, cuts)
    by_name = {str(i): array for i, array in enumerate(arrays)}
    for sparsity in (0.0, 1e-5, 0.25, 0.5, 0.9, 1 - 0.6 / N):
        expected = by_stable_sort(arrays, sparsity)
        ours = masks.global_unstructured(by_name, sparsity)
        with monkeypatch.context() as small:
            small.setattr(_rank, "SMALL", N + 1)
            other = masks.global_unstructured(by_name, sparsity)
        for i, mask in enumerate(expected):
            assert np.array_equal(ours[str(i)], mask)
            assert np.array_equal(other[str(i)], mask)


@bounded
@given(
    st.lists(
        hnp.arrays(
            np.float32,
            st.integers(1, 40),
            elements=st.floats(width=32, allow_nan=False, allow_infinity=False)
            | st.sampled_from([0.0, -0.0, 1.0, -1.0]),
        ),
        min_size=1,
        max_size=4,
    ),
    sparsities,
)
def test_radix_select_on_any_floats(arrays, sparsity):
    """Hypothesis looks for the floats that no list of kinds thought of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rank, "SMALL", 0)
        patch.setattr(_rank, "CHUNK", 16)
        ours = masks.global_unstructured({str(i): array for i, array in enumerate(arrays)}, sparsity)
    for mask, expected in zip(ours.values(), by_stable_sort(arrays, sparsity), strict=True):
        assert np.array_equal(mask, expected)


def test_a_large_array_alone_goes_the_same_way():
    scores = large("many ties").reshape(8, -1)
    assert np.array_equal(masks.unstructured(scores, 0.7).ravel(), by_stable_sort([scores.ravel()], 0.7)[0])


@pytest.mark.parametrize("kind", ["normal", "pruned before", "constant"])
def test_a_global_mask_of_large_layers_takes_little_memory(kind):
    """Scores included, at most 1.5 times the bytes of the weights; sorting, or one concatenation, takes more.
    A network that is mostly zeros already puts most of its scores into one bucket."""
    rng = np.random.default_rng(0)
    weights = {str(i): rng.standard_normal(n, dtype=np.float32) for i, n in enumerate([2_000_000, 10_000, 6_000_000])}
    if kind != "normal":
        for W in weights.values():
            W[np.abs(W) < 1.3 if kind == "pruned before" else slice(None)] = 0
    tracemalloc.start()
    try:
        masks.global_unstructured({name: magnitude(W) for name, W in weights.items()}, 0.8)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 1.5 * sum(W.nbytes for W in weights.values())


def test_finite_scores_are_told_from_others_without_an_array_of_truth_values():
    scores = np.zeros(4_000_000, dtype=np.float32)
    tracemalloc.start()
    try:
        finite("scores", scores)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < scores.nbytes / 100


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 500, -1])
def test_finite_finds_one_bad_value_anywhere(dtype, bad, place):
    """Extremes alone are looked at: NaN must show in both, wherever it stands, beside either infinity, too."""
    for others in (0.0, np.finfo(dtype).max, np.finfo(dtype).min):
        scores = np.full(1001, others, dtype=dtype)
        assert finite("scores", scores) is scores
        scores[place] = bad
        with pytest.raises(ValueError, match="scores: 1 of 1001 values"):
            finite("scores", scores)
        scores[(place + 3) % 1001] = -np.inf
        with pytest.raises(ValueError, match="scores: 2 of 1001 values"):
            finite("scores", scores)


@st.composite
def moves(draw):
    mask = draw(hnp.arrays(bool, shapes))
    drop, grow = (draw(hnp.arrays(np.float64, mask.shape, elements=with_ties)) for _ in range(2))
    return mask, drop, grow, draw(sparsities)


@bounded
@given(moves())
def test_drop_and_grow_is_plain_python_and_keeps_as_many_as_before(case):
    """One that sorts all entries grows weights that are there already, and the network thins out."""
    mask, drop, grow, share = case
    before = mask.copy()
    kept = [i for i, keep in enumerate(mask.ravel()) if keep]
    gone = [i for i, keep in enumerate(mask.ravel()) if not keep]
    count = min(round(share * len(kept)), len(gone))
    dropped = sorted(kept, key=lambda i: drop.ravel()[i])[:count]
    grown = sorted(gone, key=lambda i: -grow.ravel()[i])[:count]
    moved = masks.drop_and_grow(mask, drop, grow, share)
    assert (moved.dtype, moved.shape) == (bool, mask.shape) and np.array_equal(mask, before)
    assert set(np.flatnonzero(moved)) == set(kept) - set(dropped) | set(grown)
    assert moved.sum() == mask.sum() and (moved != mask).sum() == 2 * count


@bounded
@given(moves())
def test_drop_and_grow_asks_each_score_only_where_it_counts(case):
    mask, drop, grow, share = case
    moved = masks.drop_and_grow(mask, drop, grow, share)
    other = masks.drop_and_grow(mask, np.where(mask, drop, 99), np.where(mask, 99, grow), share)
    assert np.array_equal(moved, other)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"mask": np.ones(3)}, "mask of dtype float64"),
        ({"drop_scores": np.ones(2)}, "drop_scores of shape"),
        ({"grow_scores": np.array([1.0, np.nan, 2.0])}, "grow_scores: 1 of 3"),
        ({"share": 1.0}, "share=1.0"),
    ],
)
def test_drop_and_grow_names_what_is_wrong(wrong, words):
    right = {"mask": np.array([True, False, True]), "drop_scores": np.ones(3), "grow_scores": np.ones(3), "share": 0.5}
    with pytest.raises(ValueError, match=words):
        masks.drop_and_grow(**right | wrong)
