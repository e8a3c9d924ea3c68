"""The first loss that was logged against that of guessing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import finite, noise
from kilter.values.curve_names import TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History

TASKS: Final = ("classification", "tagging", "generation", "multilabel")
"""Whose loss has a height that guessing gives, when it is cross-entropy."""

_SOME: Final = math.log(300_000)
"""Cross-entropy of guessing among more classes than vocabularies have."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLoggedLoss(Check[History]):
    """The first loss of a log is not what a model that knows nothing has.

    **What it proves.** A fresh model of K classes that guesses has a cross-entropy of ln K. A first loss well above it
    means confident answers before anything was learnt: outputs that are too large, a sum where a mean belongs, or a
    softmax over the wrong dimension, which guesses among the rows of a batch. A loss far below it means that something
    was known, or that the loss is not that of the task.

    **How.** The first logged loss against ln K (ln 2 for multi-label), where `task` and `classes` are given. A log that
    begins late, or with a mean over an epoch, has a lower first loss, never a higher one: only what lies above is
    judged there. Where nothing is given, a log with an accuracy is one of classes; a loss above ln 300,000, which then
    falls below a fifth of that, is above the guessing of any vocabulary.

    A first validation loss that is that of guessing says that only the training is disturbed, as dropout does it.

    A note up to `surely` times the guessing, and for sequences, whose loss may be summed over their places.

    **When it stays silent.** The first loss is within `times` of guessing or within `nats` of it; a log that begins
    with what was learnt before; tasks whose loss has no such height, as regression.

    **What it costs.** One look at the first losses.

    **Source.** Karpathy 2019, A recipe for training neural networks ("verify loss @ init"): -log(1/K).
    """

    code: ClassVar[str] = "C110"
    name: ClassVar[str] = "first-logged-loss"
    task: str | None = None  # one of TASKS
    classes: int | None = None
    times: float = 1.5  # ln K: outputs of standard deviation 1 raise the loss of ten classes by a fifth
    nats: float = 1.0  # above ln K, too
    surely: float = 2.5  # ln K, for a warning: losses of two terms, margins and adapters begin at twice the guessing
    near: float = 0.05  # of guessing, that the first validation loss lies about: then only the training is disturbed
    wild: float = 0.25  # of the later loss, that single losses differ by where weights are thrown about
    sums: float = 8.0  # times ln K, above which a mean was not taken: batches have eight rows or more

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, TRAIN_LOSS)
        if not len(losses):
            yield Skipped(name=self.name, reason="no training loss was recorded")
            return
        first = float(losses[0])
        guessed = self._guessed(subject, first, float(losses.min()))
        if guessed is None:
            yield Skipped(name=self.name, reason="task and number of classes were not said, and the log does not tell")
            return
        excess = first - guessed
        if excess > max((self.times - 1) * guessed, self.nats, 3 * noise(losses[: min(50, len(losses))])):
            evaluated = finite(subject, VALID_LOSS)[1][:1]
            calm = len(evaluated) > 0 and abs(float(evaluated[0]) - guessed) < self.near * guessed
            yield self._above(losses.tolist(), guessed, int(steps[0]), calm=calm)
        elif self.classes and steps[0] <= 1 and 0 <= first < 0.5 * guessed and len(losses) > 1:
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.NOTE,
                strength=Strength.SUSPECTED,
                seen=f"The first logged loss is {first:.4g}; guessing among {self.classes} classes has {guessed:.4g}.",
                advice="See whether the model begins with learnt weights; if not, whether the loss is cross-entropy,"
                " and whether the answer stands in the input.",
                causes=("wrong_loss_for_task", "target_leak", "padding_not_masked_in_loss"),
                experiment="Evaluate the fresh model on rows whose labels are drawn at random: a loss as low means that"
                " the loss is another one; a loss of guessing, that the answer is in the input.",
                where=(f"step {int(steps[0])}",),
                evidence={"first": first, "guessing": guessed},
            )

    def _guessed(self, subject: History, first: float, lowest: float) -> float | None:
        """The loss of guessing, given or guessed."""
        if self.task == "multilabel":  # a mean over labels, or their sum
            summed = (self.classes or 1) * math.log(2)
            return summed if abs(first - summed) < 0.5 * summed else math.log(2)
        if self.classes and self.classes > 1 and self.task in (None, *TASKS):
            return math.log(self.classes)
        if self.task not in (None, *TASKS):
            return None
        scored = any("accuracy" in name or name.endswith((".acc", "_acc")) for name in subject.names)
        return _SOME if (self.task or scored) and first > _SOME and 0 <= lowest < _SOME / 5 else None

    def _above(self, losses: list[float], guessed: float, step: int, *, calm: bool) -> Finding:
        first = losses[0]
        grave = False
        among = f"{self.classes} classes" if self.classes else "the labels"
        rows = math.exp(first) if first < 12 else 0.0
        end = float(sorted(losses[-max(1, len(losses) // 10) :])[max(1, len(losses) // 10) // 2])
        if rows > 8 and abs(rows / 2 ** round(math.log2(rows)) - 1) < 0.03:  # batches are mostly powers of two
            causes: tuple[str, ...] = ("wrong_softmax_dim", "bad_output_init", "labels_shifted")
            grave = self.task != "tagging"
            said = f"; it is ln {round(rows)}, as of guessing among {round(rows)} rows of a batch"
        elif first > self.sums * guessed and min(losses) > 0.02 * first and end > guessed:
            causes, said = ("loss_sum_reduction", "auxiliary_loss_dominates", "unnormalized_input"), ""
            if step > 1 and noise(np.array(losses)) > self.wild * end:  # sums vary no more than their rows do
                causes = ("lr_too_high", "bad_output_init", "loss_sum_reduction")
        else:
            causes, said = ("bad_output_init", "unnormalized_input", "loss_sum_reduction"), ""
            if step > 1:  # a mean over some steps, or after them: they may have led there
                causes = ("bad_output_init", "unnormalized_input", "lr_too_high")
            if calm:  # in evaluation the same model guesses
                causes = ("dropout_too_high", "bad_output_init", "lr_too_high")
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING
            if grave or (self.task != "tagging" and first > self.surely * guessed)
            else Severity.NOTE,
            strength=Strength.MEASURED if self.classes else Strength.SUSPECTED,
            seen=f"The first logged loss is {first:.4g}; guessing among {among} has {guessed:.4g}{said}.",
            advice="Make the last layer's weights smaller, standardise the inputs, or take the mean in the loss.",
            causes=causes,
            experiment="Evaluate the fresh model with its outputs divided by 100: a loss of guessing means outputs that"
            " are too large, another one, that the loss sums or looks along the wrong dimension.",
            where=(f"step {step}",),
            evidence={"first": first, "guessing": guessed, "end": end},
        )
