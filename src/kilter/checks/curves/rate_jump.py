"""The learning rate jumps above anything before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import finite, level
from kilter.values.curve_names import LEARNING_RATE, TRAIN_LOSS
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RateJump(Check[History]):
    """The learning rate rises in one step to a multiple of all that it had been, and the loss with it.

    **What it proves.** That step and those after it moved the weights by as much more. Where the loss is higher
    afterwards, beyond its noise, the rate is too high for it: a warning, and a failure where what is lost is more than
    had ever been gained, or where no number is left.

    **How.** The rate against the highest one before it: `times` as much, in one recorded step, after `before` steps in
    which it did not climb. The losses of the last `before` steps against those after the jump, which must be higher by
    `sigmas` standard errors, or mostly above all of them, and by `share` of what had been gained.

    **When it stays silent.** Warm-up, which climbs bit by bit or stands within the first `before` steps; restarts of a
    cyclical rate, which come back to what it had been; jumps of less than `much` that bring no harm. Larger ones
    without harm are noted.

    **What it costs.** One pass over the recorded rates.

    **Source.** Goodfellow, Bengio and Courville 2016, Deep learning, section 11.4.1.
    """

    code: ClassVar[str] = "C131"
    name: ClassVar[str] = "rate-jump"
    times: float = 3.0  # the highest rate before; schedules that grow do so bit by bit
    much: float = 10.0  # times, from which a harmless jump is noted
    before: int = 20  # recorded steps in which the rate did not climb
    within: int = 60  # steps after the jump, in which harm is sought
    sigmas: float = 5.0  # standard errors
    share: float = 0.1  # of what had been gained

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, rates = finite(subject, LEARNING_RATE)
        if len(rates) <= self.before:
            yield Skipped(name=self.name, reason=f"no more than {self.before} rates were recorded")
            return
        highest = np.maximum.accumulate(rates)
        settled, last = highest[: -self.before], highest[self.before - 1 : -1]
        jumps = (last > 0) & (rates[self.before :] >= self.times * last) & (last <= 1.2 * settled)
        for at in reversed(np.flatnonzero(jumps) + self.before):
            found = self._judge(subject, steps, rates, int(at), float(last[at - self.before]))
            if found is not None:
                yield found
                return

    def _judge(
        self, subject: History, steps: NDArray[np.int64], rates: NDArray[np.float64], at: int, earlier: float
    ) -> Finding | None:
        times, step = rates[at] / earlier, int(steps[at])
        severity, said = self._harm(subject, step)
        if severity is None:
            if times < self.much:
                return None
            severity = Severity.NOTE
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            seen=f"The learning rate rose from {rates[at - 1]:.3g} to {rates[at]:.3g} at step {step:,},"
            f" {times:.3g} times the highest before{said}.",
            advice="Find what sets the rate at that step (a scheduler that is stepped or restored wrongly, a group that"
            " is overwritten), and keep it where it was.",
            causes=("lr_too_high", "schedule_length_mismatch", "scheduler_per_batch"),
            experiment="Go on from the weights before that step with the rate held where it was: if the loss stays"
            " down, the rate did it.",
            where=(f"step {step}",),
            evidence={"step": step, "before": float(rates[at - 1]), "after": float(rates[at]), "times": float(times)},
        )

    def _harm(self, subject: History, step: int) -> tuple[Severity | None, str]:
        """How bad the losses after a jump are, in words too; the loss of its own step was computed before it."""
        if TRAIN_LOSS not in subject:
            return None, ""
        curve = subject[TRAIN_LOSS]
        start = int(np.searchsorted(curve.steps, step, side="right"))
        after = curve.values[start : start + self.within]
        if len(after) and not np.isfinite(after).all():
            first = int(np.flatnonzero(~np.isfinite(after))[0])
            return Severity.FAILURE, f", and the loss is no number from step {int(curve.steps[start + first]):,} on"
        losses = curve.values[:start]
        losses = losses[np.isfinite(losses)]
        if len(losses) < self.before or len(after) < 3:
            return None, ""
        origin, now = level(losses[: self.before]), level(losses[-self.before :])
        windows = [after[at : at + self.before] for at in range(0, len(after), self.before)]
        then = max((level(window) for window in windows if len(window) >= 3), key=lambda one: one.value)
        gained = max(origin.value - now.value, 0.0)
        above = then.above(now, sigmas=self.sigmas) or then.value > losses[-self.before :].max()
        if not above or then.value - now.value < self.share * (gained or abs(now.value)):
            return None, ""
        lost = then.value > origin.value and then.above(origin, sigmas=self.sigmas)
        return (
            Severity.FAILURE if lost else Severity.WARNING,
            f", and the loss from {now.value:.4g} to {then.value:.4g}"
            + (f", above its start of {origin.value:.4g}" if lost else ""),
        )
