"""Schedules against the published formulas, over any setting of their options."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pruneutils.schedules import Constant, CosineDecay, Iterative, PolynomialDecay

bounded = settings(deadline=None, derandomize=True, max_examples=100)
fractions = st.floats(0, 1, exclude_max=True)


@st.composite
def decays(draw):
    initial, final = sorted([draw(fractions), draw(fractions)])
    begin = draw(st.integers(0, 20))
    return PolynomialDecay(
        initial_sparsity=initial,
        final_sparsity=final,
        begin_step=begin,
        end_step=begin + draw(st.integers(1, 60)),
        power=draw(st.sampled_from([0.5, 1, 2, 3])),
        frequency=draw(st.integers(1, 70)),
    )


iteratives = st.builds(
    Iterative,
    final_sparsity=fractions,
    rounds=st.integers(1, 9),
    begin_step=st.integers(0, 20),
    frequency=st.integers(1, 9),
)
constants = st.builds(Constant, sparsity=fractions, begin_step=st.integers(0, 20))


@bounded
@given(decays() | iteratives | constants)
def test_schedules_rise_from_zero_and_stay_in_range(schedule):
    """A falling schedule would ask for weights that are gone; 1 would ask for all of them."""
    values = [schedule(step) for step in range(120)]
    assert all(value == 0 for value in values[: schedule.begin_step])
    assert all(0 <= value < 1 for value in values)
    assert all(later >= sooner - 1e-12 for sooner, later in pairwise(values))


@bounded
@given(decays())
def test_decay_ends_at_its_final_sparsity_exactly_whatever_the_frequency(schedule):
    """Off the frequency's grid the last update came too early, and 0.8 stayed at 0.793."""
    steps = [schedule.end_step, schedule.end_step + 1, schedule.end_step + 1000]
    assert [schedule(step) for step in steps] == [schedule.final_sparsity] * 3


@bounded
@given(decays())
def test_decay_is_the_published_formula_on_its_grid_and_held_between(schedule):
    """Zhu & Gupta (2017), equation 1, with n dt = end - begin."""
    s_i, s_f, t_0 = schedule.initial_sparsity, schedule.final_sparsity, schedule.begin_step
    for step in range(t_0, schedule.end_step):
        t = t_0 + (step - t_0) // schedule.frequency * schedule.frequency
        expected = s_f + (s_i - s_f) * (1 - (t - t_0) / (schedule.end_step - t_0)) ** schedule.power
        assert schedule(step) == pytest.approx(expected, abs=1e-12)


def test_decay_starts_at_its_initial_sparsity_and_is_cubic_unless_told():
    schedule = PolynomialDecay(initial_sparsity=0.2, final_sparsity=0.8, begin_step=10, end_step=110)
    assert (schedule(9), schedule(10)) == (0.0, pytest.approx(0.2))
    assert schedule(60) == pytest.approx(0.8 - 0.6 * 0.5**3)


@bounded
@given(iteratives)
def test_iterative_removes_one_share_of_what_is_left_in_every_round(schedule):
    """Three rounds of 0.5 taken for shares of the whole would ask for 1.5."""
    starts = [schedule.begin_step + r * schedule.frequency for r in range(schedule.rounds)]
    left = np.array([1.0, *(1 - schedule(step) for step in starts)])
    share = (1 - schedule.final_sparsity) ** (1 / schedule.rounds)
    assert left[1:] == pytest.approx(left[:-1] * share, abs=1e-12)
    for step in starts:
        assert {schedule(step + i) for i in range(schedule.frequency)} == {schedule(step)}
    assert schedule(starts[-1]) == schedule(starts[-1] + 1000) == schedule.final_sparsity


def test_iterative_rounds_are_torchs_amounts():
    """Three calls of torch's prune with amount 0.5 give 0.875, not 0.5 and not 1.5."""
    assert [Iterative(final_sparsity=0.875, rounds=3)(step) for step in range(3)] == [0.5, 0.75, 0.875]


@bounded
@given(constants)
def test_constant_is_a_step(schedule):
    assert [schedule(step) for step in range(40)] == [
        0.0 if step < schedule.begin_step else schedule.sparsity for step in range(40)
    ]


@pytest.mark.parametrize("number", [np.int64, np.float32, float])
def test_schedules_take_numbers_of_any_kind(number):
    """Options often come out of NumPy; refusing np.int64(3) as 'not a number' would be wrong."""
    schedule = PolynomialDecay(
        initial_sparsity=0.0, final_sparsity=0.5, begin_step=np.int64(0), end_step=np.int64(4), power=number(2)
    )
    assert schedule(np.int64(2)) == pytest.approx(0.375)


@bounded
@given(fractions, st.integers(1, 200))
def test_cosine_decay_is_half_of_a_cosine_that_falls_to_zero_and_stays(share, end):
    """Past its end the formula would rise again, and masks that should rest would move."""
    decay = CosineDecay(initial_share=share, end_step=end)
    values = np.array([decay(step) for step in range(2 * end + 1)])
    assert np.allclose(values[:end], share * np.cos(np.pi * np.arange(end) / end / 2) ** 2, atol=1e-12)
    assert values[0] == pytest.approx(share, abs=1e-300) and (values[end:] == 0).all() and (np.diff(values) <= 0).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"initial_share": 1.0, "end_step": 9}, "initial_share=1.0"),
        ({"initial_share": 0.3, "end_step": 0}, "end_step=0"),
    ],
)
def test_cosine_decay_names_what_is_wrong(options, words):
    with pytest.raises(ValueError, match=words):
        CosineDecay(**options)
    with pytest.raises(ValueError, match="step=-1"):
        CosineDecay(initial_share=0.3, end_step=9)(-1)
