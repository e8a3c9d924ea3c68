"""Losses of several batches are added up for one update."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.windows import Window, finite, gathered, nothing, scale_free, windows
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.engine.programs import value_of
from kilter.engine.trees import size, take
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.recording import Recording

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Accumulation(ProgramProbe):
    """Gradients that are gathered over several batches are a mean, as that of one large batch is.

    **What it proves.** The loss is a mean over its batch, backward is called on it for several batches, and nothing
    divides by their number: each update is so many times too long.

    **How.** Windows of one update with `k` backwards on different batches, in which the optimizer met the sum of the
    gradients. The loss is a mean if half a batch has about the same loss; it is undivided if backward was called on
    the very number that the loss function gave.

    **When it stays silent.** The loss or the gradient is divided; several losses of one batch are added; the optimizer
    goes as far whatever the gradient's length (then it is a note); the gradient is clipped.

    **What it costs.** Nothing beyond the recording where each backward has its update; else two peeks.
    """

    code: ClassVar[str] = "L111"
    name: ClassVar[str] = "accumulation"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        seen = [window for window in windows(recording) if _summed(window)]
        several = [w for w in seen if len(w.backwards) > 1 and not w.update.within]
        per_step = max((len(step.backwards) for step in recording.steps), default=0)
        if not several or per_step > 1 or len(several) < len(seen) - 1:
            return
        raw = [_raw(recording, at) for at in range(len(recording.steps))]
        if not all(raw) or not _mean(bench):
            return
        count = len(several[0].backwards)
        free = all(scale_free(window) for window in several)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE if free else Severity.WARNING,
            strength=Strength.MEASURED,
            seen=f"Updates went by the sum of the gradients of {counted(count, 'batch')}, each of a mean loss:"
            f" {count} times the mean{', which this optimizer hardly feels' if free else ''}.",
            advice=f"Divide the loss by {count} before `backward`, or the rate.",
            causes=("grad_accum_unscaled",),
            evidence={"batches": count, "updates": len(several)},
        )


def _summed(window: Window) -> bool:
    """Whether the update met the plain sum of the gradients since its last one."""
    if not window.backwards or not all(finite(backward.fresh.values()) for backward in window.backwards):
        return False
    for name, met in window.update.gradients.items():
        computed = gathered(window, name)
        if computed is None or met is None or nothing(met):
            continue
        return _close(met.double(), computed)
    return False


def _close(met: Tensor, computed: Tensor) -> bool:
    return float((met - computed).norm()) <= 1e-3 * float(computed.norm())


def _raw(recording: Recording, at: int) -> bool:
    """Whether backward was called on the very number that the loss function gave in a step."""
    step = recording.steps[at]
    if len(step.backwards) != 1 or step.backwards[0].loss.numel() != 1:
        return False
    loss = float(step.backwards[0].loss)
    told = [value_of(call.result) for call in step.losses] or [step.returned]
    return any(math.isclose(loss, one, rel_tol=1e-5) for one in told if math.isfinite(one))


def _mean(bench: Bench) -> bool:
    """Whether a batch in which each row stands twice has the loss of the batch, not the double of it."""
    batch = bench.recording.steps[0].batch
    rows = size(batch)
    if rows is None or rows < 2:
        return False
    made = bench.made()
    losses = [
        seen.loss.detach()
        for part in (take(batch, range(rows // 2)), take(batch, [*range(rows // 2)] * 2))
        if (seen := bench.peek(made, part, training=False)).loss is not None
    ]
    if len(losses) < 2 or any(loss.numel() != 1 for loss in losses):
        return False
    once, twice = (float(torch.as_tensor(loss)) for loss in losses)
    return once != 0 and abs(twice / once - 1) < 0.25
