"""The run ended while it was getting better."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.evaluations import judged
from kilter.checks.curves.series import blocks, finite, noise
from kilter.values.curve_names import TRAIN_LOSS, VALID_LOSS, direction
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StillImproving(Check[History]):
    """The validation loss was still falling at the last evaluation.

    **What it proves.** The last third of the evaluations brought a fall beyond the noise of the curve, and the last
    two hold the lowest value: a longer run would probably have brought more. During a run it says that it is worth
    going on.

    **How.** The mean of the last two evaluations against that of the two before the last third, with the noise from
    the second differences of the curve; the fall must also be `least` of the whole. Without enough evaluations of a
    loss a score of the validation split stands in, and at last the training loss, cut into `windows`. A loss that came
    down by less than `slow` of its size in all that time is more likely short of rate than of time.

    **When it stays silent.** The curve is flat at its end or has turned; fewer than `fewest` evaluations. It is always
    a note. It judges how a run ended.

    **What it costs.** One pass over the recorded numbers.
    """

    code: ClassVar[str] = "C105"
    name: ClassVar[str] = "still-improving"
    fewest: int = 6  # evaluations
    sigmas: float = 3.0  # times the noise
    least: float = 0.05  # of the whole fall, in the last third
    slow: float = 0.05  # of the loss's size, for the whole fall
    windows: int = 12  # that a training loss is cut into

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        name, steps, losses = judged(subject)
        if len(losses) < self.fewest:
            name, steps, losses = self._of_training(subject)
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
        slow = name in (VALID_LOSS, TRAIN_LOSS) and whole < self.slow * abs(float(losses[0]))
        sign = -1 if name not in (VALID_LOSS, TRAIN_LOSS) and direction(name) > 0 else 1
        what = {VALID_LOSS: "The validation loss", TRAIN_LOSS: "The training loss"}.get(name, name)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            strength=Strength.SUSPECTED,
            seen=f"{what} still {'fell' if sign > 0 else 'rose'} at the end: from {sign * before:.4g} to"
            f" {sign * end:.4g} since step {int(steps[start - 1]):,}, {100 * share:.0f} % of the whole"
            f" {'fall' if sign > 0 else 'rise'}.",
            advice="Try three and ten times the learning rate."
            if slow
            else "Train longer, with the schedule stretched to the new length.",
            causes=("lr_too_low", "too_few_epochs", "lr_decayed_too_early")
            if slow
            else ("too_few_epochs", "lr_too_low", "lr_decayed_too_early"),
            experiment="Go on for half as long again at the last rate, and once more at three times that: what falls"
            " further says which was short, time or rate.",
            where=(f"step {int(steps[-1])}",),
            follows=(
                "early-decay",
                "schedule-length",
                "slow-learning",
                "no-learning",
                "generalization-gap",
                "validation-ahead",
                "validation-noise",
            ),
            evidence={"before": before, "end": end, "noise": noise(losses), "whole fall": whole},
        )

    def _of_training(self, subject: History) -> tuple[str, NDArray[np.int64], NDArray[np.float64]]:
        steps, losses = finite(subject, TRAIN_LOSS)
        width = len(losses) // self.windows
        if width < 1:
            return TRAIN_LOSS, steps[:0], losses[:0]
        parts = blocks(losses[len(losses) % self.windows :], width)
        return TRAIN_LOSS, steps[len(losses) % self.windows :][width - 1 :: width], np.median(parts, axis=1)
