"""A training loss that rests on the floor of a softmax within a softmax."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import finite
from kilter.values.curve_names import TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SoftmaxFloor(Check[History]):
    """The training loss comes down to ln(e + K - 1) - 1 and not below it, which is where a second softmax stops it.

    **What it proves.** Cross-entropy of K classes that is given probabilities in the place of logits cannot go below
    this number, however sure the model is: probabilities lie between 0 and 1. A loss whose steps press against it from
    above, never below, has that floor.

    **How.** For the given number of classes, or that whose guessing the first loss is: no loss lies below the floor,
    `often` of them lie within `near` of it, half of the last tenth of the run within `close`, and the loss stands
    there. Or no loss lies below it, of training or validation, neither falls any further, and `accurate` of the
    validation rows are right all the same: outputs that tell so well and stand so high have been squashed.

    **When it stays silent.** The number of classes is not known; any loss below the floor; a loss that has not come
    down so far, or begins above guessing, as one that is weighted does.

    **What it costs.** One pass over the recorded losses.

    **Source.** Cross-entropy of softmax(p) for p the probability vector with a 1 at the label: 1 of e + K - 1.
    """

    code: ClassVar[str] = "C118"
    name: ClassVar[str] = "softmax-floor"
    task: str | None = None
    classes: int | None = None
    guess: float = 0.01  # of the first loss, that ln K may be away where K was not said
    near: float = 0.01  # of the way between floor and guessing
    close: float = 0.2  # of the same way
    often: int = 3  # losses that come so near: one may pass by
    still: float = 0.05  # of the way, by which the last quarter of the run may lie below the one before
    begins: float = 0.1  # of ln K, by which the first loss may lie above it
    accurate: float = 0.9  # share of validation rows that are right
    fewest: int = 8  # recorded losses

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, TRAIN_LOSS)
        if len(losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} losses were recorded")
            return
        classes = self.classes or self._guessed(float(losses[0]))
        if classes is None or classes < 2 or self.task not in (None, "classification", "tagging"):
            yield Skipped(name=self.name, reason="the number of classes was not said, and the first loss does not tell")
            return
        floor = math.log(math.e + classes - 1) - 1
        room = math.log(classes) - floor
        lowest, end = float(losses.min()), float(np.median(losses[-max(3, len(losses) // 10) :]))
        quarter = max(3, len(losses) // 4)
        falls = float(np.median(losses[-2 * quarter : -quarter])) - float(np.median(losses[-quarter:]))
        pressed = int(np.count_nonzero(losses <= floor + self.near * room)) >= self.often
        if losses[0] > (1 + self.begins) * math.log(classes):
            return  # probabilities of a fresh model are alike: given for logits, they cost what guessing does
        resting = lowest >= floor - 1e-4 and pressed and end <= floor + self.close * room and falls < self.still * room
        right = self._right(subject, floor) if lowest >= floor - 1e-4 else None
        if not resting and right is None:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            seen=f"The training loss came down to {lowest:.5g} and no lower, and ends at {end:.4g}; cross-entropy of"
            f" {classes} classes that is given probabilities ends at {floor:.5g}"
            + (f", and {100 * right:.0f} % of the validation rows are right." if right else "."),
            advice="Give the loss logits: leave out the softmax at the end of the model.",
            causes=("double_softmax", "double_sigmoid"),
            experiment="Sum the model's outputs over the classes: 1 for every row means that they are probabilities.",
            where=(f"step {int(steps[int(np.argmin(losses))])}",),
            evidence={"floor": floor, "lowest": lowest, "end": end, "classes": classes},
        )

    def _right(self, subject: History, floor: float) -> float | None:
        """The accuracy on validation rows, where it is high and stands while their loss stays above the floor, too."""
        name = next((name for name in ("valid.accuracy", "valid.acc") if name in subject), None)
        evaluated = finite(subject, VALID_LOSS)[1]
        if name is None or len(evaluated) < self.fewest or evaluated.min() < floor:
            return None
        shares = finite(subject, name)[1]
        third = len(evaluated) // 3
        stands = evaluated[-third:].min() > 0.95 * evaluated[-2 * third : -third].min()
        accuracy = float(np.median(shares[-third:])) if len(shares) >= self.fewest else 0.0
        return accuracy if stands and accuracy >= self.accurate else None

    def _guessed(self, first: float) -> int | None:
        """The number of classes whose guessing the first loss is, where one fits."""
        classes = round(math.exp(first)) if 0.5 < first < 7 else 0
        return classes if classes > 1 and abs(first - math.log(classes)) < self.guess * first else None
