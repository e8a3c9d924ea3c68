"""Both losses stand still, together, far above nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.evaluations import Evaluations, evaluations, mean_error
from kilter.checks.curves.series import finite, noise
from kilter.values.curve_names import LEARNING_RATE
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SettledHigh(Check[History]):
    """Training and validation loss came down some of the way, and both stay there.

    **What it proves.** More steps bring nothing, and more rows would not either, since there is no gap to close. What
    is left is noise in the targets, which nothing can learn, or more than this model can express, or more than this
    rate can find. A log cannot tell these apart.

    **How.** The last third of the evaluations brought less than `moved` of the way so far, or less than their noise;
    the two losses lie within `gap` of each other; and `left` or more of the training loss at the start remains, or
    `less` where that has been so for longer. Where both have lost less than `nothing` of their first values, slower and
    slower, the inputs told nothing about the targets, unless all of it was learnt before the first mean was logged.

    Where no rate was logged, and the validation loss stays within 5 times `rest` of the way while the training loss
    varies, the weights are at rest: the rate may be gone.

    **When it stays silent.** A loss that still falls or has a gap; a loss of which little is left; losses of 0 or
    below; an accuracy above `right`; fewer than `fewest` evaluations. It is always a note.

    **What it costs.** One pass over the recorded losses.

    **Source.** Ng 2018, Machine learning yearning, chapters 20 and 26 (avoidable bias).
    """

    code: ClassVar[str] = "C129"
    name: ClassVar[str] = "settled-high"
    fewest: int = 9  # evaluations
    moved: float = 0.1  # of the way so far
    gap: float = 0.15  # of the training loss
    left: float = 0.4  # of the training loss at the start
    less: float = 0.25  # of it, where the losses have stood for half of the run
    rest: float = 0.001  # of the way, that weights at a rate to speak of let the validation loss tremble by
    nothing: float = 0.02  # of the first losses
    right: float = 0.9  # an accuracy that leaves little to be gained

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        run = evaluations(subject)
        if run is None or len(run.losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} evaluations beside a training loss")
            return
        third = len(run.losses) // 3
        before, end = float(np.mean(run.losses[-2 * third : -third])), float(np.mean(run.losses[-third:]))
        beside, start = float(np.mean(run.beside[-third:])), run.start.value
        way = start - end
        if self._tells_nothing(run, third) and not self._mostly_right(subject):
            yield self._finding(run, end, beside, hardly=True)
            return
        if start <= 0 or way <= 3 * run.start.error or way < 0.05 * start or min(beside, end) < self.less * start:
            return
        two = float(np.mean(run.losses[-3 * third + third // 2 : -2 * third + third // 2]))  # before, once more
        long = abs(two - end) <= max(self.moved * way, 2 * mean_error(run.losses, third))
        if min(beside, end) < self.left * start and not long:
            return
        if abs(before - end) > max(self.moved * way, 2 * mean_error(run.losses, third)):
            return
        if abs(end - beside) > self.gap * beside or self._mostly_right(subject):
            return
        trembles = float(np.ptp(run.losses[-third:])) > 5 * self.rest * way
        resting = not trembles and LEARNING_RATE not in subject and noise(run.beside[-third:]) > self.rest * way
        yield self._finding(run, end, beside, resting=resting)

    def _mostly_right(self, subject: History) -> bool:
        names = [name for name in ("valid.accuracy", "valid.acc", "valid.metric") if name in subject]
        return any(float(np.median(finite(subject, name)[1][-3:])) > self.right for name in names)

    def _tells_nothing(self, run: Evaluations, third: int) -> bool:
        """Whether neither loss fell by more than next to nothing, and the last third brought little of that."""
        for curve in (run.losses, run.beside):
            first, before, last = (float(np.mean(part)) for part in (curve[:2], curve[-third - 2 : -third], curve[-2:]))
            fall = first - last
            if first <= 0 or abs(fall) > self.nothing * first:
                return False
            if before - last > 0.3 * fall + 2 * mean_error(curve, 2):  # a straight line has a third
                return False
        return run.origin <= (1 + self.nothing) * float(run.beside[0]) + 2 * run.start.error

    def _finding(
        self, run: Evaluations, end: float, beside: float, *, hardly: bool = False, resting: bool = False
    ) -> Finding:
        share = end / run.start.value
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            strength=Strength.SUSPECTED,
            seen=f"Training and validation loss have stood at {beside:.4g} and {end:.4g} for a third of the run,"
            f" {100 * share:.0f} % of the {run.start.value:.4g} that training began with.",
            advice="Try a model of twice the width; look at rows with the largest losses.",
            causes=("model_ignores_input", "label_misaligned", "label_noise")
            if hardly
            else ("lr_decayed_too_early", "underfit_capacity", "label_noise")
            if resting
            else ("underfit_capacity", "label_noise", "lr_too_high"),
            experiment="Train on a tenth of the rows: a training loss that goes to nothing shows that the model can"
            " express them, and that noise or conflict between rows is what remains.",
            where=(f"step {int(run.steps[-1])}",),
            evidence={"training loss": beside, "validation loss": end, "start": run.start.value},
            follows=("missed-class", "validation-ahead"),
        )
