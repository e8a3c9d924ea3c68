"""The training loss climbs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import blocks, finite, level
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence(Check[History]):
    """The training loss ends above where it began, or gives back most of what it had gained.

    **What it proves.** The last window of the run lies higher than its first one (a failure: the weights are worse
    than random ones), or has climbed back by more than `lost` of the way that the loss had come down (a warning).

    **How.** The medians of a tenth of the run at its two ends, of fifty steps at most, and of windows as long between
    them are compared, so that single spikes do not count; the rise must exceed `sigmas` standard errors and `rise` of
    what the loss had moved or of its size.

    **When it stays silent.** The loss ends at its lowest, or near it; and before `fewest` steps were recorded.

    **What it costs.** One pass over the recorded losses.

    **Source.** Goodfellow, Bengio and Courville 2016, Deep learning, sections 8.2.4 (cliffs) and 11.4.1.
    """

    code: ClassVar[str] = "C101"
    name: ClassVar[str] = "divergence"
    sigmas: float = 5.0  # standard errors that a rise must exceed
    rise: float = 0.3  # of the loss's size at the start, for an end above it
    lost: float = 0.5  # of the way down that was climbed back
    fewest: int = 20  # recorded steps

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, "train.loss")
        if len(losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} steps were recorded")
            return
        width = max(5, min(50, len(losses) // 10))
        start, end = level(losses[:width]), level(losses[-width:])
        parts = blocks(losses, max(width, len(losses) // 100))
        lowest = int(np.argmin(np.median(parts, axis=1)))
        best = level(parts[lowest])
        way = max(start.value - best.value, 0.0)
        above = end.value - start.value
        if above > self.rise * max(abs(start.value), way) and end.above(start, sigmas=self.sigmas):
            severity, said = Severity.FAILURE, f"above its start of {start.value:.4g}"
        elif way > 0 and end.value - best.value > self.lost * way and end.above(best, sigmas=self.sigmas):
            if not start.above(best, sigmas=self.sigmas):  # it never came down: nothing to lose
                return
            severity, said = Severity.WARNING, f"after it had come down from {start.value:.4g} to {best.value:.4g}"
        else:
            return
        norms = finite(subject, "train.gradient_norm")[1]
        exploding = len(norms) > width and np.median(norms[-width:]) > 10 * np.median(norms[:width])
        at = int(steps[round((lowest + 0.5) * parts.shape[1])])
        yield Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            seen=f"The training loss ends at {end.value:.4g}, {said} (lowest about step {at:,}).",
            advice="Lower the learning rate, lengthen the warm-up, or clip the gradient.",
            causes=("exploding_gradient", "lr_too_high", "missing_grad_clip")
            if exploding
            else ("lr_too_high", "missing_warmup", "missing_grad_clip"),
            where=(f"step {at}", f"step {int(steps[-1])}"),
            evidence={"start": start.value, "lowest": best.value, "end": end.value, "standard error": end.error},
        )
