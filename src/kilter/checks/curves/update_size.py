"""Steps that are out of proportion to the weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.layers import layers, unlearnt
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSize(Check[History]):
    """A step changes the weights by most of their size, or by almost nothing, and the loss does not fall.

    **What it proves.** Weights that are replaced at each step keep nothing of what earlier steps found. Weights that
    change by a millionth need a million steps to become others. About a thousandth is usual.

    **How.** The median over all weights of the update over the weight. Too large: above `large` in the later half of
    the run, or numbers were lost after a first measurement above it. Too small: below `small`. Both count only
    where the training loss is still above `learnt` of its start, since small models may take large steps.

    **When it stays silent.** A loss that came down; single weights that begin at 0; fewer than three measurements.

    **What it costs.** A median a weight.

    **Source.** Karpathy 2015, CS231n notes, neural networks part 3, on the ratio of updates to weights.
    """

    code: ClassVar[str] = "C145"
    name: ClassVar[str] = "update-size"
    large: float = 0.3  # of a weight's size, in a step
    small: float = 1e-6  # of a weight's size, in a step
    learnt: float = 0.8  # of the training loss at the start

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        updates = layers(subject, "update", fewest=1, weights=True)
        if not updates or max(len(layer.values) + layer.lost for layer in updates) < 3:
            yield Skipped(name=self.name, reason="updates of weights were not measured three times")
            return
        first = float(np.median([layer.first for layer in updates]))
        late = float(np.median([layer.late for layer in updates]))
        lost = sum(layer.lost > 0 for layer in updates) > len(updates) / 2
        large = first > self.large if lost else late > self.large
        small = 0 < late < self.small and not lost
        if not (large or small) or not (lost or unlearnt(subject, share=self.learnt)):
            return
        said = ", and was no number after that" if lost else f" and {late:.2g} in the later half of the run"
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            seen=f"A step changed the weights by {first:.2g} of their size at the first measurement{said} (the median"
            f" over {len(updates)} weights).",
            advice="Lower the learning rate by ten, or clip the gradient."
            if large
            else "Raise the learning rate by ten.",
            causes=("lr_too_high", "exploding_gradient", "bad_output_init")
            if large
            else ("lr_too_low", "grad_clip_too_small", "vanishing_gradient"),
            experiment="Train a hundred steps at a tenth and at ten times the learning rate: the one whose updates are"
            " about a thousandth of the weights should fall first.",
            where=tuple(layer.name for layer in updates[:3]),
            evidence={"first": first, "late": late, "weights": len(updates), "numbers lost": lost},
            follows=("gradient-depth",),
        )
