"""Updates that go next to nowhere, all together: longer ones learn far more, and stably."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.program.fitting.changes import scaled
from kilter.checks.program.fitting.plan import LONGEST, Plan, planned
from kilter.checks.program.fitting.short_runs import LONGER, ShortRun, recorded_run, short_run
from kilter.checks.program.mechanisms import OF_TRAINING
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LittleWay(ProgramProbe):
    """The whole planned training would carry the weights next to nowhere, and longer updates learn far more at once.

    **What it proves.** Three things together: the updates that were seen, added up over all planned steps as if all
    went the same way, are a small part of the weights' own size; the loss, falling on as in the first steps, would
    not come as far in the whole run as longer updates bring it in a few steps; and these longer updates are stable.

    **How.** Lengths of the recorded updates and the fall of the loss over them, times the planned number of updates and
    the rates still to come (schedules are followed to their end, so that a warm-up is no low rate); then the same
    steps with updates so many times longer that each moves the weights by some hundredth of their size. Where the
    updates are of a usual length (a thousandth of the weights or more), there are too few of them: too few epochs, or
    batches that are too large.

    **When it stays silent.** The loss falls; the run is long enough; no longer update learns more, which is another
    fault; nothing moves at all; the rates rise in a way that cannot be foreseen; or a mechanism was seen that explains
    it.

    **What it costs.** Nothing for a program whose loss falls; else up to some 100 steps.

    **Source.** Karpathy, CS231n notes (2015), for the usual ratio of updates to weights; the bound by their sum is
    the triangle inequality.
    """

    code: ClassVar[str] = "H102"
    name: ClassVar[str] = "little-way"
    longer: int = LONGER  # steps that confirm
    travel: float = 0.2  # of the weights' own size: a way below it leaves a network about where it was drawn
    learnt: float = 0.1  # fall of the loss in a dozen steps, as a share of its start, above which it learns
    share: float = 0.5  # of what longer updates reach in a few steps: what the whole run must promise
    usual: float = 1e-3  # length of an update over that of the weights in trainings that go well
    large: int = 2  # batches an epoch up to which the batch is large

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recorded = recorded_run(bench)
        if recorded is None:
            yield Skipped(name=self.name, reason="there is no single loss that ought to fall from a finite start")
            return
        if not -0.01 < recorded.fall < self.learnt or not bench.recording.updates:
            return
        plan = planned(bench)
        if not 0 < plan.travel * plan.boost < self.travel:
            return
        promised = max(0.0, recorded.fall) / recorded.steps * self._steps(bench, recorded) * plan.boost
        best = self._best(bench, recorded)
        if best is None or promised >= self.share * best.fall:
            return
        length = plan.travel * plan.boost / (plan.updates or LONGEST)
        causes = self._causes(plan, length)
        run = f"All {plan.updates:,} planned updates" if plan.updates else "Thousands of updates"
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            seen=f"{run} together can move the weights by {plan.travel * plan.boost:.2g} of their size, and promise a"
            f" fall of the loss by {100 * promised:.2g} %; {best.change.name.removeprefix('with ')}, it falls by"
            f" {100 * best.fall:.2g} % in {best.steps} steps.",
            advice=_ADVICE[causes[0]],
            causes=causes,
            evidence={
                "travel": plan.travel * plan.boost,
                "length of an update": length,
                "fall in the recorded steps": recorded.fall,
                "fall promised by the whole run": promised,
                "fall with longer updates": best.fall,
                "times": _factor(best),
            },
            follows=("optimizer-epsilon", "weight-decay", *OF_TRAINING),
        )

    def _causes(self, plan: Plan, length: float) -> tuple[str, ...]:
        if length < self.usual:
            return ("lr_too_low", "too_few_epochs")
        each = (plan.updates or LONGEST) / (plan.epochs or 1)
        return ("batch_too_large", "too_few_epochs") if each <= self.large else ("too_few_epochs", "lr_too_low")

    def _steps(self, bench: Bench, recorded: ShortRun) -> float:
        """Batches in the whole run."""
        plan = planned(bench)
        seen = len([update for update in bench.recording.updates if update.optimizer == 0])
        return (plan.updates or LONGEST) * recorded.steps / max(1, seen)

    def _best(self, bench: Bench, recorded: ShortRun) -> ShortRun | None:
        """The first of the longer updates that learns, and does not shake."""
        plan = planned(bench)
        length = plan.travel * plan.boost / (plan.updates or LONGEST)
        usual = max(10.0, 10.0 ** round(math.log10(10 * self.usual / length)))
        for steps in (12, self.longer):
            for times in (usual, usual / 10, usual * 10):
                run = short_run(bench, scaled(times), steps=steps)
                stable = not run.shakes(recorded)
                if times > 1 and stable and run.fall >= self.learnt and run.fall > 4 * max(0.0, recorded.fall):
                    return run
        return None


_ADVICE = {
    "lr_too_low": "Raise the learning rate until an update moves the weights by about a thousandth of their size.",
    "too_few_epochs": "Train for more epochs.",
    "batch_too_large": "Make the batches smaller, so that an epoch has more updates.",
}


def _factor(run: ShortRun) -> float:
    return run.change.scale if isinstance(run.change.scale, float) else 1.0
