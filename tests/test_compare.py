"""The book's protocol, against a plain loop over runs, rates and decays, and against what would break it in silence."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from scipy import stats

from pruneutils import masks, scores
from pruneutils.book import data, train
from pruneutils.book._comparison import Comparison
from pruneutils.book.compare import Trial, compare, geometric
from pruneutils.pytorch import apply_masks, clone, masks_of, weights

RATES, DECAYS = (1e-3, 1e-2, 1e-1), (0.0, 0.5)
SPLITS = [data.friedman1(200, seed=k) for k in range(5)]
CLASSES = [
    replace(split, **{f"y_{p}": np.digitize(getattr(split, f"y_{p}"), [-0.5, 0.5]) for p in ("train", "val", "test")})
    for split in SPLITS
]
GRID = {"rates": RATES, "decays": DECAYS}


def wide(outputs):
    return lambda trial: trial.fit([train.mlp(10, 12, outputs, seed=s) for s in trial.seeds], steps=30, batch=32)


def half(net):
    apply_masks(net, {name: masks.unstructured(scores.magnitude(W), 0.5) for name, W in weights(net).items()})


def pruned(outputs):
    """Prunes at step 8 of 15, then trains 10 steps more at a warm rate."""

    def arm(trial):
        nets = trial.copies([train.mlp(10, 12, outputs, seed=100 + s) for s in range(5)])
        trial.fit(nets, steps=15, batch=32, before_step={8: lambda nets: [half(net) for net in nets]})
        return trial.fit(nets, steps=10, batch=32, part=1, share=0.5)

    return arm


def by_loops(name, outputs, split, seed, rate, decay):
    """One network of an arm, trained alone."""
    X, y, options = split.X_train, split.y_train, {"batch": 32, "weight_decay": decay}
    if name == "wide":
        net = train.mlp(10, 12, outputs, seed=seed)
        train.fit([net], X, y, steps=30, lr=rate, seed=seed, **options)
    else:
        net = train.mlp(10, 12, outputs, seed=100 + seed)
        cut = {8: lambda nets: half(nets[0])}
        train.fit([net], X, y, steps=15, lr=rate, seed=seed, before_step=cut, **options)
        train.fit([net], X, y, steps=10, lr=rate * 0.5, seed=seed + 100_000, **options)
    return net


@pytest.mark.parametrize(("splits", "outputs", "score"), [(SPLITS, 1, train.r2), (CLASSES, 3, train.accuracy)])
def test_the_protocol_is_a_plain_loop_over_runs_rates_and_decays(splits, outputs, score):
    """Batched over the grid, a network may meet another one's split, seed, rate, decay or mask."""
    arms = {"wide": wide(outputs), "pruned": pruned(outputs)}
    result = compare(arms, data=splits, **GRID, score=score, opponent="wide", fresh=True)
    for name in arms:
        alone = {
            point: [by_loops(name, outputs, split, k, *point) for k, split in enumerate(splits)]
            for point in product(RATES, DECAYS)
        }
        validated = {
            point: np.mean([score([net], s.X_val, s.y_val)[0] for net, s in zip(nets, splits, strict=True)])
            for point, nets in alone.items()
        }
        best = max(validated, key=validated.get)
        assert result.chosen[name] == best
        for (i, rate), (j, decay) in product(enumerate(RATES), enumerate(DECAYS)):
            assert result.validation[name][:, i, j].mean() == pytest.approx(validated[rate, decay], abs=1e-3)
        tested = [score([net], s.X_test, s.y_test)[0] for net, s in zip(alone[best], splits, strict=True)]
        assert result.test[name] == pytest.approx(tested, abs=1e-3)
        for net, other in zip(result.nets[name], alone[best], strict=True):
            for layer, W in weights(other).items():
                assert np.allclose(weights(net)[layer], W, atol=1e-4)
                assert np.array_equal(masks_of(net)[layer], masks_of(other)[layer])


def test_the_test_parts_are_read_once_an_arm_by_the_chosen_networks_alone():
    """A score on test at every point of the grid is an invitation to choose by it."""
    read = []

    def spy(nets, X, y):
        for k, split in enumerate(SPLITS):
            read.extend([("X", k, len(nets))] if X is split.X_test else [])
            read.extend([("y", k, len(nets))] if y is split.y_test else [])
        return train.r2(nets, X, y)

    compare({"a": wide(1), "b": wide(1)}, data=SPLITS, **GRID, score=spy, opponent="a")
    assert read == [(of, k, 1) for k in range(5) for of in "Xy"] * 2


def test_an_arm_sees_training_parts_alone():
    seen = []
    arm = lambda trial: [seen.append(trial), *wide(1)(trial)][1:]  # noqa: E731
    compare({"a": arm, "b": wide(1)}, data=SPLITS, **GRID, score=train.r2, opponent="b")
    (trial,) = seen
    assert set(vars(trial)) == {"seeds", "X", "y", "rates", "decays"}
    assert all(X is SPLITS[seed].X_train for X, seed in zip(trial.X, trial.seeds, strict=True))
    assert all(y is SPLITS[seed].y_train for y, seed in zip(trial.y, trial.seeds, strict=True))
    grid = list(zip(trial.rates, trial.decays, trial.seeds, strict=True))
    assert grid == list(product(RATES, DECAYS, range(5)))


