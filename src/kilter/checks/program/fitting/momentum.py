"""Momentum that remembers so long that it carries the weights past every goal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.program.fitting.changes import with_momentum
from kilter.checks.program.fitting.plan import LONGEST, planned
from kilter.checks.program.fitting.settings import momentum_of
from kilter.checks.program.fitting.short_runs import recorded_run, short_run
from kilter.checks.program.mechanisms import OF_TRAINING
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Momentum(ProgramProbe):
    """With the usual momentum the program learns, with its own it swings or runs away.

    **What it proves.** The momentum is too high for this rate: a pair of runs that differ in nothing else.

    **How.** Looked at only above `high`. As many steps as the momentum remembers, three times over (at most `longest`
    and the planned run), with the program's momentum and with the usual one, on the same batches.

    **When it stays silent.** The momentum is usual, or the program learns with it.

    **What it costs.** Nothing for a usual momentum; else up to 300 steps.

    **Source.** Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013): updates
    are 1 / (1 - momentum) times as long in directions in which gradients agree.
    """

    code: ClassVar[str] = "H105"
    name: ClassVar[str] = "momentum"
    high: float = 0.97  # it remembers more than 30 steps
    usual: float = 0.9  # it remembers 10 steps, as nearly all published trainings do
    longest: int = 150  # steps of a run
    gap: float = 0.25  # how much lower the usual one must bring the loss, as a share of its start
    learnt: float = 0.25  # fall of the loss, as a share of its start, that is taken for learning

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        momentum = momentum_of(bench)
        if momentum <= self.high:
            return
        recorded = recorded_run(bench)
        if recorded is None:
            yield Skipped(name=self.name, reason="there is no single loss that ought to fall from a finite start")
            return
        memory = 3 / max(1e-3, 1 - momentum)
        steps = int(min(memory, self.longest, planned(bench).updates or LONGEST))
        full = short_run(bench, steps=steps)
        if not full.rose and full.fall >= self.learnt:
            return
        usual = short_run(bench, with_momentum(self.usual), steps=steps)
        if usual.fall < self.learnt or usual.fall - max(full.fall, -1.0) < self.gap:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"After {steps} steps with a momentum of {momentum:g} the loss is {full.end:.3g}, from"
            f" {full.start:.3g}; with {self.usual:g} it is {usual.end:.3g} on the same batches.",
            advice=f"Lower the momentum to {self.usual:g}.",
            causes=("momentum_too_high", "lr_too_high"),
            evidence={"momentum": momentum, "end": full.end, "end with usual": usual.end, "steps": steps},
            follows=OF_TRAINING,
        )
