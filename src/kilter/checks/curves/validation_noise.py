"""A validation loss that jumps about while the training loss is calm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.evaluations import Evaluations, evaluations, means_beside
from kilter.checks.curves.series import finite, moving_target, noise
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
    layers do that. Where the training loss jumps as well, a noise above `shaken` of the level is noted while `left` of
    the start remains: the steps throw the weights about. Accuracies that are all multiples of one over `few` or less
    say that there are no more rows than that.

    **When it stays silent.** Fewer than `fewest` evaluations; jumps of
    less than `share` of the level, or of less than `shaken` that the training loss shows as well.

    **What it costs.** One pass over the recorded losses.

    **Source.** Ioffe 2017, Batch renormalization (NeurIPS), section 3, on statistics of small batches.
    """

    code: ClassVar[str] = "C127"
    name: ClassVar[str] = "validation-noise"
    fewest: int = 10  # evaluations
    share: float = 0.25  # of the level, that the noise must exceed
    calm: float = 0.5  # of the validation's noise, that the training loss must stay below
    shaken: float = 0.1  # of the level, that says that weights are thrown about, where the training loss jumps, too
    left: float = 0.2  # of the training loss at the start: a loss that is nearly gone jumps by factors
    few: int = 12  # validation rows, which are too few for anything
    above: float = 0.3  # of the evaluations in the second half, above the loss of the untrained model

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        rows = self._rows(subject)
        if rows:
            yield self._of_few(rows)
            return
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
        if jumping < 0.4:
            return
        if own > self.share * abs(level) and noise(beside) <= self.calm * own:
            yield self._finding(run, own, level, lost)
        elif own > self.shaken * abs(level) and level > self.left * start > 0 and not moving_target(subject):
            yield self._finding(run, own, level, 0.0, both=True)

    def _rows(self, subject: History) -> int:
        """The number of a few validation rows, of which shares are multiples of one over it; 0 where they are not."""
        for name in ("valid.accuracy", "valid.acc"):
            shares = np.unique(finite(subject, name)[1])
            if len(shares) < 3 or shares[0] < 0 or shares[-1] > 1:
                continue
            for count in range(2, self.few + 1):
                if np.abs(shares * count - np.round(shares * count)).max() < 1e-3 * count:
                    return count
        return 0

    def _of_few(self, rows: int) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.SUSPECTED,
            seen=f"All validation accuracies are multiples of 1/{rows}: the"
            f" split has about {rows} rows, and each is {100 / rows:.0f} % of the score.",
            advice="Validate on some hundred rows, or by cross-validation.",
            causes=("too_little_data", "unshuffled_split", "wrong_metric"),
            experiment="Evaluate the last weights on ten other draws of as many rows: how far their scores lie apart is"
            " what this one may be wrong by.",
            where=("valid.accuracy",),
            evidence={"rows": rows},
        )

    def _finding(self, run: Evaluations, own: float, level: float, lost: float, *, both: bool = False) -> Finding:
        grave = lost >= self.above
        said = f"; {100 * lost:.0f} % of them lie above the {run.start.value:.4g} of the start" if grave else ""
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if grave else Severity.NOTE,
            strength=Strength.MEASURED if grave else Strength.SUSPECTED,
            seen=f"In the second half the validation loss jumps by {own:.4g} about its {level:.4g}"
            + (", of the same rows each time." if both else f", while the training loss beside it is calm{said}."),
            advice="Lower the learning rate, average the weights, or look at the statistics of normalisation layers.",
            causes=("lr_too_high", "batch_too_small", "momentum_too_high")
            if both
            else ("bn_tiny_batch", "bn_stats_stale", "lr_too_high", "too_little_data"),
            experiment="Evaluate twice without a step between: a difference is randomness in the evaluation; none, and"
            " calm after a tenth of the learning rate, means that the steps are too large.",
            where=(f"step {int(run.steps[len(run.steps) // 2])}", f"step {int(run.steps[-1])}"),
            evidence={"noise": own, "level": level, "above the start": lost, "evaluations": len(run.losses)},
        )
