"""Measures against closed forms, SciPy and a clock that the tests turn."""

import itertools
import statistics
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn
from torch.nn.utils import prune

from pruneutils import masks, measure
from pruneutils.book.train import mlp
from pruneutils.pytorch import apply_masks, clone, make_permanent, masks_of, weights

bounded = settings(deadline=None, derandomize=True, max_examples=50)
bools = hnp.arrays(bool, hnp.array_shapes(max_dims=3, max_side=5))
sparse_arrays = hnp.arrays(
    np.float32, hnp.array_shapes(max_dims=4, max_side=5), elements=st.sampled_from([0.0, 0.0, 0.0, 1.5, -2.25])
)


def halves(model):
    return {name: masks.unstructured(np.abs(W), 0.5) for name, W in weights(model).items()}


@bounded
@given(st.lists(bools, min_size=1, max_size=4))
def test_sparsity_counts_what_masks_remove_over_all_layers_together(arrays):
    """The mean of the layers' sparsities would let a small layer weigh as much as a large one."""
    entries = [entry for array in arrays for entry in array.ravel().tolist()]
    assert measure.sparsity({str(i): a for i, a in enumerate(arrays)}) == entries.count(False) / len(entries)


def test_zeros_by_value_are_no_sparsity():
    """A weight, or bias, that is zero by chance trains on; only a mask removes."""
    model = mlp(4, 3, 2, seed=0)
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    assert measure.sparsity(masks_of(model)) == 0
    assert measure.parameters(model) == 4 * 3 + 3 + 3 * 2 + 2


def test_parameters_count_biases_and_normalisation_but_nothing_masked():
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 3))
    whole = (4 * 2 * 9 + 4) + (4 + 4) + (16 * 3 + 3)
    assert measure.parameters(model) == whole
    apply_masks(model, halves(model))
    assert measure.parameters(model) == whole - 36 - 24
    make_permanent(model)
    assert measure.parameters(model) == whole


def test_parameters_count_what_the_mask_of_a_bias_removes_but_no_other_buffer_called_mask():
    """The biases that torch's prune had removed counted as kept; clone could not copy such a model, either."""
    model = nn.Sequential(nn.Linear(6, 4), nn.LayerNorm(4), nn.Linear(4, 3))
    model.register_buffer("attention_mask", torch.zeros(5, 5))
    apply_masks(model, halves(model))
    prune.l1_unstructured(model[0], "bias", amount=3)
    prune.l1_unstructured(model[1], "weight", amount=1)
    left = (12 + 1) + (3 + 4) + (6 + 3)
    assert measure.parameters(model) == left
    X, y = np.ones((2, 6), dtype=np.float32), np.zeros(2, dtype=int)
    assert measure.evaluate_pruning(nn.Linear(6, 3), model, X, y, repeats=1).parameters == (21, left)


CONVOLUTIONS = [
    {},
    {"stride": 2},
    {"padding": 1},
    {"stride": (2, 1), "padding": (0, 2)},
    {"dilation": 2},
    {"groups": 2},
    {"stride": 3, "padding": 2, "groups": 4, "bias": False},
]


