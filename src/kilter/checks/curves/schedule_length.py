"""A schedule that was made for a longer run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import finite, level
from kilter.values.curve_names import EPOCH, LEARNING_RATE, TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLength(Check[History]):
    """The run ends while the learning rate is still rising, or in the middle of its way down.

    **What it proves.** A rate that has only ever risen belongs to a warm-up that never ended: the run was never
    trained at the rate that was asked for. A rate that falls towards 0 and is far from it at the end belongs to a
    schedule for more steps; a run that was stopped early looks the same, hence a note.

    **How.** Rising: no recorded rate is below the one before, the last fifth of the run still brought a rise of
    `rising`, and it began below half of where it ended. Falling: the last fifth of the run brought a fall, no less
    steep than before, and the rate ends above `cut` of its peak. Rising again: it fell smoothly to `nothing` of its
    peak, once, and rose as smoothly to the end; a warning where the loss rose with it.

    **When it stays silent.** A rise by a constant factor over `decades` powers of ten, which is a search for a learning
    rate; rates that fell before (cycles, restarts); decays that flatten (1/√t, exponential); fewer than `fewest`
    points. It judges how a run ended: of one that goes on it says nothing.

    **What it costs.** One pass over the recorded rates.

    **Source.** Goyal et al. 2017, Accurate, large minibatch SGD (arXiv:1706.02677), section 2.2; Smith 2017, Cyclical
    learning rates (WACV), section 3.3.
    """

    code: ClassVar[str] = "C124"
    name: ClassVar[str] = "schedule-length"
    fewest: int = 10  # recorded rates
    rising: float = 0.05  # of the last rate, in the last fifth
    cut: float = 0.3  # of the peak
    nothing: float = 0.02  # of the peak
    decades: float = 2.0  # powers of ten

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, rates = finite(subject, LEARNING_RATE)
        if len(rates) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} learning rates were recorded")
            return
        if np.ptp(rates) == 0 or rates.max() <= 0:
            return
        fifth = int(np.searchsorted(steps, steps[0] + 0.8 * (steps[-1] - steps[0])))
        moved = np.diff(rates)
        if (
            moved.min() >= -1e-6 * rates.max()
            and rates[-1] - rates[fifth] > self.rising * rates[-1]
            and rates[0] < 0.5 * rates[-1]
            and not self._is_search(steps, rates)
        ):
            yield self._warming(subject, steps, rates)
        elif self._is_cut(rates, fifth):
            yield self._cut(steps, rates)
        elif (valley := self._valley(rates)) is not None:
            yield self._again(subject, steps, rates, valley)

    def _is_search(self, steps: NDArray[np.int64], rates: NDArray[np.float64]) -> bool:
        """Whether the rate grew by a constant factor, over many powers of ten."""
        positive = rates > 0
        logs = np.log10(rates[positive])
        if positive.sum() < 3 or np.ptp(logs) < self.decades:
            return False
        straight = np.polyval(np.polyfit(steps[positive], logs, 1), steps[positive])
        return float(np.abs(straight - logs).max()) < 0.1 * float(np.ptp(logs))

    def _is_cut(self, rates: NDArray[np.float64], fifth: int) -> bool:
        peak = int(len(rates) - 1 - np.argmax(rates[::-1]))  # the last time that it stood there
        down = rates[peak:]
        if (
            len(down) < 5
            or peak >= fifth
            or np.diff(down).max() > 1e-6 * rates.max()
            or rates[-1] < self.cut * rates.max()
        ):
            return False
        changes = int((np.diff(down) < 0).sum())
        middle = len(down) // 2
        early, late = down[0] - down[middle], down[middle] - down[-1]
        # few large steps are a plan of their own; a way down that is no less steep at its end was to go on
        return changes >= 5 and late >= 0.9 * early and late > 0.02 * rates.max()

    def _valley(self, rates: NDArray[np.float64]) -> int | None:
        """Where a rate that fell smoothly to next to nothing turned, to rise as smoothly to the end."""
        peak = rates.max()
        lowest = int(np.argmin(rates))
        before, after = np.diff(rates[: lowest + 1]), np.diff(rates[lowest:])
        top = int(np.argmax(rates[: lowest + 1]))
        if min(lowest - top, len(after)) < 5 or rates[lowest] > self.nothing * peak or rates[-1] < 0.2 * peak:
            return None
        smooth = max(float(after.max()), -float(before.min())) < 0.25 * peak
        one_way = before[top:].max() <= 1e-6 * peak and after.min() >= -1e-6 * peak
        return lowest if smooth and one_way else None

    def _again(self, subject: History, steps: NDArray[np.int64], rates: NDArray[np.float64], valley: int) -> Finding:
        name = VALID_LOSS if VALID_LOSS in subject else TRAIN_LOSS
        at, losses = finite(subject, name)
        width = max(3, len(losses) // 20)
        turned = int(np.searchsorted(at, steps[valley]))
        best, end = level(losses[turned : turned + width]), level(losses[-width:])
        undone = len(losses) - turned >= 2 * width and end.above(best, sigmas=3.0)
        said = f", and {name} with it from {best.value:.4g} to {end.value:.4g}" if undone else ""
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if undone else Severity.NOTE,
            seen=f"The learning rate fell from {rates.max():.3g} to {rates[valley]:.3g} at step {int(steps[valley]):,}"
            f" and rose again to {rates[-1]:.3g} at the end{said}.",
            advice="Give the schedule the number of steps that the run makes.",
            causes=("schedule_length_mismatch", "scheduler_per_batch", "lr_too_high"),
            experiment="Compare the length that the scheduler was given with the steps made: a cosine that goes on"
            " beyond its length rises as it fell.",
            where=(f"step {int(steps[valley])}", f"step {int(steps[-1])}"),
            evidence={"lowest at": int(steps[valley]), "last": float(rates[-1]), "undone": undone},
        )

    def _warming(self, subject: History, steps: NDArray[np.int64], rates: NDArray[np.float64]) -> Finding:
        epochs = finite(subject, EPOCH)[1]
        rises = int((np.diff(rates) > 0).sum())
        by_epoch = len(epochs) == len(rates) and rises <= epochs[-1] - epochs[0] + 1 < len(rates) / 2
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            seen=f"The learning rate rose from {rates[0]:.3g} to {rates[-1]:.3g} over all {int(steps[-1]):,} steps and"
            f" was still rising at the end{', once an epoch' if by_epoch else ''}.",
            advice="Shorten the warm-up to a few per cent of the run.",
            causes=("scheduler_per_epoch", "warmup_longer_than_run", "schedule_length_mismatch")
            if by_epoch
            else ("warmup_longer_than_run", "schedule_length_mismatch", "scheduler_per_epoch"),
            experiment="Print how often the scheduler was stepped: once an epoch where it counts steps explains it;"
            " otherwise its warm-up is longer than the run.",
            where=(f"step {int(steps[-1])}",),
            evidence={"first": float(rates[0]), "last": float(rates[-1]), "steps": int(steps[-1])},
        )

    def _cut(self, steps: NDArray[np.int64], rates: NDArray[np.float64]) -> Finding:
        share = float(rates[-1] / rates.max())
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            seen=f"The learning rate was on its way down and ended at {rates[-1]:.3g}, {100 * share:.0f} % of its peak,"
            f" at step {int(steps[-1]):,}.",
            advice="Give the schedule the number of steps that the run makes, or let it run to its end.",
            causes=("schedule_length_mismatch", "too_few_epochs"),
            experiment="Compare the length that the scheduler was given with the steps made: equal ones mean that the"
            " run was stopped early.",
            where=(f"step {int(steps[-1])}",),
            evidence={"last": float(rates[-1]), "peak": float(rates.max()), "share": share},
        )
