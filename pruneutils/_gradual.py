"""The part of gradual pruning that is the same in every adapter's ``GradualPruner``, in NumPy."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from pruneutils._arguments import finite, fraction, same_shape
from pruneutils.masks import global_unstructured, unstructured
from pruneutils.scores import magnitude

ScoreOfArray = Callable[[np.ndarray], np.ndarray]
ScoreOfModel = Callable[[object], Mapping[str, np.ndarray]]
Shares = Callable[[Mapping[str, tuple[int, ...]], float], Mapping[str, float]]


class GradualSteps:
    """Masks made anew where a schedule rises; a subclass says how its framework reads weights and holds masks.

    It sets ``_weights``, ``_masks_of`` and ``_apply_masks``, the adapter's functions of these names,
    and documents the parameters.
    """

    def __init__(
        self,
        model: object,
        schedule: Callable[[int], float],
        *,
        score: ScoreOfArray | ScoreOfModel = magnitude,
        scope: str | Shares = "global",
        ignored_layers: Iterable[str] = (),
    ):
        super().__init__()
        for name, function in {"schedule": schedule, "score": score}.items():
            if not callable(function):
                raise ValueError(f"{name}={function!r}: expected a function")
        if scope not in ("global", "layer") and not callable(scope):
            raise ValueError(f"scope={scope!r}: expected 'global' or 'layer', or a function such as erdos_renyi_kernel")
        self.pruned, self.schedule, self.score, self.scope = model, schedule, score, scope
        self.ignored_layers = _names(ignored_layers, among=list(self._masks_of(model)))
        self.sparsity, self._step, self._scores_models = 0.0, 0, None
        self._begin()

    def _begin(self) -> None:
        """Prepare the model, where a framework needs that."""

    def step(self) -> float:
        """Bring the masks to the schedule's next sparsity and return it."""
        wanted = self.schedule(self._step)
        if wanted > self.sparsity:
            self._apply_masks(self.pruned, self._next_masks(wanted))
        self.sparsity, self._step = max(wanted, self.sparsity), self._step + 1
        return self.sparsity

    def _ranked(self, of_layers: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: array for name, array in of_layers.items() if name not in self.ignored_layers}

    def _next_masks(self, sparsity: float) -> dict[str, np.ndarray]:
        """Make masks of at least this sparsity that keep nothing which the model's masks remove."""
        weights, kept = self._ranked(self._weights(self.pruned)), self._ranked(self._masks_of(self.pruned))
        answer, scores = self._scores(weights), {}
        for name, W in weights.items():
            scores[name] = finite(f"scores of layer {name!r}", answer[name]).astype(np.float64)
            same_shape(f"scores of layer {name!r}", scores[name], "its weight", W)
        below_all = 2 * min(-1.0, *(float(S.min()) for S in scores.values()))  # no denormal, which may be read as 0
        ranked = {name: np.where(kept[name], S, below_all) for name, S in scores.items()}
        if self.scope == "global":
            masks = global_unstructured(ranked, sparsity)
        else:
            shares = self._shares(weights, sparsity)
            masks = {name: unstructured(S, shares[name]) for name, S in ranked.items()}
        return {name: mask & kept[name] for name, mask in masks.items()}

    def _shares(self, weights: Mapping[str, np.ndarray], sparsity: float) -> dict[str, float]:
        if self.scope == "layer":
            return dict.fromkeys(weights, fraction("sparsity", sparsity))
        shares = self.scope({name: W.shape for name, W in weights.items()}, fraction("sparsity", sparsity))
        if not isinstance(shares, Mapping) or set(shares) != set(weights):
            raise ValueError(f"scope(shapes, sparsity) returned {shares!r}: expected a share for each of {[*weights]}")
        return {name: fraction(f"scope(shapes, sparsity)[{name!r}]", share) for name, share in shares.items()}

    def _scores(self, weights: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Ask ``score`` for the scores of these layers, once; the first time also learn which kind it is."""
        if self._scores_models is None:
            answer, self._scores_models = self._first_scores(weights)
        elif self._scores_models:
            answer = self.score(self.pruned)
        else:
            answer = self._of_arrays(weights)
        if not isinstance(answer, Mapping) or set(weights) - set(answer):
            found = f"scores of {[*answer]}" if isinstance(answer, Mapping) else f"a {type(answer).__name__}"
            raise ValueError(f"score(model) returned {found}: expected a mapping with scores of each of {[*weights]}")
        return answer

    def _first_scores(self, weights: Mapping[str, np.ndarray]) -> tuple[Mapping[str, np.ndarray], bool]:
        """Give ``score`` the model, which one of arrays cannot answer with a mapping; then it is given the arrays."""
        try:
            answer = self.score(self.pruned)
        except Exception as of_model:
            try:
                return self._of_arrays(weights), False
            except Exception as of_array:
                raise ValueError(
                    f"score={self.score!r}: expected score(array) -> array, or score(model) -> {{layer name: array}}; "
                    f"given an array it raised {of_array!r}, given the model {of_model!r}"
                ) from of_array
        return (answer, True) if isinstance(answer, Mapping) else (self._of_arrays(weights), False)

    def _of_arrays(self, weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: self.score(W) for name, W in weights.items()}


def _names(ignored: Iterable[str], *, among: list[str]) -> frozenset[str]:
    """Check the layers to leave alone: a bare string would be taken for its letters."""
    if isinstance(ignored, str) or not isinstance(ignored, Iterable):
        raise ValueError(f"ignored_layers={ignored!r}: expected a list of layer names, some of {among}")
    ignored = list(ignored)
    for name in ignored:
        if name not in among:
            raise ValueError(f"ignored_layers={ignored!r}: the model has no layer {name!r}, expected some of {among}")
    if set(ignored) == set(among):
        raise ValueError(f"ignored_layers={ignored!r}: expected at least one layer of {among} to be left to prune")
    return frozenset(ignored)
