"""The training loss climbs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import SUPERVISED, Level, blocks, ends, finite, level, moving_target, of_both_signs
from kilter.values.curve_names import GRADIENT_NORM, LEARNING_RATE, TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence(Check[History]):
    """The training loss ends above where it began, or gives back most of what it had gained.

    **What it proves.** The last window of the run lies higher than its first one, or has climbed back by more than
    `lost` of the way that the loss had come down. It is a failure where the end is above the start and something else
    says so, too: the validation loss, gradients that grew tenfold, or a loss of ten times its start. Then the weights
    are worse than random ones.

    **How.** The medians of a tenth of the run at its two ends, of three losses at least and fifty at most, and of
    windows as long between them are compared, so that single spikes do not count; the rise must exceed `sigmas`
    standard errors, of the loss or of its logarithm (or lie above guessing as all but a few losses do, where the first
    loss was that of guessing), and `rise` of what the loss had moved or of its size.

    Alone in the log, a rise to less than `far` times the start is a note, since two models that play against each
    other look like that; and so is one at the end of which the validation loss is near its best.

    **When it stays silent.** The loss ends at its lowest, or near it; before `fewest` losses were recorded; where the
    learning rate has risen again to where it was before, as cyclical schedules have it; for a loss of both signs, for
    one that rises towards 0 from below, as a likelihood that is maximised, or one in whose log rewards or opponents
    stand.

    **What it costs.** One pass over the recorded losses.

    **Source.** Goodfellow, Bengio and Courville 2016, Deep learning, sections 8.2.4 (cliffs) and 11.4.1; restarts:
    Loshchilov and Hutter 2017, SGDR (ICLR), figure 1.
    """

    code: ClassVar[str] = "C101"
    name: ClassVar[str] = "divergence"
    task: str | None = None  # one of SUPERVISED: its loss is to fall
    classes: int | None = None
    sigmas: float = 5.0  # standard errors that a rise must exceed
    rise: float = 0.3  # of the loss's size at the start, for an end above it
    lost: float = 0.5  # of the way down that was climbed back
    far: float = 2.0  # times the start: less, and nothing else in the log, may be a game between two models (a note)
    kept: float = 0.25  # of what the validation loss had gained: it overrules where it lost no more (a note)
    evaluations: int = 4  # at least, for that
    fewest: int = 8  # recorded losses
    times: float = 10.0  # the start, which random weights do not cost; and what an exploding gradient grows

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, TRAIN_LOSS)
        if len(losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} losses were recorded")
            return
        if played := moving_target(subject) or ("both signs of the loss" if of_both_signs(losses) else ""):
            yield Skipped(name=self.name, reason=f"{played}: a loss whose target moves is no measure")
            return
        first, end = ends(losses)
        start = self._begun(losses, first)
        parts = blocks(losses, max(3, min(50, len(losses) // 10), len(losses) // 100))
        lowest = int(np.argmin(np.median(parts, axis=1)))
        best = level(parts[lowest])._replace(error=start.error if parts.shape[1] < 8 else level(parts[lowest]).error)
        at = int(steps[round((lowest + 0.5) * parts.shape[1])])
        way = max(start.value - best.value, 0.0)
        above = end.value - start.value > self.rise * max(abs(start.value), way)
        better = self._better(subject)
        signs = self._signs(subject, start.value, end.value)
        thrown = start is not first and start.value < float(np.quantile(losses, 0.05))  # guessing has no noise
        clear = thrown or end.above(start, sigmas=self.sigmas) or (start.value > 0 and self._above_by_factors(losses))
        if above and clear and not (start.value < 0 and end.value <= 0):
            far = end.value > self.far * start.value or self.task in SUPERVISED
            severity = Severity.FAILURE if signs else Severity.WARNING if far and not better else Severity.NOTE
            said = f"above its start of {start.value:.4g}"
        elif way > 0 and end.value - best.value > self.lost * way and end.above(best, sigmas=self.sigmas):
            if not start.above(best, sigmas=self.sigmas) or self._restarted(subject, at):
                return  # it never came down, so that there was nothing to lose; or a schedule made it rise
            little = way < self.rise * abs(start.value) and self.task not in SUPERVISED
            if little and VALID_LOSS not in subject:
                return  # a little way there and back, in a log that says nothing else
            severity = Severity.NOTE if better or little else Severity.WARNING
            said = f"after it had come down from {start.value:.4g} to {best.value:.4g}"
        else:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            seen=f"The training loss ends at {end.value:.4g}, {said} (lowest about step {at:,})"
            + (f"; {', '.join(signs)}." if signs else "."),
            advice="Lower the learning rate, lengthen the warm-up, or clip the gradient.",
            causes=self._causes(subject, losses),
            experiment="Train again with a tenth of the learning rate: a loss that stays down means that the steps were"
            " too large; one that climbs all the same, that gradients pile up or point the wrong way.",
            where=(f"step {at}", f"step {int(steps[-1])}"),
            evidence={"start": start.value, "lowest": best.value, "end": end.value, "standard error": end.error},
            follows=("explosion", "rate-jump", "odd-batch", "repeated-epochs"),
        )

    def _begun(self, losses: NDArray[np.float64], start: Level) -> Level:
        """The start; guessing, where the first loss says that the run began there and the next were far above it."""
        if not self.classes or self.classes < 2 or self.task not in ("classification", "tagging"):
            return start
        chance = math.log(self.classes)
        if abs(float(losses[0]) - chance) > self.rise * chance or start.value < self.far * chance:
            return start
        return Level(chance, 0.0)

    def _above_by_factors(self, losses: NDArray[np.float64]) -> bool:
        """Whether the logarithm rose beyond its noise: a loss that is thrown about varies as much as it is high."""
        if losses.min() <= 0:
            return False
        start, end = ends(np.log(losses))
        return end.above(start, sigmas=self.sigmas)

    def _signs(self, subject: History, start: float, end: float) -> list[str]:
        """What else says that the weights are lost."""
        signs = []
        if start > 0 and end > self.times * start:
            signs.append(f"it is {end / start:.3g} times its start")
        if (grown := _growth(finite(subject, GRADIENT_NORM)[1])) > self.times:
            signs.append(f"the gradient's norm grew {grown:.3g}-fold")
        valid = finite(subject, VALID_LOSS)[1]
        if len(valid) > 1 and valid[-1] - valid[0] > self.rise * abs(valid[0]):
            signs.append(f"the validation loss rose from {valid[0]:.4g} to {valid[-1]:.4g}")
        return signs

    def _better(self, subject: History) -> bool:
        """Whether the validation loss ends near its best, which that of a model that is lost cannot."""
        valid = finite(subject, VALID_LOSS)[1]
        if len(valid) < self.evaluations:
            return False
        gained = float(valid[0] - valid.min())
        return gained > 0 and ends(valid)[1].value - float(valid.min()) < self.kept * gained

    def _causes(self, subject: History, losses: NDArray[np.float64]) -> tuple[str, ...]:
        grown = _growth(finite(subject, GRADIENT_NORM)[1])
        risen = len(losses) >= 30 and float(np.mean(np.diff(np.median(blocks(losses, len(losses) // 10), axis=1)) > 0))
        if grown > self.times and risen > 0.7:  # both climb all the time: each step adds to the last ones
            return ("missing_zero_grad", "exploding_gradient", "lr_too_high")
        norms = finite(subject, GRADIENT_NORM)[1]
        if grown > self.times or (len(norms) >= 30 and np.quantile(norms, 0.95) > self.times * np.median(norms)):
            return ("exploding_gradient", "lr_too_high", "missing_zero_grad")
        if risen > 0.7:
            return ("lr_too_high", "missing_zero_grad", "loss_sign_flipped")
        return ("lr_too_high", "missing_grad_clip", "missing_zero_grad")

    def _restarted(self, subject: History, lowest: int) -> bool:
        """Whether the rate has risen since the loss was lowest, to where it had been while the loss fell."""
        steps, rates = finite(subject, LEARNING_RATE)
        before, after = rates[steps <= lowest], rates[steps > lowest]
        return len(before) > 0 and len(after) > 0 and bool(1.5 * before[-1] < after.max() <= 1.1 * before.max())


def _growth(norms: NDArray[np.float64]) -> float:
    """The gradient's norm at the end over that of the start; 1 where too few were recorded."""
    if len(norms) < 8:
        return 1.0
    first, last = ends(norms)
    return last.value / first.value if first.value > 0 else 1.0
