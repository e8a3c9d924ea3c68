"""A validation loss that jumps about while the training loss is calm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.evaluations import Evaluations, evaluations, means_beside
from kilter.checks.curves.series import finite, noise
from kilter.values.curve_names import TRAIN_LOSS
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationNoise(Check[History]):
    """From one evaluation to the next the validation loss changes by more than it moved in the whole second half.

    **What it proves.** A single evaluation of this run decides nothing: neither which weights are best nor whether a
    change helped. A validation split of fixed rows has no noise of sampling between evaluations; what jumps is the
    model, or the statistics it is evaluated with.

    **How.** The noise of the second half of the evaluations, from their second differences, against their level and
    against the noise of the training loss in windows of the same length. A warning where a third of them lie above
    the loss of the untrained model while the training loss is below half of it: the statistics of normalisation
    layers do that.

    **When it stays silent.** Fewer than `fewest` evaluations; jumps that the training loss shows as well; jumps of
    less than `share` of the level.

    **What it costs.** One pass over the recorded losses.

    **Source.** Ioffe 2017, Batch renormalization (NeurIPS), section 3, on statistics of small batches.
    """

    code: ClassVar[str] = "C127"
    name: ClassVar[str] = "validation-noise"
    fewest: int = 10  # evaluations
    share: float = 0.25  # of the level, that the noise must exceed
    calm: float = 0.5  # of the validation's noise, that the training loss must stay below
    above: float = 0.3  # of the evaluations in the second half, above the loss of the untrained model

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        run = evaluations(subject)
        if run is None or len(run.losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} evaluations beside a training loss")
            return
        half = len(run.losses) // 2
        at, train = finite(subject, TRAIN_LOSS)
        between = max(1, len(train) // len(run.losses) // 2)  # all that was trained between evaluations, if so much
        late, beside = run.losses[half:], means_beside(at, train, run.steps, between)[half:]
        own, level = noise(late), float(np.median(late))
        start = run.start.value
        lost = float(np.mean(late > start)) if start > 0 and float(np.median(beside)) < 0.5 * start else 0.0
        jumping = float(np.mean(np.diff(np.sign(np.diff(late))) != 0))  # a trend does not turn
        if own <= self.share * abs(level) or noise(beside) > self.calm * own or jumping < 0.4:
            return
        yield self._finding(run, own, level, lost)

    def _finding(self, run: Evaluations, own: float, level: float, lost: float) -> Finding:
        grave = lost >= self.above
        said = f"; {100 * lost:.0f} % of them lie above the {run.start.value:.4g} of the start" if grave else ""
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if grave else Severity.NOTE,
            strength=Strength.MEASURED if grave else Strength.SUSPECTED,
            seen=f"In the second half the validation loss jumps by {own:.4g} about its {level:.4g}, while the training"
            f" loss beside it is calm{said}.",
            advice="Lower the learning rate, average the weights, or look at the statistics of normalisation layers.",
            causes=("bn_tiny_batch", "bn_stats_stale", "lr_too_high", "too_little_data"),
            experiment="Evaluate twice without a step between: a difference is randomness in the evaluation; none, and"
            " calm after a tenth of the learning rate, means that the steps are too large.",
            where=(f"step {int(run.steps[len(run.steps) // 2])}", f"step {int(run.steps[-1])}"),
            evidence={"noise": own, "level": level, "above the start": lost, "evaluations": len(run.losses)},
        )
