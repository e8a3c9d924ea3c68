"""The training loss falls, and the validation loss never does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.evaluations import Evaluations, evaluations, in_other_units, mean_error
from kilter.checks.curves.series import noise
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History

_BATCHES: Final = 64
"""Nobody accumulates the gradients of many more."""
_FACTOR: Final = float(np.log(1.5))
"""What learning by heart may change of the factor between two losses that are otherwise multiples."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationApart(Check[History]):
    """What is learnt on the training rows never helps on the validation rows.

    **What it proves.** At no evaluation was the validation loss lower than the training loss of an untrained model,
    while the training loss came down by `fell` or more. This is not overfitting, which first improves both. A
    validation loss that is far above that level already at the first evaluation says that the validation rows reach
    the model in another form; one that starts near it and climbs, that the training rows hold nothing to generalise.

    **How.** The lowest mean of three neighbouring evaluations, and the last three, against the first training losses,
    beyond `sigmas` times the noise. Where the log begins later than the run, or with a mean over an epoch, its start is
    followed back from its first two values.

    A validation loss that falls by the factors by which the training loss falls is the same loss in other units, which
    is a note; where the factor itself changes by more than half, or is none of batches whose gradients are summed up,
    rows in another form are as likely.

    **When it stays silent.** The validation loss was lower once, or has come down at the end; before `fewest`
    evaluations (statistics of normalisation layers lag behind in a first epoch); a training loss that does not fall.

    **What it costs.** One pass over the recorded losses.

    **Source.** Zhang et al. 2017, Understanding deep learning requires rethinking generalization (ICLR): random labels
    are learnt by heart.
    """

    code: ClassVar[str] = "C126"
    name: ClassVar[str] = "validation-apart"
    fewest: int = 4  # evaluations
    fell: float = 0.3  # of the training loss at the start
    far: float = 1.5  # times the untrained loss, at the first evaluations: rows of another kind
    fast: float = 0.8  # of the training loss at the start, left at the first evaluations
    absurd: float = 5.0  # times the untrained loss: numbers of another size
    sigmas: float = 3.0  # times the noise

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        run = evaluations(subject)
        if run is None or len(run.losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} evaluations beside a training loss")
            return
        start, end = run.origin, float(run.losses[-3:].mean())
        if start <= 0 or start - run.end.value < max(self.fell * start, self.sigmas * run.start.error):
            return
        means = np.convolve(run.losses, np.full(3, 1 / 3), mode="valid")
        lowest = min(float(means.min()), end)
        if lowest < start or end < start + self.sigmas * noise(run.losses) / np.sqrt(3):
            return
        yield self._finding(run, float(np.median(run.losses[:2])), end, multiple=in_other_units(run))

    def _finding(self, run: Evaluations, first: float, end: float, *, multiple: bool) -> Finding:
        start, times = run.origin, first / run.origin
        # rows that are learnt by heart are learnt slowly: nothing is lost yet when the first loss is
        far = times > self.far or (times > 1.1 and float(run.beside[:2].mean()) < 0.8 * start)
        causes: tuple[str, ...] = ("label_misaligned", "unshuffled_split", "too_little_data", "overfitting")
        if not far and float(run.beside[:2].mean()) < self.fast * start:  # wrong labels are learnt slowly
            causes = ("label_misaligned", "val_preprocess_mismatch", "unshuffled_split", "vocabulary_mismatch")
        if times > self.absurd:
            causes = ("val_preprocess_mismatch", "bn_stats_stale", "distribution_shift", "unshuffled_split")
        elif far:
            causes = ("unshuffled_split", "val_preprocess_mismatch", "distribution_shift", "bn_stats_stale")
        if multiple:
            causes = ("wrong_metric", "loss_sum_reduction", "grad_accum_unscaled")
            if _factor_drifts(run) or first > _BATCHES * start:
                causes = ("wrong_metric", "val_preprocess_mismatch", "loss_sum_reduction")
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE if multiple else Severity.WARNING,
            seen=f"The training loss fell from {start:.4g} to {run.end.value:.4g}, and the validation loss was never"
            f" below that start: {first:.4g} at the first evaluations, {end:.4g} at the last.",
            advice="Put a few training rows through the validation's own pipeline and compare their losses."
            if far
            else "Look at ten training rows with their labels, and at how the rows were split.",
            causes=causes,
            experiment="Evaluate training rows as if they were validation rows: a high loss means that the form or the"
            " mode differs, a low one that the rows do.",
            where=(f"step {int(run.steps[-1])}",),
            evidence={"start": start, "training loss": run.end.value, "first": first, "last": end},
            follows=("validation-constant",),
        )


def _factor_drifts(run: Evaluations) -> bool:
    """Whether the factor between the two losses changes beyond the noise of both, as that of other units does not."""
    logs = np.log(run.losses / run.beside)
    width = max(2, len(logs) // 5)
    marks = [float(np.mean(part)) for part in np.array_split(logs, max(2, len(logs) // width))]
    return max(marks) - min(marks) > _FACTOR + 4 * mean_error(logs, width)
