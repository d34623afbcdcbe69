"""Question three, how much and when: schedules, called with a step, give the sparsity to hold at that step.

A schedule is a pure function of the step: nothing is remembered between calls.
For masks that move at one sparsity, ``CosineDecay`` gives the share of the kept weights to move instead.
"""

import math
from dataclasses import dataclass
from numbers import Real

from pruneutils._arguments import fraction, whole

__all__ = ["Constant", "CosineDecay", "Iterative", "PolynomialDecay"]


@dataclass(frozen=True, kw_only=True)
class Constant:
    """Nothing before ``begin_step``, the full sparsity from then on: one-shot pruning.

    Parameters
    ----------
    sparsity : fraction in [0, 1).
    begin_step : first step, counted from 0, at which the sparsity holds.

    Raises
    ------
    ValueError
        if ``sparsity`` is outside [0, 1) or ``begin_step`` is not a whole number.

    Examples
    --------
    >>> schedule = Constant(sparsity=0.8, begin_step=10)
    >>> schedule(9), schedule(10)
    (0.0, 0.8)
    """

    sparsity: float
    begin_step: int = 0

    def __post_init__(self):
        fraction("sparsity", self.sparsity)
        whole("begin_step", self.begin_step)

    def __call__(self, step: int) -> float:
        return self.sparsity if whole("step", step) >= self.begin_step else 0.0


@dataclass(frozen=True, kw_only=True)
class PolynomialDecay:
    r"""Gradual pruning: fast at first, slowly at the end.

    From step :math:`t_0` (``begin_step``) to :math:`t_1` (``end_step``), on every ``frequency``-th step,

    .. math:: s_t = s_f + (s_i - s_f) \left(1 - \frac{t - t_0}{t_1 - t_0}\right)^p .

    Between these steps the last value holds; before ``begin_step`` it is 0; from ``end_step`` on it is
    ``final_sparsity`` exactly, even where ``frequency`` does not divide the span.

    Parameters
    ----------
    initial_sparsity, final_sparsity : fractions in [0, 1), the first not above the second.
    begin_step, end_step : whole numbers, the first below the second.
    power : exponent above 0; 3 in the paper.
    frequency : steps between two changes, at least 1.

    Raises
    ------
    ValueError
        if any of the above does not hold.

    References
    ----------
    Zhu & Gupta (2017), equation 1; https://arxiv.org/abs/1710.01878.

    Examples
    --------
    >>> schedule = PolynomialDecay(initial_sparsity=0.0, final_sparsity=0.8, begin_step=0, end_step=100)
    >>> [round(schedule(step), 4) for step in (0, 25, 50, 75, 100)]
    [0.0, 0.4625, 0.7, 0.7875, 0.8]
    """

    initial_sparsity: float
    final_sparsity: float
    begin_step: int
    end_step: int
    power: float = 3
    frequency: int = 1

    def __post_init__(self):
        fraction("initial_sparsity", self.initial_sparsity)
        fraction("final_sparsity", self.final_sparsity)
        if self.initial_sparsity > self.final_sparsity:
            raise ValueError(
                f"initial_sparsity={self.initial_sparsity}: expected at most "
                f"final_sparsity={self.final_sparsity}, for a mask only loses weights"
            )
        whole("end_step", self.end_step, at_least=whole("begin_step", self.begin_step) + 1)
        whole("frequency", self.frequency, at_least=1)
        if not isinstance(self.power, Real) or not 0 < self.power < float("inf"):
            raise ValueError(f"power={self.power!r}: expected a number above 0")

    def __call__(self, step: int) -> float:
        if whole("step", step) < self.begin_step:
            return 0.0
        if step >= self.end_step:
            return self.final_sparsity
        step -= (step - self.begin_step) % self.frequency
        left = 1 - (step - self.begin_step) / (self.end_step - self.begin_step)
        return self.final_sparsity + (self.initial_sparsity - self.final_sparsity) * left**self.power


@dataclass(frozen=True, kw_only=True)
class Iterative:
    r"""Geometric rounds: each removes the same share of what is left, the last arrives at ``final_sparsity``.

    After round :math:`r` of :math:`R` the sparsity is :math:`1 - (1 - s_f)^{r/R}`.
    The first round is at ``begin_step``, the next ``frequency`` steps later, and so on;
    with the defaults a step is a round.

    Parameters
    ----------
    final_sparsity : fraction in [0, 1).
    rounds : number of rounds, at least 1.
    begin_step, frequency : step of the first round, and steps between two rounds.

    Raises
    ------
    ValueError
        if any of the above does not hold.

    References
    ----------
    Frankle & Carbin (2019), section 1, iterative pruning; https://arxiv.org/abs/1803.03635.

    Examples
    --------
    Three rounds, each keeping half of what is left:

    >>> schedule = Iterative(final_sparsity=0.875, rounds=3)
    >>> [schedule(step) for step in range(4)]
    [0.5, 0.75, 0.875, 0.875]
    """

    final_sparsity: float
    rounds: int
    begin_step: int = 0
    frequency: int = 1

    def __post_init__(self):
        fraction("final_sparsity", self.final_sparsity)
        whole("rounds", self.rounds, at_least=1)
        whole("begin_step", self.begin_step)
        whole("frequency", self.frequency, at_least=1)

    def __call__(self, step: int) -> float:
        if whole("step", step) < self.begin_step:
            return 0.0
        done = min((step - self.begin_step) // self.frequency + 1, self.rounds)
        if done == self.rounds:
            return self.final_sparsity
        return 1 - (1 - self.final_sparsity) ** (done / self.rounds)


@dataclass(frozen=True, kw_only=True)
class CosineDecay:
    r"""RigL's update fraction: the share of the kept weights to move at a step, falling to 0.

    .. math:: f(t) = \frac{\alpha}{2} \left(1 + \cos \frac{\pi t}{T_{\text{end}}}\right)

    up to step :math:`T_{\text{end}}` (``end_step``), and 0 from there on; :math:`\alpha` is ``initial_share``.

    Parameters
    ----------
    initial_share : fraction in [0, 1); the paper's default is 0.3.
    end_step : whole number, at least 1: the step from which nothing moves any more.

    Raises
    ------
    ValueError
        if any of the above does not hold.

    References
    ----------
    Evci et al. (2020), section 3, update schedule; https://arxiv.org/abs/1911.11134.

    Examples
    --------
    >>> share = CosineDecay(initial_share=0.3, end_step=100)
    >>> [round(share(step), 4) for step in (0, 50, 100, 150)]
    [0.3, 0.15, 0.0, 0.0]
    """

    initial_share: float
    end_step: int

    def __post_init__(self):
        fraction("initial_share", self.initial_share)
        whole("end_step", self.end_step, at_least=1)

    def __call__(self, step: int) -> float:
        if whole("step", step) >= self.end_step:
            return 0.0
        return self.initial_share / 2 * (1 + math.cos(math.pi * step / self.end_step))
