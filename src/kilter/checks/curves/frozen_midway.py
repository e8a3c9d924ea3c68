"""A layer that was learning stops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, final

import numpy as np

from kilter.checks.check import Check
from kilter.values.curve_names import MOVING
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History

if TYPE_CHECKING:
    from kilter.values.history import Curve

_WHY: Final = {
    0: "its updates come to nothing",
    -1: "no gradient is asked of it any more",
    -2: "its learning rate is 0",
    -3: "no gradient reaches it any more",
}
_CAUSES: Final = {
    0: ("unintended_frozen_layer", "vanishing_gradient", "dead_relu", "low_precision_update"),
    -1: ("unintended_frozen_layer",),
    -2: ("unintended_frozen_layer", "schedule_length_mismatch"),
    -3: ("unintended_frozen_layer", "detached_graph", "unused_layer"),
}


class _Still(NamedTuple):
    parameter: str
    since: int
    why: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenMidway(Check[History]):
    """Some parameters stop moving in the middle of a training, while others go on.

    **What it proves.** They had moved, and since that step not one number of them has changed. Evidence says how: no
    gradient is asked, none arrives, the rate of their group is 0, or updates come to nothing.

    **How.** Whether each parameter has changed is looked at every few steps and recorded when the answer changes
    (`moving/` and its name). A parameter that has rested before must rest `longer` times as long this time. It is noted
    only where updates come to nothing by rounding: that of a bias in front of a norm does so once the rate is small.

    **When it stays silent.** Parameters that never moved, which are frozen from the start; all of them at rest, as at
    the end of a schedule; parts that are used now and then. A layer that is frozen on purpose on the way looks the
    same: then nothing need be done.

    **What it costs.** A look at the last value of each of these curves.
    """

    code: ClassVar[str] = "C133"
    name: ClassVar[str] = "frozen-midway"
    patience: int = 10  # steps since it was first seen at rest
    longer: float = 3.0  # times as long as it has ever rested before

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        curves = [subject[name] for name in subject.names if name.startswith(MOVING)]
        if not curves:
            yield Skipped(name=self.name, reason="whether parameters move was not recorded")
            return
        now = subject.step
        resting = [still for curve in curves if (still := self._still(curve, now)) is not None]
        resting = [still for still in resting if still.why] or resting
        moving = sum(curve.values[-1] == 1 for curve in curves)
        if not resting or not moving:
            return
        since = min(still.since for still in resting)
        together = [still for still in resting if still.since == since]
        names = [still.parameter for still in together]
        why = min((still.why for still in together), key=[still.why for still in together].count)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if why else Severity.NOTE,
            strength=Strength.PROVED,
            seen=f"{_few(names)} moved until about step {since:,}, and not since: {_WHY[why]};"
            f" {moving:,} other parameters go on.",
            advice="Let them learn again, unless they were frozen on purpose at that step.",
            causes=_CAUSES[why],
            experiment="Print `requires_grad`, the gradient and the rate of the first of them after the next backward.",
            where=(f"step {since}", *names[:20]),
            follows=("not-a-number", "explosion", "divergence", "rate-jump"),
            evidence={"since": since, "parameters": len(names), "moving": int(moving), "why": _WHY[why]},
        )

    def _still(self, curve: Curve, now: int) -> _Still | None:
        values, steps = curve.values, curve.steps
        if values[-1] == 1 or not (values == 1).any():
            return None
        awake = np.flatnonzero(values == 1)
        since = int(steps[awake[-1] + 1])
        rests = [int(steps[at] - steps[at - 1]) for at in awake if at > 0 and values[at - 1] != 1]
        if now - since < max(self.patience, self.longer * max(rests, default=0)):
            return None
        return _Still(curve.name.removeprefix(MOVING), since, int(values[-1]))


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more parameters" if len(names) > 3 else "")
