"""An epsilon that outweighs the gradients it was to keep from division by zero."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.program.fitting.changes import with_setting
from kilter.checks.program.fitting.plan import LONGEST, planned
from kilter.checks.program.fitting.settings import groups_of, number
from kilter.checks.program.fitting.short_runs import LONGER, ShortRun, recorded_run, short_run
from kilter.checks.program.mechanisms import OF_TRAINING
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerEpsilon(ProgramProbe):
    """Epsilon is larger than the gradients, so that an adaptive optimizer takes steps that are next to nothing.

    **What it proves.** With epsilon at `usual` the same steps learn far more; with the program's own, the whole planned
    run would not learn as much.

    **How.** Looked at only where epsilon is above the typical size of the gradients' numbers: a dozen steps, then more,
    with the usual epsilon. What the program promises is the fall of the loss in its first steps, carried on to the
    end.

    **When it stays silent.** There is no epsilon, it is smaller than the gradients, or the program learns with it all
    the same, since its rate makes up for it.

    **What it costs.** Nothing for a small epsilon; else up to 50 steps.

    **Source.** Kingma and Ba, "Adam" (2015), section 2.
    """

    code: ClassVar[str] = "H104"
    name: ClassVar[str] = "optimizer-epsilon"
    longer: int = LONGER  # steps that are compared
    usual: float = 1e-8  # what Adam's authors take
    learnt: float = 0.1  # fall with the usual epsilon, as a share of the loss at the start, from which there is a case
    half: float = 0.5  # of that fall: what the program must promise for its whole run

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        epsilon = max((number(group.get("eps")) for group in groups_of(bench)), default=0.0)
        typical = _typical(bench)
        if epsilon <= max(typical, 10 * self.usual):
            return
        recorded = recorded_run(bench)
        if recorded is None:
            yield Skipped(name=self.name, reason="there is no single loss that ought to fall from a finite start")
            return
        if recorded.fall >= self.learnt:
            return
        plan = planned(bench)
        promised = max(0.0, recorded.fall) / recorded.steps * (plan.updates or LONGEST) * plan.boost
        other = self._usual(bench)
        if other is None or promised > self.half * other.fall:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"An epsilon of {epsilon:g} outweighs gradients whose numbers are typically {typical:.2g}; in"
            f" {other.steps} steps the loss falls by {100 * other.fall:.2g} % with {self.usual:g}, and in"
            f" {recorded.steps} by {100 * recorded.fall:.2g} % as it is.",
            advice=f"Set the optimizer's eps to {self.usual:g}.",
            causes=("adam_eps_wrong",),
            evidence={"epsilon": epsilon, "typical": typical, "fall": recorded.fall, "fall with usual": other.fall},
            follows=OF_TRAINING,
        )

    def _usual(self, bench: Bench) -> ShortRun | None:
        for steps in (12, self.longer):
            run = short_run(bench, with_setting("eps", self.usual), steps=steps)
            if run.fall >= self.learnt:
                return run
        return None


def _typical(bench: Bench) -> float:
    """The root mean square of the numbers of a gradient, the median of the recorded updates."""
    found: list[float] = []
    for update in bench.recording.updates:
        squares = [gradient.double().pow(2) for gradient in update.gradients.values() if gradient is not None]
        count = sum(square.numel() for square in squares)
        if count:
            found.append((sum(float(square.sum()) for square in squares) / count) ** 0.5)
    return statistics.median(found) if found else 0.0
