"""A batch whose inputs are unlike those of all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.values.curve_names import INPUT_SIZE, TRAIN_LOSS
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History

if TYPE_CHECKING:
    from kilter.values.history import Curve


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OddBatch(Check[History]):
    """The inputs of a batch are no numbers, or far larger than those of other batches, and its loss says so, too.

    **What it proves.** Something is wrong with rows of that batch, and it reached the loss: a failure where the loss is
    no number, since nothing is learnt after that; a warning where it is far above the others.

    **How.** The largest size of an input was recorded at some steps, and whenever a loss stood out. It must be `times`
    the largest of all other steps, or no number while others are; and the loss of that step must be no number, or
    `above` times the median of the `width` before it.

    **When it stays silent.** Inputs that are not finite from the start, such as masks of minus infinity; large inputs
    that do no harm.

    **What it costs.** One pass over these numbers.
    """

    code: ClassVar[str] = "C134"
    name: ClassVar[str] = "odd-batch"
    times: float = 5.0  # the largest input of all other steps that were looked at
    fewest: int = 3  # other steps that were looked at
    above: float = 2.0  # times the loss of the steps before
    width: int = 20  # losses before it

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        if INPUT_SIZE not in subject or TRAIN_LOSS not in subject:
            yield Skipped(name=self.name, reason="no size of inputs was recorded")
            return
        sizes, losses = subject[INPUT_SIZE], subject[TRAIN_LOSS]
        none = ~np.isfinite(sizes.values)
        for at in reversed(np.flatnonzero(none)):
            step = int(sizes.steps[at])
            if (~none).sum() and none.mean() < 0.5 and not _is_number(losses, step):
                first = next(int(s) for s in sizes.steps[none] if not _is_number(losses, int(s)))
                yield self._finding(first, "hold numbers that are not finite, and so is its loss", Severity.FAILURE, {})
                return
        known, steps = sizes.values[~none], sizes.steps[~none]
        if not len(known):
            return
        largest, step = float(known.max()), int(steps[np.argmax(known)])
        rest = known[steps != step]
        if len(rest) < self.fewest or largest < self.times * rest.max() or not self._stands_out(losses, step):
            return
        others = float(rest.max())
        yield self._finding(
            step,
            f"reach {largest:.4g}, {largest / max(others, 1e-12):.3g} times those of any other step that was looked at,"
            " and its loss stands out",
            Severity.WARNING,
            {"size": largest, "others": others},
        )

    def _stands_out(self, losses: Curve, step: int) -> bool:
        place = int(np.searchsorted(losses.steps, step))
        before = losses.values[max(0, place - self.width) : place]
        before = before[np.isfinite(before)]
        if place >= len(losses) or len(before) < 3:
            return False
        value, usual = float(losses.values[place]), float(np.median(before))
        return not np.isfinite(value) or value - usual > (self.above - 1) * abs(usual)

    def _finding(self, step: int, said: str, severity: Severity, evidence: dict[str, object]) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED,
            seen=f"The inputs of step {step:,} {said}.",
            advice="Mend or drop the rows, and look for others like them before the data are read (`kilter audit`).",
            causes=("nan_in_data",) if severity is Severity.FAILURE else ("data_anomaly", "unnormalized_input"),
            experiment="Train again without these rows, from the same seed: if the step passes, it was they.",
            where=(f"step {step}",),
            evidence={"batch": step, **evidence},
        )


def _is_number(losses: Curve, step: int) -> bool:
    place = int(np.searchsorted(losses.steps, step))
    return place >= len(losses) or bool(np.isfinite(losses.values[place]))
