"""Gradients that shrink or grow from layer to layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.layers import Layer, layers
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GradientDepth(Check[History]):
    """On its way from the output to the input the gradient loses, or gains, the same factor at each layer.

    **What it proves.** A product of many factors below 1 leaves nothing for the first layers: they keep their random
    weights, and all is built upon those. Factors above 1 make the first layers' gradients so large that no one
    learning rate suits all layers.

    **How.** The median gradient of each weight in the later half of the run, in the order in which layers are called.
    The way must be gradual: ranks of depth and of gradient go together by `together` or more over `fewest` weights, so
    that a single small layer, an embedding or one that is cut off, is no case. The first quarter then has `vanished`
    of what the last weight has, or less, or `exploded` times as much. It is a warning where the first quarter's
    weights hardly move (less than `moves` of their size a step) or, when it grows, where they move by a tenth and
    more; optimizers that scale each weight by its own gradient make up for much, hence a note otherwise.

    **When it stays silent.** Fewer than `fewest` weights; factors that differ from layer to layer; no layer statistics.

    **What it costs.** A median a layer.

    **Source.** Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks
    (AISTATS); Hochreiter 1991, Untersuchungen zu dynamischen neuronalen Netzen.
    """

    code: ClassVar[str] = "C140"
    name: ClassVar[str] = "gradient-depth"
    fewest: int = 4  # weights
    together: float = 0.8  # correlation of ranks
    vanished: float = 1e-4  # of the last weight's gradient
    exploded: float = 1e3  # times the last weight's gradient
    moves: float = 1e-5  # of a weight's size, in a step

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        gradients = [layer for layer in layers(subject, "gradient", weights=True) if layer.late > 0]
        if len(gradients) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} weights' gradients were measured")
            return
        sizes = np.array([layer.late for layer in gradients])
        quarter = max(1, len(sizes) // 4)
        early, last = float(np.median(sizes[:quarter])), float(sizes[-1])
        together = _rank_correlation(sizes)
        updates = {layer.name: layer.late for layer in layers(subject, "update", weights=True)}
        moved = [updates[layer.name] for layer in gradients[:quarter] if layer.name in updates]
        step = float(np.median(moved)) if moved else 0.0
        if together >= self.together and early < self.vanished * last:
            yield self._finding(gradients, early, last, step, grave=step < self.moves, shrinks=True)
        elif together <= -self.together and early > self.exploded * last:
            yield self._finding(gradients, early, last, step, grave=step > 0.1, shrinks=False)

    def _finding(
        self, gradients: list[Layer], early: float, last: float, step: float, *, grave: bool, shrinks: bool
    ) -> Finding:
        first, end = gradients[0].name, gradients[-1].name
        a_layer = (early / last) ** (1 / max(len(gradients) - 1, 1))
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if grave else Severity.NOTE,
            seen=f"The gradient is {early:.2g} at {first} and {last:.2g} at {end}: a factor of about {a_layer:.2g} a"
            f" layer over {len(gradients)} weights; the first ones move by {step:.2g} of their size in a step.",
            advice="Use rectifiers and a matching initialisation, normalisation layers or residual connections."
            if shrinks
            else "Initialise by the number of inputs, normalise layers, or clip the gradient.",
            causes=("vanishing_gradient", "saturated_activation", "constant_init")
            if shrinks
            else ("exploding_gradient", "bad_output_init", "missing_grad_clip"),
            experiment="Train with half of the layers: a first layer that now moves shows that depth was the reason.",
            where=(first, end),
            evidence={"early": early, "last": last, "weights": len(gradients), "update": step},
        )


def _rank_correlation(values: NDArray[np.float64]) -> float:
    """Of the values with their places (Spearman)."""
    ranks = np.argsort(np.argsort(values))
    return float(np.corrcoef(ranks, np.arange(len(values)))[0, 1])
