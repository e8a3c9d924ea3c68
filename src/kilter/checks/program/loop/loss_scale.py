"""The scale of a loss makes its gradients overflow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.windows import finite, loss_scale
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LossScale(ProgramProbe):
    """A loss that is scaled for half precision keeps its gradients finite.

    **What it proves.** The scale is too large and does not come down: gradients are infinite, updates are left out,
    and nothing is learnt while the loss that is printed looks ordinary.

    **How.** Backward was called on a power of two times the loss that the step speaks of, and the gradients were not
    finite at more than `share` of the steps, the last one included.

    **When it stays silent.** The scale comes down after the first steps, as a scaler's does; gradients that are
    infinite without a scale.

    **What it costs.** Nothing beyond the recording.
    """

    code: ClassVar[str] = "L112"
    name: ClassVar[str] = "loss-scale"
    share: float = 0.75  # of the steps

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        pairs = [(step, backward) for step in bench.recording.steps for backward in step.backwards]
        if not pairs:
            return
        scaled = [
            (loss_scale(step, backward), finite(backward.fresh.values()))
            if math.isfinite(float(backward.loss.sum()))
            else (math.inf, False)
            for step, backward in pairs
        ]
        known = [step.returned for step, _ in pairs]
        over = [
            scale
            for (scale, whole), told in zip(scaled, known, strict=True)
            if scale > 1 and not whole and math.isfinite(told)
        ]
        if len(over) <= self.share * len(pairs) or scaled[-1][1] or scaled[-1][0] < over[0] / 2:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"Gradients were not finite at {len(over)} of {counted(len(pairs), 'backward')}, with the loss scaled"
            f" by {over[-1]:g}.",
            advice="Begin with a smaller scale, and let `scaler.update()` bring it down after each overflow.",
            causes=("loss_scale_overflow", "numeric_instability"),
            evidence={"scale": over[-1], "backwards": len(pairs), "not finite": len(over)},
        )
