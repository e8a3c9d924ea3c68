"""The validation loss rises while the training loss falls."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.evaluations import evaluations, judged, sampling_error
from kilter.checks.curves.series import around, finite, level, noise
from kilter.values.curve_names import TRAIN_LOSS, VALID_LOSS, direction, split_of
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Overfitting(Check[History]):
    """The validation loss has turned and climbs, while the training loss goes on falling.

    **What it proves.** What is learnt since then holds for the training rows only. Where a score of the validation
    split improves all the same, the model decides no worse and is only too sure of it.

    **How.** The last evaluations, `last` of them or a twentieth of all, against those about the lowest one. The rise
    must exceed `sigmas` times the noise of the curve itself (from its second differences) and `note_rise` of what the
    loss had gained since the first steps; and the training loss, or its logarithm, must lie lower than at the lowest
    validation loss, beyond its own noise. Whether a score goes up or down when it gets better is read from how it
    moved while the loss fell. Where no validation loss was recorded a score stands in for it.

    **When it stays silent.** Fewer than `last` evaluations after the lowest one; rises within the noise; a training
    loss that rises, too, which is `divergence`; a second descent. A note, since the weights of the best evaluation are
    kept; a warning once `warn_rise` of what had been gained is lost, or the loss rose by `warn_rise` of its lowest
    value while the training rows were learnt by heart.

    **What it costs.** One pass over the recorded losses.

    **Source.** Prechelt 1998, Early stopping - but when?, in Neural networks: tricks of the trade (Springer).
    """

    code: ClassVar[str] = "C103"
    name: ClassVar[str] = "overfitting"
    last: int = 3  # evaluations that are averaged
    sigmas: float = 3.0  # times the noise
    note_rise: float = 0.05  # of what the validation loss had gained
    warn_rise: float = 0.5  # of what the validation loss had gained
    by_heart: float = 0.01  # of the training loss at the start: with less left, a rise of the lowest loss itself counts

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        name, steps, losses = judged(subject)
        train_steps, train = finite(subject, TRAIN_LOSS)
        if len(losses) < self.last + 3 or len(train) < self.last + 3:
            yield Skipped(name=self.name, reason=f"fewer than {self.last + 3} evaluations were recorded")
            return
        lowest, last = int(np.argmin(losses)), max(self.last, len(losses) // 20)
        if len(losses) - 1 - lowest < last:
            return
        # the lowest of noisy values is too low: its neighbours say where the curve was
        best = float(np.mean(losses[max(0, lowest - last // 2) : lowest + last // 2 + 1]))
        end = float(np.mean(losses[-last:]))
        # the first evaluation may come late: what had been gained is counted from the start of training
        run = evaluations(subject)
        start = best if run is None else run.origin if math.isfinite(run.origin) else run.start.value
        rise, gain = end - best, max(float(losses[0]), start) - best
        allowed = self.sigmas * noise(losses) * math.sqrt(2 / last)
        scale = max(gain, 0.1 * abs(best))  # a loss that gained nothing is judged by its size
        if rise <= allowed or rise < self.note_rise * scale:
            return
        width = max(5, min(500, len(train) // 10))
        before, after = around(train_steps, train, int(steps[lowest]), width), train[-width:]
        if not self._fell(before, after):
            return
        better = self._better_scores(subject, int(steps[lowest])) if name == VALID_LOSS else []
        # a rise that is small beside the gain is none beside the lowest loss, once nothing is left to learn from
        known = rise >= self.warn_rise * abs(best) and abs(best) >= 0.1 * abs(start)
        by_heart = name == VALID_LOSS and known and 0 <= level(after).value < self.by_heart * abs(start)
        sign = -1 if name != VALID_LOSS and direction(name) > 0 else 1
        at = int(steps[lowest])
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if rise >= self.warn_rise * scale or by_heart else Severity.NOTE,
            seen=f"{'The validation loss' if name == VALID_LOSS else name} {'fell' if sign < 0 else 'rose'} from"
            f" {sign * best:.4g} about step {at:,} to {sign * end:.4g}, while the training loss fell from"
            f" {level(before).value:.4g} to {level(after).value:.4g}"
            f"{'; ' + ', '.join(better) + ' improved all the same' if better else ''}.",
            advice="Calibrate the probabilities, or smooth the labels; decisions are no worse."
            if better
            else "Stop earlier, regularise (dropout, weight decay, augmentation), or gather more data.",
            causes=("overconfident", "overfitting", "val_preprocess_mismatch")
            if better
            else ("overfitting", "too_little_data", "label_noise"),
            experiment="Fit a temperature to the validation outputs: a loss that falls below its lowest point says that"
            " only the confidence was wrong."
            if better
            else "Train on half of the rows: a turn that comes earlier and a loss that climbs higher say that rows are"
            " what is missing.",
            where=(f"step {at}", f"step {int(steps[-1])}"),
            evidence={"lowest": best, "end": end, "noise": noise(losses), "gained before": gain, "better": better},
            follows=("validation-apart", "divergence", "explosion"),
        )

    def _fell(self, before: NDArray[np.float64], after: NDArray[np.float64]) -> bool:
        """Whether the training loss went on falling, in itself or, where it is nearly gone, by factors."""
        if level(before).above(level(after), sigmas=self.sigmas):
            return True
        if min(before.min(), after.min()) <= 0:
            return False
        return level(np.log(before)).above(level(np.log(after)), sigmas=self.sigmas)

    def _better_scores(self, subject: History, step: int) -> list[str]:
        """Validation scores that went on improving after a step."""
        better = []
        for name in subject.names:
            if split_of(name) != "valid" or name == VALID_LOSS:
                continue
            steps, scores = finite(subject, name)
            at = int(np.searchsorted(steps, step))
            if at < 1 or at >= len(scores):
                continue
            way = np.sign(scores[at] - scores[0])
            after = way * (float(np.mean(scores[-self.last :])) - float(scores[at]))
            allowed = self.sigmas * noise(scores) * math.sqrt(2 / self.last)
            if after > max(allowed, sampling_error(scores)):
                better.append(name)
        return better
