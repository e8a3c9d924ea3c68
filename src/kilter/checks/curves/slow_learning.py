"""The training loss falls, and so slowly that the run ends where it began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import ends, finite, level, moving_target, noise, of_both_signs, windows
from kilter.values.curve_names import GRADIENT_NORM, LEARNING_RATE, TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


class _Way(NamedTuple):
    """How far a loss came down, and how much of that in the last third of the run."""

    start: float
    fall: float
    late: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SlowLearning(Check[History]):
    """The loss comes down without slowing down, and has hardly come down when the run ends.

    **What it proves.** Nothing holds the loss where it is: each third of the run brings as much as the one before, or
    more. The steps are too small, or too few, for the way that lies ahead.

    **How.** The fall from the first to the last tenth of the run, beyond `sigmas` standard errors, is less than
    `little` of the loss, and the last third brought its share of it (`steady`), beyond the noise as well; or it is less
    than `some`, and the last third brought most of it (`speeding`). The curve of the validation loss is read the same
    way where there is one, since it has less noise; a fall that shows in it alone is a note unless it is below `least`.

    **When it stays silent.** A loss that has come down by more; one that slows down, as where little can be learnt;
    a fall within the noise, which is `no-learning`; fewer than `fewest` losses; a run of less than `fewest_steps`
    steps, which has only begun; a loss of both signs, or one in whose log rewards or opponents stand.

    **What it costs.** One pass over the recorded losses.

    **Source.** Bengio 2012, Practical recommendations for gradient-based training of deep architectures, section 3.1.1.
    """

    code: ClassVar[str] = "C111"
    name: ClassVar[str] = "slow-learning"
    fewest: int = 8  # recorded losses
    fewest_steps: int = 100  # optimizer steps, where there are fewer evaluations than that
    sigmas: float = 3.0  # standard errors
    little: float = 0.1  # of the loss
    steady: float = 0.3  # of the fall, in the last third: a straight line has .33
    large: float = 100.0  # a loss of squares that size is of targets that are not standardised
    least: float = 0.01  # of the loss, of which a third is too little to be sure of
    some: float = 0.2  # of the loss
    speeding: float = 0.5  # of the fall, in the last third
    shrank: float = 3.0  # times, that the gradient's norm did so: the weights went far, if not down

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, TRAIN_LOSS)
        beside = len(finite(subject, VALID_LOSS)[1])
        if len(losses) < self.fewest or (steps[-1] < self.fewest_steps and beside < len(losses) // 2):
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest_steps} steps were recorded")
            return
        if played := moving_target(subject) or ("both signs of the loss" if of_both_signs(losses) else ""):
            yield Skipped(name=self.name, reason=f"{played}: a loss whose target moves is no measure")
            return
        train = self._way(losses)
        valid = self._way(finite(subject, VALID_LOSS)[1])
        way = valid or train  # the validation loss has less noise
        if way is None or not self._slow(way) or (train and train.fall >= self.some * abs(train.start)):
            return
        (start, fall), late = (train or way)[:2], way.late
        causes = self._causes(subject, start, fall, late)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if train or fall < self.least * abs(start) else Severity.NOTE,
            seen=f"In {int(steps[-1]):,} steps the {'training' if train else 'validation'} loss came down from"
            f" {start:.4g} to {start - fall:.4g}, by {100 * fall / abs(start):.2g} %, and the last third of the run"
            f" brought {100 * late:.0f} % of that.",
            advice="Standardise the targets by mean and spread of the training rows."
            if causes[0] == "unnormalized_target"
            else "Raise the learning rate tenfold, or train longer; see that clipping leaves the gradient its size.",
            causes=causes,
            experiment="Train again with ten times the learning rate: a loss that falls as much faster means that the"
            " rate was too low, one that does not, that updates are clipped or the model passes on no gradient.",
            where=(f"step {int(steps[-1])}",),
            evidence={"start": start, "fall": fall, "share of the last third": late, "steps": int(steps[-1])},
            follows=(
                "no-learning",
                "early-decay",
                "schedule-length",
                "gradient-depth",
                "still-layers",
                "weights-shrink",
            ),
        )

    def _way(self, losses: NDArray[np.float64]) -> _Way | None:
        """How far it came down; None where that is within its noise, or there are too few to tell."""
        if len(losses) < self.fewest:
            return None
        first, last = ends(losses)
        highest = float(windows(losses, max(5, len(losses) // 20)).middles.max()) if len(losses) >= 20 else first.value
        start = max(first.value, highest)  # a loss may rise before it falls
        fall = start - last.value
        wide = level(losses[-max(3, 3 * len(losses) // 10) :])
        if not first.above(last, sigmas=self.sigmas) and not first.above(wide, sigmas=self.sigmas):
            return None
        width = max(3, min(50, len(losses) // 10))
        third = 2 * len(losses) // 3
        before = level(losses[third - width : third])
        error = max(before.error, 1.2533 * noise(losses) / width**0.5 if width < 8 else 0.0)
        late = before.value - last.value
        sure = late > self.sigmas * float(np.hypot(error, last.error)) or 0 < fall < self.least * abs(start)
        return _Way(start, fall, late / fall if sure else 0.0)

    def _moved_far(self, norms: NDArray[np.float64]) -> bool:
        """Whether the gradient shrank to a part of what it was: steps that are too small leave it as it is."""
        if len(norms) < self.fewest:
            return False
        first, last = ends(norms)
        return first.value > self.shrank * last.value and first.above(last, sigmas=self.sigmas)

    def _slow(self, way: _Way) -> bool:
        size = way.fall / abs(way.start) if way.start else 1.0
        return (size < self.little and way.late >= self.steady) or (size < self.some and way.late >= self.speeding)

    def _causes(self, subject: History, start: float, fall: float, late: float) -> tuple[str, ...]:
        rates = finite(subject, LEARNING_RATE)[1]
        if len(rates) >= 10 and rates[-1] == rates.max() and rates[-1] > 1.5 * rates[len(rates) // 2]:
            return ("warmup_longer_than_run", "lr_too_low", "too_few_epochs")
        norms = finite(subject, GRADIENT_NORM)[1]
        vanishes = len(norms) > 0 and float(np.median(norms)) < 1e-3
        if vanishes or start > self.large:
            return ("vanishing_gradient" if vanishes else "unnormalized_target", "lr_too_low", "too_few_epochs")
        if self._moved_far(norms):
            return ("lr_too_high", "missing_warmup", "dead_relu")
        if fall < self.least * abs(start):  # what a wrong label lets be learnt is next to nothing, too
            return ("lr_too_low", "label_misaligned", "too_few_epochs")
        if late >= self.speeding:  # a rate that rises unlogged, or a plateau that is left
            second = "too_few_epochs" if len(rates) else "warmup_longer_than_run"
            return ("lr_too_low", second, "double_softmax")
        return ("lr_too_low", "grad_clip_too_small", "adam_eps_wrong")
