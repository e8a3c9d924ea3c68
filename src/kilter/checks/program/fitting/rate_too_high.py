"""Updates that go too far: shorter ones learn from the very same batches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

from kilter.checks.program.fitting.changes import clipped, scaled, warmed_up, with_momentum
from kilter.checks.program.fitting.plan import first_length, gradient_norms, ordinary_norm, planned
from kilter.checks.program.fitting.settings import momentum_of, plain_momentum
from kilter.checks.program.fitting.short_runs import LONGER, ShortRun, recorded_run, short_run
from kilter.checks.program.mechanisms import OF_TRAINING
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench


SHORTER: Final = (0.1, 0.01, 0.001)
"""Shares of their length that updates are tried with."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RateTooHigh(ProgramProbe):
    """The loss does not fall, and with a tenth of each update it falls on the very same batches.

    **What it proves.** The updates are too long: the same program from the same seed on the same batches learns with
    shorter ones. Of what makes them too long, momentum, the lack of a warm-up and the lack of clipping are told from
    the rate by trying each: whichever cures at the full rate is the cause.

    **How.** Where the loss of a recorded step rose by a tenth and a dozen steps did not bring it down by a quarter, the
    steps are run again with updates of a tenth, a hundredth, a thousandth; what looks like a cure is confirmed over
    `longer` steps. The loss is that of three batches, in training mode with the same draws. Updates are scaled, not
    the rate, since schedules overwrite it.

    **When it stays silent.** The program learns, however wild its steps are; no shorter update learns either, which is
    another fault; or several losses pull at the model by turns, which need not fall. Where a mechanism was seen that
    explains it (raw inputs, say), that one is reported alone.

    **What it costs.** Nothing for a program whose loss falls; else up to some 150 steps.

    **Source.** Smith, "Cyclical Learning Rates for Training Neural Networks" (2017), the range test; here the updates
    of two runs are paired.
    """

    code: ClassVar[str] = "H101"
    name: ClassVar[str] = "rate-too-high"
    longer: int = LONGER  # steps that confirm
    learnt: float = 0.1  # fall of the loss, as a share of its start, above which the program learns
    gap: float = 0.25  # how much lower shorter updates must bring the loss, as a share of its start
    absurd: float = 0.3  # of the weights' own size: no warm-up and no clipping makes such updates right
    spike: float = 10.0  # times the median norm from which a gradient is a spike

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recorded = recorded_run(bench)
        if recorded is None:
            yield Skipped(name=self.name, reason="there is no single loss that ought to fall from a finite start")
            return
        if not recorded.rose or recorded.fall >= self.gap:
            return
        promising = [scale for scale in SHORTER if self._better(bench, recorded, scale, 12)] or list(SHORTER[:2])
        full = short_run(bench, steps=self.longer)
        if full.fall > self.learnt:
            return
        shorter = next((scale for scale in promising if self._cures(bench, full, scale)), None)
        if shorter is None:
            return
        cure = short_run(bench, scaled(shorter), steps=self.longer)
        causes = self._causes(bench, cure)
        broke = not math.isfinite(full.fall)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if broke else Severity.WARNING,
            strength=Strength.MEASURED,
            seen=f"After {self.longer} steps the loss is {full.end:.3g}, from {full.start:.3g}; with updates"
            f" {shorter:g} times as long it is {cure.end:.3g} on the same batches.",
            advice=_ADVICE[causes[0]].format(shorter=shorter),
            causes=causes,
            evidence={
                "start": full.start,
                "end": full.end,
                "scale": shorter,
                "end when scaled": cure.end,
                "steps": self.longer,
            },
            follows=("momentum", "weight-decay", *OF_TRAINING),
        )

    def _cures(self, bench: Bench, full: ShortRun, scale: float) -> bool:
        cure = short_run(bench, scaled(scale), steps=self.longer)
        return cure.fall - max(full.fall, -1.0) >= self.gap and cure.fall >= self.learnt / 2

    def _better(self, bench: Bench, recorded: ShortRun, scale: float, steps: int) -> bool:
        cure = short_run(bench, scaled(scale), steps=steps)
        return cure.fall > self.learnt / 2 and cure.fall - max(recorded.fall, -1.0) > self.learnt / 2

    def _causes(self, bench: Bench, cure: ShortRun) -> tuple[str, ...]:
        """Whichever change cures at the full rate, most particular first."""
        enough = cure.fall - self.learnt
        found: list[str] = []
        momentum = momentum_of(bench)
        if momentum > 0.95 and short_run(bench, with_momentum(0.9), steps=self.longer).fall >= enough:
            found.append("momentum_too_high")
        plan = planned(bench)
        if first_length(bench) < self.absurd * (1 - plain_momentum(bench)):
            norms = gradient_norms(bench)
            if norms and max(norms) > self.spike * ordinary_norm(bench):
                cut = short_run(bench, clipped(ordinary_norm(bench)), steps=self.longer)
                if cut.fall >= enough:
                    found.append("missing_grad_clip")
            half = self.longer // 2
            if plan.updates is None or plan.updates > self.longer:
                grown = short_run(bench, warmed_up(half), steps=self.longer + half)
                if grown.fall >= enough:
                    found.append("missing_warmup")
        return (*found, "lr_too_high", *(cause for cause in ("missing_warmup",) if cause not in found))


_ADVICE = {
    "lr_too_high": "Lower the learning rate to about {shorter:g} times what it is.",
    "momentum_too_high": "Lower the momentum to 0.9.",
    "missing_grad_clip": "Clip the norm of the gradients to what it is in ordinary steps.",
    "missing_warmup": "Let the learning rate grow over the first steps.",
}
