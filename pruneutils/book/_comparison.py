"""The result of ``compare.compare``: choices, paired differences, a table and a figure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from pruneutils.book.plots import BLUE, GREY, INK, VERMILION

LEVEL = 0.95  # of confidence


@dataclass(frozen=True)
class Interval:
    """A mean paired difference with its 95 % interval, in the score's unit.

    Attributes
    ----------
    mean, low, high : the mean and the interval's ends.
    wins, n : how many of how many pairs are above 0.
    """

    mean: float
    low: float
    high: float
    wins: int
    n: int

    def __str__(self) -> str:
        return f"{100 * self.mean:+.1f}±{50 * (self.high - self.low):.1f}"


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Scores of all arms, as fractions; in what it shows, per cent and points.

    Attributes
    ----------
    opponent : name of the arm that the others are measured against.
    rates, decays : the grid.
    validation : arm -> array of shape (runs, rates, decays).
    test : arm -> array of shape (runs,), at the chosen point of the grid alone.
    nets : arm -> the networks of that point, one a run.
    bound : greatest difference that counts as none, fixed before the run, or None.
    overlap : test samples over training samples where splits share samples, else 0.
    quantity : what the score is called.
    """

    opponent: str
    rates: tuple[float, ...]
    decays: tuple[float, ...]
    validation: Mapping[str, np.ndarray]
    test: Mapping[str, np.ndarray]
    nets: Mapping[str, list] = field(compare=False)
    bound: float | None
    overlap: float
    quantity: str

    @property
    def chosen(self) -> dict[str, tuple[float, float]]:
        """Arm -> rate and decay of the best mean on validation; of equals the lowest rate, then the lowest decay."""
        return {arm: (self.rates[rate], self.decays[decay]) for arm, (rate, decay) in self._best().items()}

    @property
    def edges(self) -> dict[str, str]:
        """Arm -> "lowest" or "highest" if it chose that end of the rates, so that its best may lie beyond.

        Arms that score the same at all rates, such as one that does not train, are at no edge.
        """
        found = {}
        for arm, (rate, decay) in self._best().items():
            if np.ptp(self.validation[arm].mean(axis=0)[:, decay]) > 0 and rate in (0, len(self.rates) - 1):
                found[arm] = "highest" if rate else "lowest"
        return found

    def difference(self, arm: str, opponent: str | None = None) -> Interval:
        """Test score of an arm less its opponent's, run by run, with Student's interval over the runs.

        The variance of the mean is s²(1/n + overlap): where splits share samples their differences are correlated,
        and s²/n would promise too much (Nadeau & Bengio, 2003).

        Raises
        ------
        ValueError
            if an arm is unknown, or is its own opponent.
        """
        from scipy.stats import t

        opponent = self.opponent if opponent is None else opponent
        for name in (arm, opponent):
            if name not in self.test:
                raise ValueError(f"arm {name!r}: expected one of {list(self.test)}")
        if arm == opponent:
            raise ValueError(f"arm {arm!r}: expected another arm than its opponent")
        pairs = self.test[arm] - self.test[opponent]
        n, mean = len(pairs), float(pairs.mean())
        half = float(t.ppf((1 + LEVEL) / 2, n - 1) * pairs.std(ddof=1) * np.sqrt(1 / n + self.overlap))
        return Interval(mean, mean - half, mean + half, int((pairs > 0).sum()), n)

    def no_difference(self, arm: str, opponent: str | None = None) -> bool:
        """Whether the whole interval lies within the bound that was fixed before the run.

        Raises
        ------
        ValueError
            if no bound was given to ``compare``, and where ``difference`` does.
        """
        if self.bound is None:
            raise ValueError("bound=None: expected a bound in the call of compare, before anything was measured")
        found = self.difference(arm, opponent)
        return -self.bound < found.low and found.high < self.bound

    def table(self) -> str:
        """The result in Markdown, at most 78 characters wide."""
        n = len(self.test[self.opponent])
        lines = [
            f"Test {self.quantity} (%) of {n} runs, each on a split of its own: mean±sd;",
            f"difference to *{self.opponent}*, run by run: mean±half the 95 % interval.",
            "",
            "| arm | rate | decay | test | difference | wins |",
            "|---|---|---|---|---|---|",
        ]
        for arm, scores in self.test.items():
            rate, decay = self.chosen[arm]
            ahead = "" if arm == self.opponent else self.difference(arm)
            wins = "" if arm == self.opponent else f"{ahead.wins}/{n}"
            edge = " edge" if arm in self.edges else ""
            reached = f"{100 * scores.mean():.1f}±{100 * scores.std(ddof=1):.1f}"
            lines.append(f"| {arm} | {rate:.2g}{edge} | {decay:.2g} | {reached} | {ahead} | {wins} |")
        if self.edges:
            lines += ["", "Edge: the best rate is an end of the grid, a better one may lie beyond."]
        return "\n".join(lines)

    def figure(self, ax: Axes | None = None) -> Axes:
        """Draw the differences to the opponent: a dot a run, a bar for the interval; blue ahead, orange-red behind."""
        if ax is None:
            _, ax = plt.subplots(figsize=(6.4, 0.9 + 0.55 * len(self.test)))
        arms = [arm for arm in self.test if arm != self.opponent]
        for row, arm in enumerate(arms):
            found, pairs = self.difference(arm), 100 * (self.test[arm] - self.test[self.opponent])
            colour = BLUE if found.low > 0 else VERMILION if found.high < 0 else GREY
            ax.plot([100 * found.low, 100 * found.high], [row, row], color=colour, linewidth=6, alpha=0.35)
            ax.plot(pairs, np.full(len(pairs), row), "o", color=colour, markersize=4, alpha=0.6)
            ax.plot([100 * found.mean], [row], "D", color=colour, markersize=7)
            text = f"{found}, wins {found.wins}/{found.n}"
            ax.annotate(text, (100 * found.mean, row), xytext=(0, 9), textcoords="offset points", ha="center")
        ax.axvline(0, color=INK, linewidth=1.2)
        if self.bound is not None:
            ax.axvspan(-100 * self.bound, 100 * self.bound, color=GREY, alpha=0.12, linewidth=0)
        ax.set(yticks=range(len(arms)), yticklabels=arms, ylim=(len(arms) - 0.5, -0.7))
        ax.grid(axis="y", visible=False)
        ax.set_xlabel(f"points of test {self.quantity} ahead of {self.opponent} (0)")
        return ax

    def __repr__(self) -> str:
        return self.table()

    def _repr_markdown_(self) -> str:
        return self.table()

    def _best(self) -> dict[str, tuple[int, int]]:
        means = {arm: scores.mean(axis=0) for arm, scores in self.validation.items()}
        return {arm: tuple(map(int, np.unravel_index(mean.argmax(), mean.shape))) for arm, mean in means.items()}
