"""The validation loss rises while the training loss falls."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import around, finite, level, noise
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Overfitting(Check[History]):
    """The validation loss has turned and climbs, while the training loss goes on falling.

    **What it proves.** What is learnt since then holds for the training rows only. Where a score of the validation
    split improves all the same, the model decides no worse and is only too sure of it.

    **How.** The last `last` evaluations against those about the lowest one. The rise must exceed `sigmas` times the
    noise of the curve itself (from its second differences) and `note_rise` of what the loss had gained since the first
    steps; and the training loss must lie lower than at the lowest validation loss, beyond its own noise. Whether a
    score goes up or down when it gets better is read from how it moved while the loss fell.

    **When it stays silent.** Fewer than `last` evaluations after the lowest one; rises within the noise; a training
    loss that rises, too, which is `divergence`. A note, since the weights of the best evaluation are kept; a warning
    once `warn_rise` of what had been gained is lost.

    **What it costs.** One pass over the recorded losses.

    **Source.** Prechelt 1998, Early stopping - but when?, in Neural networks: tricks of the trade (Springer).
    """

    code: ClassVar[str] = "C103"
    name: ClassVar[str] = "overfitting"
    last: int = 3  # evaluations that are averaged
    sigmas: float = 3.0  # times the noise
    note_rise: float = 0.05  # of what the validation loss had gained
    warn_rise: float = 0.5  # of what the validation loss had gained

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, "valid.loss")
        train_steps, train = finite(subject, "train.loss")
        if len(losses) < self.last + 3 or len(train) < 10:
            yield Skipped(name=self.name, reason=f"fewer than {self.last + 3} evaluations were recorded")
            return
        lowest = int(np.argmin(losses))
        if len(losses) - 1 - lowest < self.last:
            return
        # the lowest of noisy values is too low: its neighbours say where the curve was
        best = float(np.mean(losses[max(0, lowest - 1) : lowest + 2]))
        end = float(np.mean(losses[-self.last :]))
        width = max(5, min(50, len(train) // len(losses)))
        # the first evaluation may come late: what had been gained is counted from the start of training
        rise, gain = end - best, max(float(losses[0]), level(train[:width]).value) - best
        allowed = self.sigmas * noise(losses) * math.sqrt(2 / self.last)
        scale = max(gain, 0.1 * abs(best))  # a loss that gained nothing is judged by its size
        if rise <= allowed or rise < self.note_rise * scale:
            return
        before = level(around(train_steps, train, int(steps[lowest]), width))
        if not before.above(level(train[-width:]), sigmas=self.sigmas):
            return
        better = self._better_scores(subject, int(steps[lowest]))
        at = int(steps[lowest])
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if rise >= self.warn_rise * scale else Severity.NOTE,
            seen=f"The validation loss rose from {best:.4g} about step {at:,} to {end:.4g}, while the training loss"
            f" fell from {before.value:.4g} to {level(train[-width:]).value:.4g}"
            f"{'; ' + ', '.join(better) + ' improved all the same' if better else ''}.",
            advice="Calibrate the probabilities, or smooth the labels; decisions are no worse."
            if better
            else "Stop earlier, regularise (dropout, weight decay, augmentation), or gather more data.",
            causes=("overconfident", "overfitting") if better else ("overfitting", "too_little_data"),
            where=(f"step {at}", f"step {int(steps[-1])}"),
            evidence={"lowest": best, "end": end, "noise": noise(losses), "gained before": gain, "better": better},
        )

    def _better_scores(self, subject: History, step: int) -> list[str]:
        """Validation scores that went on improving after a step."""
        better = []
        for name in subject.names:
            if not name.startswith("valid.") or name == "valid.loss":
                continue
            steps, scores = finite(subject, name)
            at = int(np.searchsorted(steps, step))
            if at < 1 or at >= len(scores):
                continue
            direction = np.sign(scores[at] - scores[0])
            after = direction * (float(np.mean(scores[-self.last :])) - float(scores[at]))
            if after > self.sigmas * noise(scores) * math.sqrt(2 / self.last):
                better.append(name)
        return better
