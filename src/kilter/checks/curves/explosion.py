"""The training loss jumps far above where it began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import ends, finite, lasting, moving_target, noise, of_both_signs
from kilter.values.curve_names import GRADIENT_NORM, LEARNING_RATE, TRAIN_LOSS
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Explosion(Check[History]):
    """The training loss jumps to many times its start, within a few steps.

    **What it proves.** Some step left the region in which the loss is what its gradient says. Where the loss came back,
    the steps since then went into undoing it, often to the level of guessing and no lower; where it did not, the
    weights are lost.

    **How.** Of three neighbouring losses the median must reach `times` the size of the first ones, from a level about
    theirs or lower, within `sudden` of the run or ten rows, and by `sigmas` times the noise. What stood before tells
    causes apart: a rate that was raised, a gradient that grew, the first steps of all, or calm.

    **When it stays silent.** A jump of one or two rows; a jump that stays below `times` the start, which
    `divergence` judges by where it ends; a loss of both signs, or one in whose log rewards or opponents stand.

    **What it costs.** One pass over the recorded losses.

    **Source.** Goodfellow, Bengio and Courville 2016, Deep learning, section 8.2.4; Pascanu, Mikolov and Bengio 2013,
    On the difficulty of training recurrent neural networks (ICML), section 2.
    """

    code: ClassVar[str] = "C113"
    name: ClassVar[str] = "explosion"
    fewest: int = 6  # recorded losses
    times: float = 5.0  # the size of the start: random weights, badly scaled, rarely cost that much more
    sigmas: float = 10.0  # times the noise of the curve
    sudden: float = 0.05  # of the rows, within which it must jump
    grown: float = 3.0  # times what the gradient or the rate was before
    often: int = 3  # jumps, which are no accident of one batch
    high: float = 2.0  # times the size of the start, above which it did not come back

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, TRAIN_LOSS)
        if len(losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} losses were recorded")
            return
        if played := moving_target(subject) or ("both signs of the loss" if of_both_signs(losses) else ""):
            yield Skipped(name=self.name, reason=f"{played}: a loss whose target moves is no measure")
            return
        start = max(abs(float(losses[0])), float(np.quantile(np.abs(losses), 0.25)))  # a first loss may be low by luck
        smooth = lasting(losses)
        peak = int(np.argmax(smooth))
        high = float(smooth[peak])
        if not start or high < self.times * start or high - start < self.sigmas * noise(losses):
            return
        calm = np.flatnonzero(losses[: peak + 2] <= max(2 * start, start + 0.1 * (high - start)))
        onset = int(calm[-1]) if len(calm) else 0
        usual = float(np.quantile(np.abs(losses[: onset + 1]), 0.95)) if onset >= 20 else start
        start = max(start, float(np.median(np.abs(losses[: onset + 1]))))
        if peak - onset > max(10, self.sudden * len(losses)) or high < max(self.times * start, self.grown * usual):
            return
        back = np.flatnonzero(smooth[peak:] <= self.high * start)
        end = ends(losses)[1].value
        lost = end > self.high * start
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if lost and high >= 2 * self.times * start else Severity.WARNING,
            seen=f"The training loss jumped from {losses[onset]:.4g} at step {int(steps[onset]):,} to"
            f" {losses[onset : peak + 3].max():.4g}, {high / start:.3g} times its start of {start:.4g},"
            + (
                f" and ended at {end:.4g}."
                if lost or not len(back)
                else f" and was back by step {int(steps[peak + back[0]]):,}; it ends at {end:.4g}."
            ),
            advice="Lower the learning rate or warm it up, clip the gradient, and look at the batch of that step.",
            causes=self._causes(subject, losses, onset, (int(steps[onset]), int(steps[min(peak + 1, len(steps) - 1)]))),
            experiment="Train again from the same seed with a tenth of the learning rate: no jump means the rate, a"
            " jump at the same step means that step's batch.",
            where=(f"step {int(steps[onset])}",),
            evidence={"start": start, "before": float(losses[onset]), "highest": high, "end": end},
            follows=("rate-jump", "odd-batch"),
        )

    def _causes(
        self, subject: History, losses: NDArray[np.float64], onset: int, between: tuple[int, int]
    ) -> tuple[str, ...]:
        """Likely causes, by what stood before the step of the onset and between it and that of the peak."""
        step, peak = between
        rates_at, rates = finite(subject, LEARNING_RATE)
        before, after = rates[rates_at <= step][-20:], rates[(rates_at > step - 2) & (rates_at <= peak)]
        if len(before) and len(after) and after.max() > self.grown * np.median(before) > 0:
            return ("lr_too_high", "missing_warmup", "missing_grad_clip")
        if onset < max(20, len(losses) // 10):
            return ("lr_too_high", "unnormalized_input", "missing_warmup")
        above = lasting(losses) > self.times * max(abs(float(losses[0])), float(np.median(np.abs(losses))))
        if np.count_nonzero(np.diff(above.astype(np.int8)) > 0) >= self.often:
            return ("lr_too_high", "exploding_gradient", "missing_grad_clip")
        norms_at, norms = finite(subject, GRADIENT_NORM)
        grown = norms[norms_at <= step]
        if len(grown) >= 30 and np.median(grown[-5:]) > self.grown * np.median(grown[-30:-5]):
            return ("exploding_gradient", "lr_too_high", "missing_grad_clip")
        return ("data_anomaly", "exploding_gradient", "missing_grad_clip")
