"""The validation loss lies below the training loss, further than regularisation explains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.evaluations import Evaluations, evaluations, in_other_units
from kilter.checks.curves.series import noise
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationAhead(Check[History]):
    """Validation rows cost less than training rows, or exactly the same.

    **What it proves.** Equal numbers, evaluation by evaluation, are one number that was logged twice. A validation
    loss far below the training loss while nothing has been learnt yet cannot come from dropout, augmentation or
    smoothed labels: they cost nothing before there is something to disturb. Then the two splits hold different rows,
    or the two losses are computed differently.

    **How.** The validation loss beside the mean of the training losses just before and after each evaluation. While
    the training loss is still within `begun` of its start, a validation loss below `below` of it is too good: a warning
    where the training loss never gets further, a note where it does, since the two may be different functions. Later a
    loss below `gap` of the training loss at the end, and at nine of ten evaluations, is a note, as is a training loss
    that gave less than `shown` of what the validation loss gave, and that was a tenth of it or more: regularisation
    does that, and so do rows that stand in both splits, or a split that is easier. So is a loss below `lower` of a
    training loss of which `left` or more is left.

    A validation loss that falls by the factors by which the training loss falls is the same loss in other units, which
    is a note.

    **When it stays silent.** Gaps of the size that dropout leaves; losses of 0 or below, whose ratio means nothing;
    fewer than `fewest` evaluations.

    **What it costs.** One pass over the recorded losses.

    **Source.** Géron 2022, Hands-on machine learning, chapter 10 (why a validation loss may lie below); Srivastava et
    al. 2014, Dropout (JMLR 15).
    """

    code: ClassVar[str] = "C122"
    name: ClassVar[str] = "validation-ahead"
    fewest: int = 4  # evaluations
    begun: float = 0.15  # of the training loss at the start: less than that has come down
    below: float = 0.6  # of the training loss beside it, before anything was learnt
    gap: float = 0.5  # of the training loss beside it, at the end
    shown: float = 0.5  # of what the validation loss gave, by the training loss at the end
    lower: float = 0.85  # of the training loss beside it, where much of that is left
    left: float = 0.3  # of the training loss at the start
    shaky: float = 0.02  # of the validation loss, that it differs by from one evaluation to the next
    sigmas: float = 4.0  # times the noise of either curve

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        run = evaluations(subject)
        if run is None or len(run.losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} evaluations beside a training loss")
            return
        if not run.by_step and self._is_one_curve(subject, run):
            yield self._twice(run)
            return
        if min(run.start.value, float(run.losses.min()), float(run.beside.min())) <= 0:
            return
        clear = run.beside - run.losses > self.sigmas * max(noise(run.losses), noise(run.beside))
        barely = run.beside > (1 - self.begun) * run.origin
        too_good = barely & clear & (run.losses < self.below * run.beside)
        if run.by_step and too_good.sum() >= max(1, 0.9 * barely.sum()):
            yield self._finding(run, int(np.flatnonzero(too_good)[0]), early=True)
            return
        ahead = clear & (run.losses < self.gap * run.beside)
        if ahead.mean() >= 0.9 and ahead[-1]:
            yield self._finding(run, len(run.losses) - 1, early=False)
            return
        third = -max(1, len(run.losses) // 3)
        # means over epochs do not tell where the training began: then each curve is held against its own first value
        before = (run.start.value, run.start.value) if run.by_step else (run.beside[0], run.losses[0])
        given, taken = before[0] - run.beside[third:].mean(), before[1] - run.losses[third:].mean()
        if clear[third:].mean() >= 0.9 and given < self.shown * taken and taken > 0.1 * before[1]:
            yield self._finding(run, len(run.losses) - 1, early=False, hidden=True)
            return
        half = len(run.losses) // 2
        high = run.beside[third:].min() > self.left * run.start.value
        if high and clear[half:].mean() >= 0.9 and np.median((run.losses / run.beside)[half:]) < self.lower:
            yield self._finding(run, len(run.losses) - 1, early=False, hidden=True)

    def _is_one_curve(self, subject: History, run: Evaluations) -> bool:
        train = subject["train.loss"]
        at = np.searchsorted(train.steps, run.steps)
        if at.max() >= len(train) or not np.array_equal(train.steps[at], run.steps):
            return False
        return np.array_equal(train.values[at], run.losses) and float(np.ptp(run.losses)) > 0

    def _twice(self, run: Evaluations) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"Training and validation loss are the same number at all {len(run.losses)} evaluations, the last"
            f" {run.losses[-1]:.6g}.",
            advice="Give the validation its own rows and log what it gives.",
            causes=("train_val_leak", "wrong_metric"),
            experiment="Evaluate on ten rows that the training never saw: if the number stays, the wrong one is"
            " logged.",
            where=("train.loss", "valid.loss"),
            evidence={"evaluations": len(run.losses), "last": float(run.losses[-1])},
        )

    def _finding(self, run: Evaluations, at: int, *, early: bool, hidden: bool = False) -> Finding:
        own, beside, step = float(run.losses[at]), float(run.beside[at]), int(run.steps[at])
        causes: tuple[str, ...] = ("train_val_leak", "dropout_too_high", "unshuffled_split")
        multiple, begun = in_other_units(run), (1 - self.begun) * run.origin
        if multiple:
            causes = ("loss_sum_reduction", "wrong_metric", "grad_accum_unscaled")
        elif early and run.losses[-1] < 0.8 * run.losses[0]:  # something is learnt, and training does not show it
            causes = ("dropout_too_high", "bn_tiny_batch", "label_noise", "unshuffled_split")
        elif hidden:
            causes = ("dropout_too_high", "bn_tiny_batch", "label_noise")
            if noise(run.losses[len(run.losses) // 2 :]) > self.shaky * own:  # dropout is gone when it is evaluated
                causes = ("bn_tiny_batch", "dropout_too_high", "batch_too_small")
        elif early:
            causes = ("unshuffled_split", "wrong_metric", "distribution_shift")
        when = (
            f", before the training loss had left its start of {run.start.value:.4g}"
            if early
            else " and most of the time before"
        )
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if early and not multiple and run.beside.min() > begun else Severity.NOTE,
            strength=Strength.MEASURED if early or hidden else Strength.SUSPECTED,
            seen=f"The validation loss is {own:.4g} at step {step:,}, and the training loss beside it"
            f" {beside:.4g}{when}.",
            advice="Compute both losses on the same rows in evaluation mode; look for rows of one split in the other.",
            causes=causes,
            experiment="Evaluate the training rows as the validation rows are (evaluation mode, no augmentation): a gap"
            " that closes is regularisation, one that stays lies in the rows.",
            where=(f"step {step}",),
            evidence={"validation loss": own, "training loss": beside, "start": run.start.value},
        )
