"""The report on a pruned model that ``pruneutils.measure`` returns."""

from dataclasses import dataclass

from pruneutils._latency import Latency


@dataclass(frozen=True)
class Report:
    """What pruning did to one model; each pair is (original, pruned).

    Attributes
    ----------
    accuracy : fractions of samples.
    zeros : fractions of prunable weights that are exactly zero, whether a mask, pruning made permanent or chance
        made them so; ``measure.sparsity`` counts by mask instead.
    parameters : numbers of parameters, without those zeros.
    macs : multiply-accumulates a sample, as executed, zeros included.
    storage : format -> bytes of the prunable weights.
    latency : seconds for the whole batch.
    """

    accuracy: tuple[float, float]
    zeros: tuple[float, float]
    parameters: tuple[int, int]
    macs: tuple[int, int]
    storage: dict[str, tuple[int, int]]
    latency: tuple[Latency, Latency]

    @property
    def compression_ratio(self) -> float:
        """Parameters before over parameters after."""
        return self.parameters[0] / self.parameters[1]

    def _repr_markdown_(self) -> str:
        rows = [
            ("accuracy", *(f"{100 * value:.1f} %" for value in self.accuracy)),
            ("exact zeros", *(f"{100 * value:.1f} %" for value in self.zeros)),
            ("parameters kept", *(f"{value:,}" for value in self.parameters)),
            ("compression ratio, all parameters", "1.0", f"{self.compression_ratio:.1f}"),
            ("multiply-accumulates, as executed", *(f"{value:,}" for value in self.macs)),
            *((f"weights, {name} (bytes)", *(f"{v:,}" for v in pair)) for name, pair in self.storage.items()),
            ("latency of the batch, median (quartiles)", *(str(value) for value in self.latency)),
        ]
        lines = ["| | original | pruned |", "|---|---:|---:|"]
        return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
