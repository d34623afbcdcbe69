"""Sparsities of layers against their definitions, over any set of shapes."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pruneutils import allocation, masks

bounded = settings(deadline=None, derandomize=True, max_examples=200)
sides = st.lists(st.integers(1, 300), min_size=1, max_size=4).map(tuple)
networks = st.lists(sides, min_size=1, max_size=6).map(lambda shapes: dict(zip("abcdef", shapes, strict=False)))
sparsities = st.floats(0, 0.999) | st.sampled_from([0.0, 0.5, 0.8, 0.9, 0.98])


@bounded
@given(networks, sparsities)
def test_uniform_gives_every_layer_the_same(shapes, sparsity):
    assert allocation.uniform(shapes, sparsity) == {name: sparsity for name in shapes}


@bounded
@given(networks, sparsities)
def test_erdos_renyi_kernel_keeps_the_wanted_total_in_every_layers_bounds(shapes, sparsity):
    """Clipping densities at 1 without sharing out the rest keeps too few."""
    ours = allocation.erdos_renyi_kernel(shapes, sparsity)
    assert list(ours) == list(shapes)
    assert all(0 <= layer < 1 for layer in ours.values())
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    kept = sum((1 - ours[name]) * size for name, size in sizes.items())
    assert kept == pytest.approx((1 - sparsity) * sum(sizes.values()), rel=1e-9)


@bounded
@given(networks, sparsities)
def test_erdos_renyi_kernel_has_one_scale_for_all_layers_that_are_not_dense(shapes, sparsity):
    """Density over (sum of sides / product of sides) is one number; a dense layer's would be more than 1."""
    ours = allocation.erdos_renyi_kernel(shapes, sparsity)
    raw = {name: sum(shape) / math.prod(shape) for name, shape in shapes.items()}
    scales = [(1 - ours[name]) / raw[name] for name in shapes if ours[name] > 0]
    assert scales == pytest.approx([scales[0]] * len(scales), rel=1e-6) if scales else sparsity < 1e-9
    for name in shapes:
        if ours[name] == 0 and scales:
            assert scales[0] * raw[name] >= 1 - 1e-6


@bounded
@given(networks, sparsities, sparsities)
def test_erdos_renyi_kernel_grows_with_the_sparsity_in_every_layer(shapes, one, other):
    less, more = (allocation.erdos_renyi_kernel(shapes, sparsity) for sparsity in sorted([one, other]))
    assert all(less[name] <= more[name] + 1e-9 for name in shapes)


def test_erdos_renyi_kernel_by_hand():
    """Two layers of 400 and 100 weights, 250 to keep: raw densities .1 and .2, scale 250 / 60, densities 5/12, 5/6."""
    ours = allocation.erdos_renyi_kernel({"wide": (20, 20), "narrow": (10, 10)}, 0.5)
    assert ours == pytest.approx({"wide": 7 / 12, "narrow": 1 / 6})


def test_erdos_renyi_kernel_shares_out_what_a_dense_layer_cannot_take():
    """1000 x 1000 and 10 x 10 at 98 %: the small one stays whole, the large one keeps 20 002 - 100."""
    ours = allocation.erdos_renyi_kernel({"large": (1000, 1000), "small": (10, 10)}, 0.98)
    assert ours["small"] == 0
    assert 1 - ours["large"] == pytest.approx(19_902 / 1e6)


def test_erdos_renyi_kernel_counts_the_kernels_sides():
    """Fully connected Erdos-Renyi, which leaves them out, gives a 3 x 3 kernel another density than this."""
    ours = allocation.erdos_renyi_kernel({"conv": (64, 32, 3, 3), "fc": (10, 64)}, 0.6)
    keep = 0.4 * (64 * 32 * 9 + 640)
    assert ours["fc"] == 0 and 1 - ours["conv"] == pytest.approx((keep - 640) / (64 * 32 * 9))
    ours = allocation.erdos_renyi_kernel({"conv": (64, 32, 3, 3), "fc": (300, 64)}, 0.6)
    ratio = ((64 + 32 + 3 + 3) / (64 * 32 * 9)) / ((300 + 64) / (300 * 64))
    assert (1 - ours["conv"]) / (1 - ours["fc"]) == pytest.approx(ratio)


def test_sparsities_can_be_handed_to_masks_and_shapes_may_be_torchs():
    layers = {"first": torch.nn.Conv2d(3, 16, 3), "last": torch.nn.Linear(64, 10)}
    shapes = {name: layer.weight.shape for name, layer in layers.items()}
    rng, kept, total = np.random.default_rng(0), 0, 0
    for name, sparsity in allocation.erdos_renyi_kernel(shapes, 0.8).items():
        mask = masks.unstructured(rng.random(tuple(shapes[name])), sparsity)
        kept, total = kept + int(mask.sum()), total + mask.size
    assert kept == pytest.approx(0.2 * total, abs=1)
