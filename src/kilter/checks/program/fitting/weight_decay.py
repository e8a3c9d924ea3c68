"""Weights that decay faster than they learn: without the decay the very same batches are learnt."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.program.fitting.changes import with_setting
from kilter.checks.program.fitting.plan import planned
from kilter.checks.program.fitting.settings import groups_of, number
from kilter.checks.program.fitting.short_runs import LONGER, recorded_run, short_run
from kilter.checks.program.mechanisms import OF_TRAINING
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WeightDecay(ProgramProbe):
    """The weight decay undoes what the gradients do: without it the same steps learn, with it they do not.

    **What it proves.** The decay is too high, by a pair of runs that differ in nothing else.

    **How.** Looked at only where the decay pulls at the weights with `share` of the gradient's length or more, or would
    shrink them in the planned run by `shrink` half-lives and more: the first steps, with and without it.

    **When it stays silent.** There is no decay in the optimizer's settings, it is small, or the program learns at least
    half of what it learns without.

    **What it costs.** Nothing where the decay is small; else up to 80 steps.

    **Source.** Krogh and Hertz, "A simple weight decay can improve generalization" (1991): at rest, the gradient of the
    loss equals the decay times the weight.
    """

    code: ClassVar[str] = "H103"
    name: ClassVar[str] = "weight-decay"
    longer: int = LONGER  # steps that are compared
    share: float = 0.3  # of the decay in the gradient: it turns the update by more than 15 degrees
    shrink: float = 5.0  # times the planned run would shrink the weights by e
    learnt: float = 0.1  # fall without the decay, as a share of the loss at the start, from which there is a case
    half: float = 0.5  # of that fall: what the program must reach with its decay

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        decay = max((number(group.get("weight_decay")) for group in groups_of(bench)), default=0.0)
        if not decay:
            return
        recorded = recorded_run(bench)
        if recorded is None:
            yield Skipped(name=self.name, reason="there is no single loss that ought to fall from a finite start")
            return
        share, shrink = _shares(bench), _shrink(bench)
        if share < self.share and shrink < self.shrink:
            return
        full = short_run(bench, steps=self.longer)
        without = short_run(bench, with_setting("weight_decay", 0.0), steps=self.longer)
        fall = max(0.0, full.fall)
        if without.fall < self.learnt or fall > self.half * without.fall:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"A weight decay of {decay:g} pulls at the weights with {share:.2g} of the gradient's length; after"
            f" {self.longer} steps the loss is {full.end:.3g}, from {full.start:.3g}, and without it"
            f" {without.end:.3g}.",
            advice="Lower the weight decay a hundred times.",
            causes=("weight_decay_too_high",),
            evidence={"decay": decay, "share": share, "end": full.end, "end without": without.end},
            follows=OF_TRAINING,
        )


def _shares(bench: Bench) -> float:
    """The decay's pull over the gradient's length, the median of the recorded updates.

    A decay beside the gradient's moments (AdamW) pulls at the weights themselves: it is held against the update.
    """
    shares: list[float] = []
    for update in bench.recording.updates:
        pull = force = 0.0
        for group in update.groups:
            decay = number(group.get("weight_decay"))
            beside = bool(group.get("decoupled_weight_decay"))
            for name in group["names"]:
                gradient = update.gradients.get(name)
                if gradient is None or name not in update.before:
                    continue
                weights = update.before[name].double()
                way = update.after[name].double() - weights if beside else gradient.double()
                pull += (decay * (number(group.get("lr")) if beside else 1.0)) ** 2 * float(weights.pow(2).sum())
                force += float(way.pow(2).sum())
        shares.append(math.sqrt(pull / force) if force > 0 else 0.0)
    return statistics.median(shares) if shares else 0.0


def _shrink(bench: Bench) -> float:
    """How many times the planned run would shrink the weights by e if nothing else moved them."""
    each = [
        number(group.get("lr")) * number(group.get("weight_decay")) / (1 - min(0.999, number(group.get("momentum"))))
        for group in groups_of(bench)
    ]
    return max(each, default=0.0) * (planned(bench).updates or 0)