def result(**differing):
    """Made-up scores: two rates short of the end win for the opponent "a", the highest for "b"."""
    bell = np.array([0.5, 0.7, 0.6])[None, :, None] * np.ones((5, 1, 2))
    values = {
        "opponent": "a",
        "rates": RATES,
        "decays": DECAYS,
        "validation": {"a": bell, "b": np.sort(bell, axis=1), "flat": np.full((5, 3, 2), 0.1)},
        "test": {
            "a": np.array([0.8, 0.81, 0.82, 0.79, 0.8]),
            "b": np.array([0.83, 0.85, 0.84, 0.81, 0.85]),
            "flat": np.array([0.802, 0.811, 0.821, 0.789, 0.8]),
        },
        "nets": {},
        "bound": 0.01,
        "overlap": 0.0,
        "quantity": "accuracy",
    }
    return Comparison(**values | differing)


def test_an_optimum_at_an_end_of_the_grid_is_said_to_be_one():
    """An arm whose best rate lies beyond the grid loses by the grid, not by itself."""
    assert result().edges == {"b": "highest"}
    assert result(rates=(0.1, 0.2, 0.4)).chosen["a"] == (0.2, 0.0)
    lowest = {"a": -np.sort(-result().validation["a"], axis=1), "b": result().validation["a"]}
    assert result(validation=lowest).edges == {"a": "lowest"}
    rows = result().table().splitlines()
    assert [row.split("|")[2].strip() for row in rows if row.startswith("| ")][1:] == ["0.01", "0.1 edge", "0.001"]
    assert "may lie beyond" in rows[-1]
    inside = result(validation={arm: result().validation["a"] for arm in ("a", "b", "flat")}).table()
    assert "beyond" not in inside and "edge" not in inside


def test_ties_go_to_the_lowest_rate_then_the_lowest_decay():
    """Otherwise the order of a dict would choose."""
    assert result().chosen == {"a": (0.01, 0.0), "b": (0.1, 0.0), "flat": (0.001, 0.0)}
    better = np.full((5, 3, 2), 0.5)
    better[:, 1, 1] = better[:, 2, 0] = 0.6
    assert result(validation={"a": better}).chosen == {"a": (0.01, 0.5)}


def test_the_interval_is_that_of_a_paired_t_test():
    one = result().difference("b")
    found = stats.ttest_rel(result().test["b"], result().test["a"]).confidence_interval()
    assert (one.low, one.high) == pytest.approx((found.low, found.high)) and (one.wins, one.n) == (5, 5)
    other = result().difference("a", "b")
    assert (other.mean, other.low, other.wins) == pytest.approx((-one.mean, -one.high, 0))


def test_overlapping_splits_widen_the_interval_by_nadeau_and_bengios_factor():
    """Five splits of one data set share most of their samples; as if they were drawn anew, too much would be sure."""
    fresh, shared = result().difference("b"), result(overlap=1 / 3).difference("b")
    assert (shared.high - shared.low) / (fresh.high - fresh.low) == pytest.approx(np.sqrt((1 / 5 + 1 / 3) / (1 / 5)))
    run = compare({"a": wide(1), "b": wide(1)}, data=SPLITS, **GRID, score=train.r2, opponent="a")
    assert run.overlap == 40 / 120 and run.difference("b").mean == 0


def test_no_difference_needs_the_whole_interval_within_a_bound_fixed_before():
    assert result().no_difference("flat") and not result().no_difference("b")
    assert not result(bound=0.001).no_difference("flat")  # its mean is within, its interval is not
    with pytest.raises(ValueError, match=r"bound=None: expected a bound in the call of compare"):
        result(bound=None).no_difference("flat")


def test_the_table_keeps_within_78_characters():
    """Wider ones are cut off on a phone."""
    long = "twenty letters long!"
    one = result(
        opponent=long,
        rates=(0.0031, 0.031, 0.31),
        validation={long: result().validation["a"], "another of 20 lette": result().validation["b"]},
        test={long: np.array([0.9, 0.1, 0.2, 0.3, 0.1]), "another of 20 lette": np.array([0.1, 0.9, 0.99, 0.2, 0.3])},
    )
    assert max(map(len, one.table().splitlines())) <= 78
    assert one.table() == repr(one) == one._repr_markdown_()
    assert "| another of 20 lette | 0.31 edge | 0 | 49.8±41.5 | +17.8±" in one.table()


def test_the_figure_shows_every_pair_every_interval_and_who_is_ahead():
    from matplotlib import pyplot as plt

    from pruneutils.book import plots

    ax = result().figure()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "flat"]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert dots[0].get_xdata() == pytest.approx([3, 4, 2, 2, 5]) and dots[0].get_color() == plots.BLUE
    assert dots[1].get_color() == plots.GREY
    assert [text.get_text().split(", ")[1] for text in ax.texts] == ["wins 5/5", "wins 3/5"]
    assert result().figure(ax) is ax and "ahead of a" in ax.get_xlabel()
    plt.close("all")


