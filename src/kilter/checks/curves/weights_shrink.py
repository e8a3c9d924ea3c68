"""Weights that are pulled to 0."""

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
class WeightsShrink(Check[History]):
    """The weights lost most of their size, and the loss did not come down.

    **What it proves.** What draws the weights to 0 is stronger than what the loss asks of them.

    **How.** The median size of each weight in the later half of the run over its size at the first measurement. The
    median over all weights is below `left`, and the training loss is still above `learnt` of its start. Weights of
    which not even `gone` is left tell nothing of the inputs, though the loss may have come down to that of one answer
    for all rows: a loss above half of its start is enough.

    **When it stays silent.** A loss that came down; single weights that shrink; fewer than three measurements.

    **What it costs.** A median a weight.

    **Source.** Krogh and Hertz 1991, A simple weight decay can improve generalization (NeurIPS).
    """

    code: ClassVar[str] = "C146"
    name: ClassVar[str] = "weights-shrink"
    left: float = 0.3  # of a weight's size at the first measurement
    learnt: float = 0.8  # of the training loss at the start
    gone: float = 0.01  # of a weight's size, at which layers pass nothing on

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        weights = [layer for layer in layers(subject, "weight", weights=True) if layer.first > 0]
        if not weights:
            yield Skipped(name=self.name, reason="no sizes of weights were measured three times")
            return
        shares = np.array([layer.late / layer.first for layer in weights])
        share = float(np.median(shares))
        if share >= self.left or not unlearnt(subject, share=0.5 if share < self.gone else self.learnt):
            return
        worst = sorted(zip(shares.tolist(), (layer.name for layer in weights), strict=True))[:5]
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            seen=f"The weights have {100 * share:.2g} % of their size at the first measurement (the median"
            f" over {len(weights)}; {100 * worst[0][0]:.2g} % in {worst[0][1]}), and the training loss hardly"
            " came down.",
            advice="Lower the weight decay by a hundred, or leave it out.",
            causes=("weight_decay_too_high", "l2_in_adam", "dead_relu"),
            experiment="Train without weight decay: weights that keep their size, and a loss that falls, show that it"
            " was the decay.",
            where=tuple(name for _, name in worst),
            evidence={"share left": share, "weights": len(weights)},
        )
