"""The book's protocol for comparisons as one function: the same grid for every arm, choices on validation, pairs.

An arm is a function that trains networks. It is called once, for all runs and all points of the grid together, which
train as one batched network; a run is a split of the data and a seed of its own. For each arm one point of the grid
is chosen, by the mean score over all validation parts, and only networks of that point meet the test parts, once.

What fits into a chapter's 45 seconds, on one thread: 64-64-32-10 on the digits costs 0.25 to 0.3 ms a step, so that
5 runs x 6 rates x 2 decays x 500 steps take 7 to 9 s, five arms in all, and 5 runs x 6 rates x 1 decay 4 s, ten arms.
One by one takes five times as long, for small networks ten times; ``benchmarks/compare.py`` measures it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product

import numpy as np
from torch import nn

from pruneutils._arguments import non_negative, some, whole
from pruneutils.book import train
from pruneutils.book._comparison import Comparison, Interval
from pruneutils.book.data import Dataset
from pruneutils.pytorch import clone

__all__ = ["Comparison", "Interval", "Trial", "compare", "geometric"]

LONGEST_NAME = 20  # so that a table keeps within 78 characters
FEWEST_SPLITS, FEWEST_RATES, FEWEST_DECAYS = 5, 3, 1
EVENNESS = 1.3  # steps of a grid may differ by this factor: 1e-3, 3e-3, 1e-2 counts as geometric


@dataclass(frozen=True, eq=False)
class Trial:
    """What an arm gets: one entry for each network that it must return, all to be trained at once.

    The training parts are all it sees of the data. Entries with the same rate and decay follow each other, in the
    order of the runs.

    Attributes
    ----------
    seeds : one for each entry.
    X, y : inputs and targets of each entry's training part.
    rates, decays : learning rate and weight decay of each entry.
    """

    seeds: tuple[int, ...]
    X: tuple[np.ndarray, ...] = field(repr=False)
    y: tuple[np.ndarray, ...] = field(repr=False)
    rates: tuple[float, ...]
    decays: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.seeds)

    def copies(self, nets: Sequence[nn.Module]) -> list[nn.Module]:
        """Copy networks, one a run, masks included, for every point of the grid.

        Raises
        ------
        ValueError
            if their number does not divide that of the entries.
        """
        if len(nets) == 0 or len(self) % len(nets) or len(set(self.seeds)) != len(nets):
            raise ValueError(f"nets: {len(nets)} of them, expected {len(set(self.seeds))}, one a run")
        return [clone(nets[i % len(nets)]) for i in range(len(self))]

    def fit(
        self,
        nets: Sequence[nn.Module],
        *,
        steps: int,
        batch: int = 128,
        share: float = 1.0,
        part: int = 0,
        before_step: Mapping[int, Callable[[Sequence[nn.Module]], object]] | None = None,
        teachers: Sequence[nn.Module] | None = None,
        temperature: float = 1.0,
        soft: float = 0.5,
    ) -> Sequence[nn.Module]:
        """Train each network on its own split, at its own rate and decay, in place, and return them.

        Each call has a cosine of its own. A schedule that prunes on the way is therefore trained in two calls, so
        that the rate is warm again after the last cut: ``trial.fit(nets, steps=300, before_step=cuts)``, then
        ``trial.fit(nets, steps=200, part=1)``.

        Parameters
        ----------
        nets : one network an entry.
        steps, batch, before_step : as in ``train.fit``.
        share : of the grid's rate; below 1 for a phase that wants less.
        part : number of this call within the arm; each draws batches of its own, the same at all points of the grid.
        teachers : one a run, to learn from as well; the same at all points of the grid.
        temperature, soft : as in ``train.fit``.

        Returns
        -------
        the networks given.

        Raises
        ------
        ValueError
            if there is not one network for each entry or one teacher a run, ``part`` is not a whole number or
            ``share`` is below 0, and where ``train.fit`` does.
        """
        if len(nets) != len(self):
            raise ValueError(f"nets: {len(nets)} of them, expected {len(self)}, one an entry")
        seeds = [seed + 100_000 * whole("part", part) for seed in self.seeds]
        rates = [non_negative("share", share) * rate for rate in self.rates]
        options = {"lr": rates, "weight_decay": self.decays, "seed": seeds, "before_step": before_step}
        if teachers is not None:
            runs = len(set(self.seeds))
            if len(teachers) != runs:
                raise ValueError(f"teachers: {len(teachers)} of them, expected {runs}, one a run")
            options["teachers"] = [teachers[i % runs] for i in range(len(self))]
        options |= {"temperature": temperature, "soft": soft}
        train.fit(nets, list(self.X), list(self.y), steps=steps, batch=batch, **options)
        return nets


def geometric(lowest: float, highest: float, points: int) -> tuple[float, ...]:
    """Rates from lowest to highest, each the same multiple of the one before, rounded to two digits.

    Parameters
    ----------
    lowest, highest : numbers above 0, the first below the second.
    points : number of rates, at least three.

    Returns
    -------
    tuple of floats.

    Raises
    ------
    ValueError
        unless 0 < lowest < highest and there are at least three points.

    Examples
    --------
    >>> geometric(1e-3, 0.3, 6)
    (0.001, 0.0031, 0.0098, 0.031, 0.096, 0.3)
    """
    whole("points", points, at_least=FEWEST_RATES)
    if not 0 < non_negative("lowest", lowest) < non_negative("highest", highest):
        raise ValueError(f"lowest={lowest!r}, highest={highest!r}: expected 0 < lowest < highest")
    return tuple(float(f"{rate:.2g}") for rate in np.geomspace(lowest, highest, points))


def compare(
    arms: Mapping[str, Callable[[Trial], Sequence[nn.Module]]],
    *,
    data: Sequence[Dataset],
    rates: Sequence[float],
    decays: Sequence[float],
    score: Callable[[Sequence[nn.Module], np.ndarray, np.ndarray], np.ndarray],
    opponent: str,
    bound: float | None = None,
    fresh: bool = False,
) -> Comparison:
    """Train every arm on every split at every rate and decay; choose on validation, then read the test parts once.

    Parameters
    ----------
    arms : name -> function of a ``Trial`` that returns its networks, trained. Run number k has the seed k.
    data : at least five splits, one a run, such as ``[data.digits(seed=k) for k in range(5)]``. To see smaller
        differences take more splits: seeds alone share a split's luck.
    rates : learning rates, rising geometrically, at least three; the same for all arms.
    decays : weight decays, rising, such as ``(0.0, 0.3)``; the same for all arms.
    score : of networks on inputs and targets, the higher the better: ``train.accuracy`` or ``train.r2``.
    opponent : name of the arm that the others are measured against, named before anything is run.
    bound : greatest difference that still counts as none, fixed before anything is run; None for no such question.
    fresh : whether the splits share no samples, each being drawn anew, as ``friedman1`` is. Splits of one data set
        overlap, and their intervals are widened for it.

    Returns
    -------
    ``Comparison``; as the last value of a cell it shows its table.

    Raises
    ------
    ValueError
        if an argument is not as described, before any training; if an arm does not return one network for each entry
        of its trial; if a score is not finite.

    References
    ----------
    Nadeau & Bengio (2003), Inference for the generalization error, section 5;
    https://doi.org/10.1023/A:1024068626366: a variance of the mean difference over overlapping splits.

    Examples
    --------
    >>> from pruneutils.book import data, train
    >>> def wide(trial):
    ...     return trial.fit([train.mlp(10, 8, 1, seed=seed) for seed in trial.seeds], steps=40)
    >>> def narrow(trial):
    ...     return trial.fit([train.mlp(10, 1, 1, seed=seed) for seed in trial.seeds], steps=40)
    >>> splits = [data.friedman1(300, seed=k) for k in range(5)]
    >>> grid = {"rates": geometric(1e-3, 0.1, 3), "decays": (0.0,)}
    >>> options = {"score": train.r2, "opponent": "narrow", "fresh": True}
    >>> result = compare({"wide": wide, "narrow": narrow}, data=splits, **grid, **options)
    >>> result.difference("wide").n
    5
    """
    _check_arms(some("arms", arms), opponent)
    rates, decays, data = _rising("rates", rates, FEWEST_RATES), _rising("decays", decays, FEWEST_DECAYS), list(data)
    _check_rates(rates)
    _check_splits(data)
    if bound is not None and non_negative("bound", bound) == 0:
        raise ValueError("bound=0: expected a difference above 0, or None")
    points = list(product(rates, decays))
    trial = Trial(
        seeds=tuple(range(len(data))) * len(points),
        X=tuple(split.X_train for split in data) * len(points),
        y=tuple(split.y_train for split in data) * len(points),
        rates=tuple(rate for rate, _ in points for _ in data),
        decays=tuple(decay for _, decay in points for _ in data),
    )
    validation, test, nets = {}, {}, {}
    for name, arm in arms.items():
        returned = list(arm(trial))
        if len(returned) != len(trial) or len({id(net) for net in returned}) != len(trial):
            raise ValueError(f"arms[{name!r}] returned {len(returned)} networks: expected {len(trial)}, all different")
        by_run = [returned[run :: len(data)] for run in range(len(data))]
        scored = [score(of, split.X_val, split.y_val) for of, split in zip(by_run, data, strict=True)]
        validation[name] = _finite(name, scored).reshape(len(data), len(rates), len(decays))
        best = int(validation[name].mean(axis=0).argmax())  # the first of equals: the lowest rate, then decay
        nets[name] = [of[best] for of in by_run]
        scored = [score([net], split.X_test, split.y_test) for net, split in zip(nets[name], data, strict=True)]
        test[name] = _finite(name, scored).reshape(len(data))
    overlap = 0.0 if fresh else len(data[0].y_test) / len(data[0].y_train)
    quantity = {train.accuracy: "accuracy", train.r2: "R²"}.get(score, getattr(score, "__name__", "score"))
    return Comparison(opponent, rates, decays, validation, test, nets, bound, overlap, quantity)


def _check_arms(arms: Mapping, opponent: str) -> None:
    for name, arm in arms.items():
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not callable(arm):
            raise ValueError(f"arms={{{name!r}: {arm!r}}}: expected a name of 1 to {LONGEST_NAME} letters, a function")
    if opponent not in arms or len(arms) < 2:
        raise ValueError(f"opponent={opponent!r}: expected one of at least two arms, got {list(arms)}")


def _rising(name: str, values: Sequence[float], fewest: int) -> tuple[float, ...]:
    values = tuple(non_negative(name, value) for value in values)
    if len(values) < fewest or any(low >= high for low, high in pairwise(values)):
        raise ValueError(f"{name}={values!r}: expected at least {fewest} numbers, each above the one before")
    return values


def _check_rates(rates: tuple[float, ...]) -> None:
    factors = [high / low if low else np.inf for low, high in pairwise(rates)]
    if max(factors) > EVENNESS * min(factors):
        raise ValueError(f"rates={rates!r}: expected a geometric grid, such as geometric(1e-3, 0.3, 6)")


def _check_splits(data: list[Dataset]) -> None:
    if len(data) < FEWEST_SPLITS:
        raise ValueError(f"data: {len(data)} splits, expected at least {FEWEST_SPLITS}, such as data.digits(seed=k)")
    sizes = {(split.X_train.shape, split.X_val.shape, split.X_test.shape) for split in data}
    if len(sizes) > 1:
        raise ValueError(f"data: expected splits of the same sizes, got {sorted(sizes)}")
    seen = {}
    for i, split in enumerate(data):
        first = seen.setdefault((split.X_val.tobytes(), split.X_test.tobytes()), i)
        if first != i:
            raise ValueError(f"data[{i}]: expected a split of its own, got data[{first}] again")


def _finite(name: str, scores: Sequence[np.ndarray]) -> np.ndarray:
    scores = np.array(scores, dtype=float)
    if not np.isfinite(scores).all():
        raise ValueError(
            f"arms[{name!r}]: expected finite scores, got {int((~np.isfinite(scores)).sum())} that are not"
        )
    return scores
