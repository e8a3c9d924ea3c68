"""What optimizers meet is far less than what backward computed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.planned import planned_batches
from kilter.checks.program.loop.windows import Window, finite, gathered, norm, scale_free, windows
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted, percent
from kilter.values.finding import Finding, Severity, Skipped, Strength


class Met(NamedTuple):
    """Of an update: the length of the gradient that it met, of the one that was computed, and the loss's scale."""

    met: float
    computed: float
    scale: float
    weights: float
    rate: float
    free: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Clipping(ProgramProbe):
    """Clipping cuts the few gradients that are too long, not all of them to nothing.

    **What it proves.** The limit is so small that each update is a tiny part of the gradient and the weights cannot
    get anywhere in the whole run; or the limit was applied to gradients that still carried the loss's scale, so that
    it is smaller by that scale than what was written.

    **How.** The length of the gradient that the optimizer met, beside that of the gradients that backward computed.
    If it met less than `kept` of it at all updates, the way that the whole run can go at most is counted: rate times
    length times updates, as far as momentum carries it. That must be more than `way` of the length of the weights.
    Where losses are scaled, clipped lengths that are round numbers only together with the scale tell the order.

    **When it stays silent.** Gradients that are clipped now and then, or all of them to a length that gets somewhere;
    a constant share, as from dividing by a number of batches; optimizers that go as far whatever the length.

    **What it costs.** Nothing beyond the recording.
    """

    code: ClassVar[str] = "L110"
    name: ClassVar[str] = "clipping"
    kept: float = 0.1  # of the gradient's length: what is less is no clipping of outliers
    way: float = 0.02  # of the weights' length: fine-tuning goes a hundredth, learning from scratch a tenth and more

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        seen = [met for window in windows(bench.recording) if (met := _measured(window)) is not None]
        if len(seen) < 2:
            yield Skipped(name=self.name, reason="fewer than two updates with a gradient of their own were seen")
            return
        shares = [one.met / one.computed for one in seen]
        if max(shares) >= self.kept or max(shares) < 1.001 * min(shares):
            return  # sometimes whole, or divided by a constant
        lengths = [one.met for one in seen]
        constant = max(lengths) < 1.001 * min(lengths)
        if constant and seen[0].scale > 1 and _round(lengths[0] * seen[0].scale) and not _round(lengths[0]):
            yield self._finding(
                seen,
                f"Gradients were cut to a length of {lengths[0] * seen[0].scale:.4g} while the loss's scale of"
                f" {seen[0].scale:g} was still on them: the optimizer met {statistics.median(lengths):.2g}, "
                f"{percent(statistics.median(shares))} of what was computed.",
                "Call `scaler.unscale_(optimizer)` before clipping.",
                "amp_unscaled_clip",
                "grad_clip_too_small",
            )
            return
        if any(one.free for one in seen):
            return
        batches = planned_batches(bench) or 1000  # a run of unknown length is taken for a short one
        updates = batches * len(seen) // max(1, len(bench.recording.steps))
        way = updates * statistics.median(one.met * one.rate for one in seen)
        weights = statistics.median(one.weights for one in seen)
        if way >= self.way * weights:
            return
        yield self._finding(
            seen,
            f"Optimizers met {percent(statistics.median(shares))} of the gradient's length at"
            f" {counted(len(seen), 'update')}: all {updates:,} updates of the run together can move the weights by"
            f" {percent(way / weights)} of their length.",
            "Raise the limit of the clipping to about the usual length of the gradient.",
            "grad_clip_too_small",
        )

    def _finding(self, seen: list[Met], what: str, advice: str, *causes: str) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            seen=what,
            advice=advice,
            causes=causes,
            evidence={
                "met": statistics.median(one.met for one in seen),
                "computed": statistics.median(one.computed for one in seen),
                "loss scale": seen[0].scale,
                "updates": len(seen),
            },
        )


def _measured(window: Window) -> Met | None:
    if not window.backwards or window.update.within:
        return None
    if not all(finite(backward.fresh.values()) for backward in window.backwards):
        return None
    names = list(window.update.gradients)
    computed, met = norm(gathered(window, name) for name in names), norm(window.update.gradients.values())
    if computed == 0 or met == 0:
        return None
    groups = window.update.groups
    rate = max((float(group.get("lr", 0.0)) for group in groups), default=0.0)
    momentum = max((float(group.get("momentum", 0.0) or 0.0) for group in groups), default=0.0)
    return Met(
        met=met,
        computed=computed,
        scale=window.scales[-1],
        weights=norm(window.update.before.values()),
        rate=rate / (1 - min(0.999, momentum)),
        free=scale_free(window),
    )


def _round(number: float) -> bool:
    """Whether two digits say it: limits are written so."""
    if number <= 0 or not math.isfinite(number):
        return False
    short = float(f"{number:.1e}")
    return abs(number / short - 1) < 1e-3
