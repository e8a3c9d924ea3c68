"""The training loss swings up and down without getting anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import SUPERVISED, ends, finite, moving_target, noise, of_both_signs, windows
from kilter.values.curve_names import LEARNING_RATE, TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Oscillation(Check[History]):
    """The training loss climbs back a good part of its way again and again, or shakes the validation loss.

    **What it proves.** The steps are longer than the valley is wide: the loss comes down and is thrown back, so that
    the later part of the run brings nothing. Noise of batches does not do that: it has no memory, and windows of many
    steps do not show it.

    **How.** The medians of `most` windows at most: a swing is a rise of `part` of the way that the loss has come down,
    beyond `sigmas` standard errors, after a fall of that size; there must be `swings` of them, and the last third of
    the run must still have one. `steady` of the way is enough where the learning rate was recorded and does not swing,
    or where the later part of the run brought no lower loss. The validation loss overrules: it is of the same rows each
    time, so that its jumps are no noise of batches; of `jumps` of the way down they say it alone, unless they lead
    where no batch of the training was: that is `validation-noise`. Where each loss stands for all rows: whether rises
    and falls alternate more often than chance has it (two of three, for noise), by `part` of the way.

    **When it stays silent.** Swings that go with the learning rate, as restarts and cycles have them; a rate that still
    warms up; less than `fewest` losses; a loss of both signs, or one in whose log rewards or opponents stand. A note
    where the loss came down by less than `little` of itself, or where no validation loss swings with it and the task
    is not said: models that play against each other, or whose targets move, look like that.

    **What it costs.** One pass over the recorded losses.

    **Source.** Goodfellow, Bengio and Courville 2016, Deep learning, sections 8.2.4 and 11.4.1; Cohen et al. 2021,
    Gradient descent on neural networks typically occurs at the edge of stability (ICLR).
    """

    code: ClassVar[str] = "C112"
    name: ClassVar[str] = "oscillation"
    task: str | None = None  # one of SUPERVISED lets a log without validation loss be judged
    most: int = 60  # windows
    fewest: int = 20  # recorded losses
    sigmas: float = 4.0  # standard errors
    part: float = 0.3  # of the way down
    steady: float = 0.15  # of it, where the learning rate was recorded and does not swing: else it may have restarted
    swings: int = 3
    jumps: float = 0.2  # of the way down, that the validation loss differs by from one evaluation to the next
    evaluations: int = 8  # at least, to tell how it differs
    elsewhere: float = 0.25  # of the evaluations, above all batches of the training
    calm: float = 0.1  # of the way down: with less noise the training is not what shakes the validation loss
    alternating: float = 0.85  # of the neighbours, that turn: noise turns at two thirds
    little: float = 0.3  # of the loss at the start

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, TRAIN_LOSS)
        if len(losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} losses were recorded")
            return
        if played := moving_target(subject) or ("both signs of the loss" if of_both_signs(losses) else ""):
            yield Skipped(name=self.name, reason=f"{played}: a loss whose target moves is no measure")
            return
        if _cyclical(finite(subject, LEARNING_RATE)[1]):
            yield Skipped(name=self.name, reason="the learning rate rises and falls, and the loss may do so with it")
            return
        start = max(ends(losses)[0].value, float(losses[0]))
        run = windows(losses, -(-len(losses) // self.most))
        way = start - float(run.middles.min())
        if way <= 0:
            return
        shaken = self._shaken(finite(subject, VALID_LOSS)[1], losses, way)
        calm = noise(losses[len(losses) // 2 :]) < self.calm * way
        errors = np.maximum(run.errors, 1.2533 * noise(losses) / run.width**0.5)  # windows of a few rows know little
        third = 2 * len(run.middles) // 3
        vain = float(run.middles[third:].min()) >= float(run.middles[:third].min())
        part = self.steady if LEARNING_RATE in subject or vain else self.part
        rises = self._rises(run.middles, errors, way * part)
        late = [at for at in rises if at >= third]
        turns = self._alternation(losses, way)
        far = way >= self.little * abs(start)
        if shaken >= self.jumps and far and not calm:
            said, sure = (
                f"varies, and the validation loss jumps by {shaken:.2g} of the {way:.4g} that it came down",
                True,
            )
        elif len(rises) >= self.swings and late:
            said = f"climbed back {len(rises)} times by {100 * part:.0f} % or more of the {way:.4g} that it came down"
            alone = VALID_LOSS not in subject and self.task in SUPERVISED
            sure = far and (alone or self._shared(finite(subject, VALID_LOSS)[1], way))
        elif turns is not None:
            said, sure = f"rose and fell in turn at {100 * turns:.0f} % of the recorded losses", far
        else:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if sure else Severity.NOTE,
            strength=Strength.MEASURED if sure else Strength.SUSPECTED,
            seen=f"The training loss {said}; it ends at {ends(losses)[1].value:.4g}.",
            advice="Lower the learning rate or the momentum, or take larger batches.",
            causes=("lr_too_high", "momentum_too_high", "missing_zero_grad"),
            experiment="Train again with a third of the learning rate, then with less momentum (0.9 for 0.99): what"
            " calms the loss is the cause; if neither does, see whether gradients are cleared at each step.",
            where=tuple(f"step {int(steps[rise * run.width])}" for rise in rises[:4]),
            evidence={
                "swings": len(rises),
                "way down": way,
                "alternating": turns or 0.0,
                "jumps of the validation loss": shaken,
                "window": run.width,
            },
            follows=("divergence", "explosion", "no-learning", "repeated-epochs", "rate-jump"),
        )

    def _shaken(self, evaluations: NDArray[np.float64], losses: NDArray[np.float64], way: float) -> float:
        """The noise of the later evaluations by the way that the loss came down; 0 where there are few.

        And 0 where a quarter of them lie above nearly all losses of single batches, which vary more than means over
        rows: not the weights are thrown about then, but what else is evaluated.
        """
        if len(evaluations) < self.evaluations:
            return 0.0
        late = evaluations[len(evaluations) // 3 :]
        if len(losses) >= 4 * len(evaluations):
            highest = float(np.quantile(losses[len(losses) // 3 :], 0.99))
            if float(np.mean(late > highest)) >= self.elsewhere:
                return 0.0
        return noise(late) / way

    def _shared(self, evaluations: NDArray[np.float64], way: float) -> bool:
        """Whether a tenth of the later evaluations lie as far above the best one before them as jumps go."""
        if len(evaluations) < self.evaluations:
            return False
        above = (evaluations - np.minimum.accumulate(evaluations))[len(evaluations) // 3 :]
        return float(np.quantile(above, 0.9)) > self.jumps / 2 * way

    def _rises(self, middles: NDArray[np.float64], errors: NDArray[np.float64], size: float) -> list[int]:
        """The windows at which rises of this size end, each after a fall of that size."""
        least = np.maximum(size, self.sigmas * 2**0.5 * errors)
        rises, low, high, falling = [], float(middles[0]), float(middles[0]), False
        for at in range(1, len(middles)):  # at most `most` of them
            value = float(middles[at])
            if falling:
                low = min(low, value)
                if value - low > least[at]:
                    rises.append(at)
                    falling, high = False, value
            else:
                high = max(high, value)
                if high - value > least[at]:
                    falling, low = True, value
        return rises

    def _alternation(self, losses: NDArray[np.float64], way: float) -> float | None:
        """The share of neighbours in the later half at which the loss turns; None where that is noise, or small."""
        late = losses[len(losses) // 2 :]
        changes = np.diff(late)
        turns = float(np.mean(changes[1:] * changes[:-1] < 0))
        sigma = (2 / 9 / max(1, len(changes) - 1)) ** 0.5  # of a share of two thirds
        if turns < max(self.alternating, min(0.95, 2 / 3 + self.sigmas * sigma)):
            return None
        return turns if float(np.median(np.abs(changes))) > self.part * way else None


def _cyclical(rates: NDArray[np.float64]) -> bool:
    """Whether a rate rose again after it had fallen to half, or is at its highest late."""
    if len(rates) < 2 or rates.max() <= 0:
        return False
    after = np.minimum.accumulate(rates)
    peak = int(np.argmax(rates))
    return bool(np.any(rates[peak:] > 2 * np.minimum.accumulate(rates[peak:]))) or bool(
        peak > len(rates) // 2 and rates[peak] > 2 * after[peak]
    )