ARMS = {"a": wide(1), "b": wide(1)}
GOOD = {"data": SPLITS, **GRID, "score": train.r2, "opponent": "a"}
BAD = {
    "no arms": ({"arms": {}}, "arms={}.*at least one"),
    "one arm": ({"arms": {"a": wide(1)}}, "at least two arms"),
    "no function": ({"arms": ARMS | {"c": None}}, "'c': None.*a function"),
    "a long name": ({"arms": ARMS | {"c" * 21: print}}, "1 to 20 letters"),
    "an unknown opponent": ({"opponent": "c"}, r"opponent='c'.*\['a', 'b'\]"),
    "two rates": ({"rates": (0.1, 0.3)}, "rates=.*at least 3"),
    "falling rates": ({"rates": (0.1, 0.03, 0.01)}, "rates=.*above the one before"),
    "an even grid": ({"rates": (0.1, 0.2, 0.3, 0.4)}, "rates=.*geometric"),
    "a rate of zero": ({"rates": (0.0, 0.1, 0.3)}, "rates=.*geometric"),
    "a negative rate": ({"rates": (-0.1, 0.1, 0.3)}, "rates=-0.1.*at least 0"),
    "no decay": ({"decays": ()}, "decays=.*at least 1"),
    "four splits": ({"data": SPLITS[:4]}, "data: 4 splits.*at least 5"),
    "a split twice": ({"data": [*SPLITS, SPLITS[0]]}, r"data\[5\].*of its own"),
    "splits of two sizes": ({"data": [*SPLITS, data.friedman1(100)]}, "data.*same sizes"),
    "a bound of zero": ({"bound": 0}, "bound=0.*above 0"),
    "a negative bound": ({"bound": -0.01}, "bound=-0.01.*at least 0"),
}


@pytest.mark.parametrize("change, says", BAD.values(), ids=BAD)
def test_a_comparison_that_would_not_be_one_is_refused_before_any_training(change, says, monkeypatch):
    monkeypatch.setattr(train, "fit", None)
    options = {"arms": ARMS, **GOOD} | change
    with pytest.raises(ValueError, match=says):
        compare(options.pop("arms"), **options)


def few(trial):
    return [train.mlp(10, 1, seed=0)] * 4


def one_for_all(trial):
    return [train.mlp(10, 1, seed=0)] * len(trial)


@pytest.mark.parametrize("arm", [few, one_for_all])
def test_an_arm_returns_a_network_of_its_own_for_every_entry(arm):
    with pytest.raises(ValueError, match=r"arms\['c'\] returned .* networks: expected 30"):
        compare({"c": arm, **ARMS}, **GOOD)


def test_a_score_that_is_no_number_is_refused_by_the_arms_name():
    """The mean of accuracies with one NaN would lose silently, or, sorted, win."""
    with pytest.raises(ValueError, match=r"arms\['a'\]: expected finite scores, got 30"):
        compare(ARMS, **GOOD | {"score": lambda nets, X, y: np.full(len(nets), np.nan)})


def test_a_trial_refuses_lists_of_another_length():
    trial = Trial((0, 1) * 3, (SPLITS[0].X_train,) * 6, (SPLITS[0].y_train,) * 6, (0.1,) * 6, (0.0,) * 6)
    nets = [train.mlp(10, 1, seed=seed) for seed in range(3)]
    with pytest.raises(ValueError, match="nets: 3 of them, expected 6, one an entry"):
        trial.fit(nets, steps=1)
    for wrong in (nets, nets[:1], []):
        with pytest.raises(ValueError, match="expected 2, one a run"):
            trial.copies(wrong)
    copies = trial.copies(nets[:2])
    assert all(torch.equal(copies[i][0].weight, nets[i % 2][0].weight) for i in range(6))
    assert len({id(net) for net in [*copies, *nets]}) == 9


@pytest.mark.parametrize(("bounds", "says"), [((0, 1, 3), "0 < lowest"), ((1, 0.1, 3), "0 < low"), ((0.1, 1, 2), "3")])
def test_a_grid_needs_three_points_between_two_ends(bounds, says):
    with pytest.raises(ValueError, match=says):
        geometric(*bounds)


def test_comparisons_and_intervals_name_unknown_arms():
    with pytest.raises(ValueError, match=r"'c'.*\['a', 'b', 'flat'\]"):
        result().difference("c")
    with pytest.raises(ValueError, match="another arm"):
        result().difference("a")


def test_networks_of_a_trial_with_masks_keep_them():
    net = train.mlp(10, 4, 1, seed=0)
    half(net)
    trial = Trial((0,), (SPLITS[0].X_train,), (SPLITS[0].y_train,), (0.1,), (0.0,))
    (copy,) = trial.fit(trial.copies([net]), steps=3)
    assert all(np.array_equal(mask, masks_of(copy)[name]) for name, mask in masks_of(net).items())
    assert not np.array_equal(weights(copy)["0"], weights(clone(net))["0"])
