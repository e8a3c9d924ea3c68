"""Gradients that were computed do not reach the optimizer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.windows import Window, finite, nothing, windows
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GradientsLost(ProgramProbe):
    """An optimizer meets the gradients that backward computed for it.

    **What it proves.** Gradients are emptied between backward and update, or the update is made before the backward
    and after the emptying: the optimizer has nothing to go by, and whatever the loss says is lost.

    **How.** Of each update that had a backward since the last one, `.grad` as the optimizer met it is held against
    the gradients that these backwards computed.

    **When it stays silent.** Some parameters alone meet nothing, as when a layer sits out the first epoch; updates
    after a gradient that was no number; updates with a closure, which compute their own gradients.

    **What it costs.** Nothing beyond the recording.
    """

    code: ClassVar[str] = "L102"
    name: ClassVar[str] = "gradients-lost"
    share: float = 0.5  # of the updates that had a backward before them

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        by_optimizer: dict[int, list[Window]] = {}
        for window in windows(bench.recording):
            if window.backwards and not window.update.within and _pulled(window):
                by_optimizer.setdefault(window.update.optimizer, []).append(window)
        if not by_optimizer:
            yield Skipped(name=self.name, reason="no update followed a backward")
            return
        for at, seen in by_optimizer.items():
            lost = [window for window in seen if _lost(window)]
            if len(lost) <= self.share * len(seen):
                continue
            first = bench.recording.steps[0].order
            early = "update" in first and "backward" in first and first.index("update") < first.index("backward")
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.FAILURE,
                strength=Strength.PROVED,
                seen=f"At {len(lost)} of {counted(len(seen), 'update')} optimizer {at} met no gradient,"
                f" though backward had computed one for {counted(len(_pulled(lost[0])), 'parameter')} of its own.",
                advice="Make the update after the backward: zero_grad, backward, step, in this order."
                if early
                else "Empty the gradients before the backward or after the update, not between the two.",
                causes=("zero_grad_after_backward",),
                evidence={"updates": len(seen), "without a gradient": len(lost), "update before backward": early},
            )


def _pulled(window: Window) -> list[str]:
    """The optimizer's parameters that had a gradient since its last update."""
    if not all(finite(backward.fresh.values()) for backward in window.backwards):
        return []
    return [
        name
        for name in window.update.gradients
        if any(not nothing(backward.fresh.get(name)) for backward in window.backwards)
    ]


def _lost(window: Window) -> bool:
    return all(nothing(window.update.gradients[name]) for name in _pulled(window))