@pytest.mark.parametrize("options", CONVOLUTIONS, ids=str)
@pytest.mark.parametrize("samples", [1, 3])
def test_macs_of_a_convolution_in_closed_form(options, samples):
    """Stride, padding, dilation and groups each change the count; biases do not."""

    def length(size, kernel, axis):
        stride, padding, dilation = (
            value[axis] if isinstance(value := options.get(name, default), tuple) else value
            for name, default in {"stride": 1, "padding": 0, "dilation": 1}.items()
        )
        return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1

    layer, places = nn.Conv2d(4, 8, (3, 2), **options), length(9, 3, 0) * length(7, 2, 1)
    expected = samples * places * 8 * (4 // options.get("groups", 1)) * 3 * 2
    inputs = np.ones((samples, 4, 9, 7))
    assert measure.macs(layer, inputs) == measure.macs(layer, inputs, skip_masked=True) == expected
    mask = masks.unstructured(np.abs(weights(layer)[""]), 0.7)
    apply_masks(layer, {"": mask})
    assert measure.macs(layer, inputs) == expected, "a masked multiplication is executed all the same"
    assert measure.macs(layer, inputs, skip_masked=True) == samples * places * mask.sum()


def test_macs_skip_the_masked_share_of_each_layer_by_itself():
    """A zero in a convolution saves as many operations as there are places; one in a linear layer saves one."""
    model = nn.Sequential(nn.Sequential(nn.Conv1d(1, 2, 3)), nn.ReLU(), nn.Flatten(), nn.Linear(12, 5))
    inputs = np.ones((1, 1, 8))
    assert measure.macs(model, inputs) == 6 * 6 + 12 * 5
    mask = np.zeros((2, 1, 3), dtype=bool)
    mask[0, 0, :2] = True
    apply_masks(model, {"0.0": mask})
    assert measure.macs(model, inputs, skip_masked=True) == 2 * 6 + 12 * 5
    apply_masks(model, {"3": np.arange(60).reshape(5, 12) < 7})
    assert measure.macs(model, inputs, skip_masked=True) == 2 * 6 + 7


@pytest.mark.parametrize("batch_first", [True, False])
def test_macs_of_torchs_transformer_count_what_its_fused_kernels_do(batch_first):
    """In evaluation it takes a path of one fused operation, for which the counter of torch has no formula."""
    width, inner, tokens = 8, 12, 5
    layer = nn.TransformerEncoderLayer(width, 2, inner, batch_first=batch_first).eval()
    shape = (1, tokens, width) if batch_first else (tokens, 1, width)
    expected = tokens * (4 * width**2 + 2 * width * inner) + 2 * tokens**2 * width
    fast = torch.backends.mha.get_fastpath_enabled()
    assert measure.macs(layer, np.ones(shape)) == expected
    assert torch.backends.mha.get_fastpath_enabled() == fast


def test_counting_macs_leaves_running_statistics_alone():
    """A forward pass in training mode moves them: the measure would change what it measures."""
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert measure.macs(model, np.ones((1, 3))) == 12
    assert model.training and all(torch.equal(before[name], t) for name, t in model.state_dict().items())


@bounded
@given(st.lists(sparse_arrays, min_size=1, max_size=3))
def test_storage_agrees_with_scipy_zlib_and_packbits(arrays):
    """'Four bytes a non-zero' forgets indices, pointers and the mask."""
    rows = [scipy.sparse.csr_array(W.reshape(len(W), -1) if W.ndim > 1 else W[None]) for W in arrays]
    assert all(index.dtype == np.int32 for row in rows for index in (row.indices, row.indptr))
    assert measure.storage({str(i): W for i, W in enumerate(arrays)}) == {
        "dense": sum(W.nbytes for W in arrays),
        "gzip": len(zlib.compress(b"".join(map(bytes, arrays)), level=9)),
        "csr": sum(row.data.nbytes + row.indices.nbytes + row.indptr.nbytes for row in rows),
        "bitmask": sum(np.packbits(W != 0).nbytes + W[W != 0].nbytes for W in arrays),
    }


def test_the_sign_of_a_zero_takes_no_space():
    """w * 0 is -0.0 for negative w; left in, these random signs almost triple the compressed size at 98 %."""
    W = np.random.default_rng(0).normal(size=(100, 100)).astype(np.float32)
    M = masks.unstructured(np.abs(W), 0.98)
    assert measure.storage({"a": W * M}) == measure.storage({"a": np.where(M, W, np.float32(0))})
    model = nn.Linear(100, 100)
    apply_masks(model, {"": M})
    assert measure.storage(weights(model))["gzip"] < 4 * W.size * 0.06


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless a test moves it."""
    now = SimpleNamespace(time=0.0)
    monkeypatch.setattr(measure, "time", SimpleNamespace(perf_counter=lambda: now.time))
    return now


def test_latency_is_median_and_quartiles_of_the_timed_calls_taking_turns(clock):
    """A mean follows outliers; warm-up calls are slow; one call after another meets another mood of the machine."""
    durations = np.random.default_rng(0).permutation(np.arange(1, 12) ** 3).tolist()
    turns, left = [], iter([1e6, 1e6, *durations])

    def slow():
        turns.append("slow")
        clock.time += next(left)

    def fast():
        turns.append("fast")
        clock.time += 0.25

    times = measure.latency({"slow": slow, "fast": fast}, repeats=11, warmup=2)
    lower, median, upper = statistics.quantiles(durations, n=4, method="inclusive")
    assert times["slow"] == measure.Latency(median, lower, upper)
    assert times["fast"] == measure.Latency(0.25, 0.25, 0.25)
    assert turns == ["slow", "fast"] * 13


def test_latency_reads_in_microseconds():
    assert str(measure.Latency(2e-6, 1e-6, 1e-3)) == "2 µs (1 to 1000)"


@pytest.fixture
def report(monkeypatch):
    """A classifier of the sign of the first input, pruned of half of its useless weights."""
    original = nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 2, bias=False))
    original.load_state_dict({"0.weight": torch.tensor([[-1.0, 0.25], [1.0, 0.5]]), "2.weight": torch.eye(2)})
    pruned = clone(original)
    apply_masks(pruned, {"0": np.array([[False, True], [True, False]])})
    X = np.array([[1, 0], [2, 0], [-1, 0], [-2, 0]], dtype=np.float32)
    before = [{name: t.clone() for name, t in model.state_dict().items()} for model in (original, pruned)]
    made = measure.evaluate_pruning(original, pruned, X, np.array([1, 1, 0, 0]), repeats=3)
    for model, tensors in zip((original, pruned), before, strict=True):
        assert model.training and list(model.state_dict()) == list(tensors)
        assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in tensors.items())
    return made


def test_evaluate_pruning_sets_before_and_after_side_by_side(report):
    """Each pair is (original, pruned); swapped, a loss reads as a gain. The models stay as they were."""
    assert report.score == (1.0, 1.0)
    assert report.zeros == (2 / 8, 4 / 8)  # the identity matrix brings two zeros of its own
    assert report.parameters == (6, 4) and report.compression_ratio == 6 / 4
    assert report.macs == (8, 8)
    assert report.storage["dense"] == (32, 32)
    assert report.storage["csr"] == (8 * 6 + 24, 8 * 4 + 24)
    assert report.storage["bitmask"] == (4 * 6 + 2, 4 * 4 + 2)
    assert all(0 < time.lower_quartile <= time.median <= time.upper_quartile for time in report.latency)


def test_a_report_does_not_depend_on_who_holds_the_zeros():
    """Zeros made permanent counted as kept: the same network reported as not compressed."""
    original = nn.Sequential(nn.Linear(4, 3))
    held = clone(original)
    apply_masks(held, {"0": np.eye(3, 4, dtype=bool)})
    permanent = clone(held)
    make_permanent(permanent)
    X, y = np.ones((2, 4), dtype=np.float32), np.zeros(2, dtype=int)
    first, second = (measure.evaluate_pruning(original, model, X, y, repeats=1) for model in (held, permanent))
    assert first.zeros == second.zeros == (0.0, 0.75)
    assert first.parameters == second.parameters == (15, 6) and first.storage == second.storage


def test_the_reports_table_has_every_measure_and_one_width(report):
    lines = report._repr_markdown_().splitlines()
    cells = {line.split("|")[1].strip(): [c.strip() for c in line.split("|")[2:-1]] for line in lines}
    assert {line.count("|") for line in lines} == {4}
    assert cells.pop("---") == ["---:", "---:"] and cells.pop("") == ["original", "pruned"]
    assert cells.pop("latency of the batch, median (quartiles)") == [str(time) for time in report.latency]
    assert [cells[f"weights, {name} (bytes)"] for name in report.storage] == [
        [str(size) for size in sizes] for sizes in report.storage.values()
    ]
    assert {name: row for name, row in cells.items() if not name.startswith("weights")} == {
        "accuracy": ["100.0 %", "100.0 %"],
        "exact zeros": ["25.0 %", "50.0 %"],
        "parameters kept": ["6", "4"],
        "compression ratio, all parameters": ["1.0", "1.5"],
        "multiply-accumulates, as executed": ["8", "8"],
    }


def test_the_reports_zeros_are_counted_by_value_unlike_sparsity():
    """One word for both gave a dense model with zeros by chance two sparsities."""
    model = nn.Linear(2, 2)
    with torch.no_grad():
        model.weight.copy_(torch.eye(2))
    X, y = np.ones((2, 2), dtype=np.float32), np.zeros(2, dtype=int)
    report = measure.evaluate_pruning(model, model, X, y, repeats=1)
    assert report.zeros == (0.5, 0.5) and measure.sparsity(masks_of(model)) == 0
    assert not hasattr(report, "sparsity")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_models_of_other_float_types_are_measured(dtype):
    """Inputs of float32 met weights of another type: RuntimeError."""
    X, y = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32), np.array([0, 1, 2, 0])
    original, pruned = mlp(6, 8, 3, seed=0), mlp(6, 8, 3, seed=0).to(dtype)
    apply_masks(pruned, halves(pruned))
    assert measure.macs(pruned, X[:1], skip_masked=True) == (6 * 8 + 8 * 3) / 2
    report = measure.evaluate_pruning(original, pruned, X, y, repeats=1)
    assert report.macs == (72, 72) and report.zeros == (0, 0.5) and report.storage["dense"] == (288, 288)


def test_evaluate_pruning_sees_a_smaller_model_and_a_worse_one():
    X = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    original, smaller = mlp(6, 8, 3, seed=0), mlp(6, 2, 3, seed=1)
    with torch.no_grad():
        y = original(torch.from_numpy(X)).argmax(dim=1).numpy()
    report = measure.evaluate_pruning(original, smaller, X, y, repeats=1)
    assert report.score[0] == 1 > report.score[1]
    assert report.macs == (6 * 8 + 8 * 3, 6 * 2 + 2 * 3)
    assert report.parameters == (6 * 8 + 8 + 8 * 3 + 3, 6 * 2 + 2 + 2 * 3 + 3)
    assert report.storage["dense"] == (4 * 72, 4 * 18)


@st.composite
def predictions(draw):
    samples, classes = draw(st.integers(1, 30)), draw(st.integers(2, 5))
    raw = draw(hnp.arrays(np.int64, (samples, classes), elements=st.integers(0, 20)))
    labels = draw(hnp.arrays(np.int64, samples, elements=st.integers(0, classes - 1)))
    return (raw + 1) / (raw + 1).sum(axis=1, keepdims=True), labels


@bounded
@given(predictions(), st.integers(1, 20))
def test_calibration_error_is_what_the_definition_says_bin_by_bin(made, bins):
    """Guo et al. (2017), equation 3, written as a sum over bins ((m - 1) / M, m / M]."""
    probabilities, y = made
    expected, confidence = 0.0, probabilities.max(axis=1)
    for m in range(1, bins + 1):
        inside = [i for i, c in enumerate(confidence) if (m - 1) < np.float64(c) * bins <= m]
        if inside:
            right = sum(int(np.argmax(probabilities[i]) == y[i]) for i in inside) / len(inside)
            mean = sum(float(confidence[i]) for i in inside) / len(inside)
            expected += len(inside) / len(y) * abs(right - mean)
    assert measure.calibration_error(probabilities, y, bins=bins) == pytest.approx(expected, abs=1e-9)


@bounded
@given(predictions())
def test_calibration_error_grows_with_the_bins_and_ignores_order(made):
    """Splitting a bin cannot lower it, by the triangle inequality; a single bin compares the two means."""
    probabilities, y = made
    errors = [measure.calibration_error(probabilities, y, bins=bins) for bins in (1, 2, 4, 8)]
    assert all(few <= many + 1e-9 for few, many in itertools.pairwise(errors))
    gap = np.mean(probabilities.argmax(axis=1) == y) - probabilities.max(axis=1).mean()
    assert errors[0] == pytest.approx(abs(gap), abs=1e-9)
    assert measure.calibration_error(probabilities[::-1], y[::-1]) == pytest.approx(
        measure.calibration_error(probabilities, y), abs=1e-9
    )


def test_calibration_error_is_zero_for_certainty_that_is_right():
    assert measure.calibration_error(np.eye(3), np.arange(3)) == 0
    assert measure.calibration_error(np.eye(3), np.array([1, 2, 0])) == 1
