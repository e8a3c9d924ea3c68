"""Gradients of the last update are still there at the next one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.windows import Window, nothing, since_zero, windows
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted, listed, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GradientsLeft(ProgramProbe):
    """The gradient that an optimizer meets holds nothing from before its last update.

    **What it proves.** Nobody empties the gradients: each update goes along the sum of all gradients so far, as with a
    momentum that never fades.

    **How.** Of each backward it is known what stood in `.grad` before. A parameter is stale at an update if no
    backward since the last update of the same optimizer began with nothing there. Backwards inside of a closure
    follow each other in the same way.

    **When it stays silent.** Gradients that are gathered over several batches and emptied after the update;
    gradients of another loss that are emptied before the optimizer's own backward, as adversaries do.

    **What it costs.** Nothing beyond the recording.
    """

    code: ClassVar[str] = "L101"
    name: ClassVar[str] = "gradients-left"
    share: float = 0.25  # of an optimizer's updates: one that was not clean may be an oddity of the first steps

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        seen = [window for window in windows(bench.recording) if not window.first or window.update.within > 1]
        if not seen:
            yield Skipped(name=self.name, reason="no optimizer made two updates while being looked at")
            return
        stale = [names for window in seen if (names := _stale(window))]
        if len(stale) <= self.share * len(seen):
            return
        most = max(stale, key=len)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"At {len(stale)} of {counted(len(seen), 'update')} the gradient of"
            f" {counted(len(most), 'parameter')} still held that of the update before: {listed(most)}.",
            advice="Call `optimizer.zero_grad()` once for each update, before its first backward.",
            causes=("missing_zero_grad",),
            where=shown(most),
            evidence={"updates": len(seen), "stale": len(stale), "parameters": len(most)},
        )


def _stale(window: Window) -> list[str]:
    backwards = window.backwards
    if window.update.within > 1:  # a closure that is called again and again
        backwards = backwards[-window.update.within :][1:]
    elif window.first or not backwards:
        return []
    names = []
    for name, met in window.update.gradients.items():
        reached = [backward for backward in backwards if name in backward.before]
        if not reached or any(nothing(backward.before[name]) for backward in reached):
            continue
        if window.update.within or (not nothing(met) and not since_zero(window, name)[1]):
            names.append(name)
    return names
