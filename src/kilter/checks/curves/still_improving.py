"""The run ended while it was getting better."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import finite, noise
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StillImproving(Check[History]):
    """The validation loss was still falling at the last evaluation.

    **What it proves.** The last third of the evaluations brought a fall beyond the noise of the curve, and the last
    two hold the lowest value: a longer run would probably have brought more. During a run it says that it is worth
    going on.

    **How.** The mean of the last two evaluations against that of the two before the last third, with the noise from
    the second differences of the curve; the fall must also be `least` of the whole.

    **When it stays silent.** The curve is flat at its end or has turned; fewer than `fewest` evaluations. It is always
    a note.

    **What it costs.** One pass over the evaluations.
    """

    code: ClassVar[str] = "C105"
    name: ClassVar[str] = "still-improving"
    fewest: int = 6  # evaluations
    sigmas: float = 3.0  # times the noise
    least: float = 0.05  # of the whole fall, in the last third

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, "valid.loss")
        if len(losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} evaluations were recorded")
            return
        start = len(losses) - len(losses) // 3
        before, end = float(np.mean(losses[start - 2 : start])), float(np.mean(losses[-2:]))
        fall, whole = before - end, float(losses[0] - losses.min())
        if int(np.argmin(losses)) < len(losses) - 2 or fall < self.least * whole or fall <= 0:
            return
        if fall < self.sigmas * noise(losses):
            return
        share = fall / whole if whole else math.nan
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            seen=f"The validation loss still fell at the end: from {before:.4g} to {end:.4g} since step"
            f" {int(steps[start - 1]):,}, {100 * share:.0f} % of the whole fall.",
            advice="Train longer, with the schedule stretched to the new length.",
            causes=("too_few_epochs", "lr_decayed_too_early"),
            where=(f"step {int(steps[-1])}",),
            evidence={"before": before, "end": end, "noise": noise(losses), "whole fall": whole},
        )
