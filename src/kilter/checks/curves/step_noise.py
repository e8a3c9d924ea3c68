"""The noise of single steps against what the run has brought."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.curves.series import ends, finite, moving_target, noise, of_both_signs
from kilter.values.curve_names import TRAIN_LOSS
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StepNoise(Check[History]):
    """The loss varies more from step to step than it has come down in the whole run.

    **What it proves.** No single loss of this log, and no short stretch of it, says how the training stands. How many
    must be averaged to see a tenth of the gain is told.

    **How.** The standard deviation of neighbouring losses about their trend, from second differences over the last
    half, against the fall between the first and the last tenth, which must exceed `sigmas` standard errors.

    **When it stays silent.** Less noise than `times` the fall; no fall beyond the noise, which is `no-learning`; fewer
    than `fewest` losses. It is always a note: the noise is that of the batches, and harms nobody by itself.

    **What it costs.** One pass over the recorded losses.

    **Source.** McCandlish et al. 2018, An empirical model of large-batch training, section 2.2 (noise scale).
    """

    code: ClassVar[str] = "C117"
    name: ClassVar[str] = "step-noise"
    fewest: int = 100  # recorded losses
    times: float = 1.0  # the fall
    sigmas: float = 3.0  # standard errors

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        losses = finite(subject, TRAIN_LOSS)[1]
        if len(losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} losses were recorded")
            return
        if moving_target(subject) or of_both_signs(losses):
            yield Skipped(name=self.name, reason="a loss whose target moves is no measure")
            return
        first, last = ends(losses, most=len(losses))
        fall, spread = first.value - last.value, noise(losses[len(losses) // 2 :])
        if not first.above(last, sigmas=self.sigmas) or spread < self.times * fall:
            return
        needed = math.ceil(2 * (10 * spread / fall) ** 2)  # twice the variance of a mean: two means are compared
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            seen=f"Losses of single steps vary by {spread:.3g}, and the loss came down by {fall:.3g} in all: a tenth of"
            f" that shows in means of {needed:,} steps.",
            advice="Judge by the validation loss or by means of as many steps; take larger batches if steps are cheap.",
            causes=("batch_too_small", "label_noise", "lr_too_high"),
            experiment="Train again with four times the batch size: noise that is halved is that of the batches, noise"
            " that stays, of the steps.",
            evidence={"noise": spread, "fall": fall, "steps to average": needed},
            follows=("no-learning", "oscillation"),
        )
