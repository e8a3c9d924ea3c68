"""Classes that are never recognised: by the threshold, or by the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.wording import agreeing, counted, listed, percent
from kilter.metrics.measure import Measure
from kilter.metrics.ranking import roc_auc
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.outcome import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Missed(NamedTuple):
    """A class or label that was never recognised: its name, its examples, and how its probability ranks them."""

    name: str
    examples: int
    area: Measure


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroRecall(Check[Outcome]):
    """Some classes are never recognised, and their probabilities say whether the threshold or the model is at fault.

    **What it proves.** Of a class with `support` examples or more none was decided rightly: its recall is zero,
    whatever the accuracy. Where its examples have higher probabilities than the others (an area under the ROC curve of
    `ranked` or more, its interval above one half), the model does tell them apart, and only the decision, the largest
    probability, keeps the class out: a threshold brings it back. Where the interval holds one half, the model knows
    nothing of the class, and no threshold helps.

    **How.** Decisions are counted, and for each missed class the area is taken with DeLong's interval. Where a
    threshold was chosen on the validation split, what it brings here is told.

    **When it stays silent.** Each class of some support is met now and then. A warning where half of the classes or
    more are missed, a note otherwise. It explains `one-answer`, where all decisions are the same.

    **What it costs.** A sort of the examples for each missed class.

    **Source.** DeLong, DeLong and Clarke-Pearson 1988, Comparing the areas under two or more correlated receiver
    operating characteristic curves (Biometrics 44).
    """

    code: ClassVar[str] = "R110"
    name: ClassVar[str] = "zero-recall"
    support: int = 10  # examples of a class that is never met
    ranked: float = 0.7  # area from which on a threshold is worth choosing

    def examine(self, subject: Outcome) -> Iterator[Finding | Skipped]:
        target, answer, decided = (getattr(subject.predictions, name) for name in ("target", "answer", "decided"))
        several = len(target) > 0 and target.ndim == 2 and target.shape == answer.shape
        classes = target.ndim == 1 and target.dtype.kind in "iu" and answer.ndim == 2 and answer.dtype.kind == "f"
        labels = self._labels(subject)
        if not (classes or (several and len(labels) == target.shape[1])):
            yield Skipped(name=self.name, reason="decisions are not classes with probabilities")
            return
        missed = list(self._missed(target, answer, decided, labels))
        unknown = [each for each in missed if not self._is_ranked(each)]
        found = [each for each in missed if self._is_ranked(each)]
        if not missed:
            return
        alone = classes and len(np.unique(decided)) == 1
        many = len(np.unique(target)) if classes else len(labels)
        rows = f"{percent(sum(each.examples for each in missed) / len(target))} of" if classes else "some rows of"
        are, them = agreeing(len(missed), "was", "were"), agreeing(len(missed), "it", "them")
        cut = self._cut(subject, found)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if 2 * len(missed) >= many else Severity.NOTE,
            strength=Strength.PROVED,
            seen=f"{'All decisions are the same: ' if alone else ''}{counted(len(missed), 'class')} of {many} {are}"
            f" never recognised, though {rows} {subject.evaluation.split} belong to {them}:"
            f" {listed(each.name for each in missed)}.{self._told(found, unknown)}{cut}",
            advice="See whether the training loss fell and one batch can be learnt (`kilter check`)."
            if alone and not found
            else self._advice(found, unknown, chosen=bool(subject.evaluation.thresholds)),
            causes=("threshold_wrong", "imbalance_zero_recall")
            if found
            else ("model_ignores_input", "imbalance_zero_recall", "lr_too_high", "dead_relu")
            if alone
            else ("imbalance_zero_recall", "model_ignores_input", "too_little_data", "label_noise"),
            experiment="Weigh the classes in the loss (`loss: {class_weights: balanced}`): a recall that rises while"
            " the area stays says threshold, an area that rises says that the model was not made to look."
            if found
            else "Train on equally many rows of each class: an area that stays at one half says that the inputs do not"
            " tell these classes.",
            where=tuple(each.name for each in missed[:20]),
            evidence={
                "never recognised": [
                    {
                        "class": each.name,
                        "examples": each.examples,
                        "area": each.area.value,
                        "low": each.area.low,
                        "high": each.area.high,
                        "at fault": "threshold" if self._is_ranked(each) else "model",
                    }
                    for each in missed
                ]
            },
        )

    def _missed(
        self, target: NDArray[Any], answer: NDArray[Any], decided: NDArray[Any], labels: tuple[str, ...]
    ) -> Iterator[Missed]:
        if target.ndim == 1:
            support = np.bincount(target, minlength=answer.shape[1])
            hits = np.bincount(target[decided == target], minlength=answer.shape[1])
        else:
            support, hits = (target == 1).sum(axis=0), ((target == 1) & (decided == 1)).sum(axis=0)
        for at in np.flatnonzero((support >= self.support) & (hits == 0)).tolist():
            name, own = labels[at] if at < len(labels) else str(at), target if target.ndim == 1 else target[:, at]
            known = ~np.isnan(own.astype(np.float64))
            positive = own[known] == (at if target.ndim == 1 else 1)
            yield Missed(name, int(support[at]), roc_auc(positive.astype(np.int64), answer[known, at]))

    def _is_ranked(self, missed: Missed) -> bool:
        area = missed.area
        return area.value is not None and area.low is not None and area.value >= self.ranked and area.low > 0.5

    def _told(self, found: list[Missed], unknown: list[Missed]) -> str:
        """Which of the two it is, for each kind the class with the most examples."""
        told = ""
        if found:
            best = max(found, key=lambda each: each.examples)
            told += f" Probabilities do rank {best.name!r} (area {best.area})"
            told += f" and {len(found) - 1} more" if len(found) > 1 else ""
            told += ": it is the threshold."
        if unknown:
            worst = max(unknown, key=lambda each: each.examples)
            chance = worst.area.low is not None and worst.area.low <= 0.5
            told += f" The model {'cannot' if chance else 'can hardly'} tell {worst.name!r} (area {worst.area})"
            told += f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
            told += ": no threshold helps." if chance else ": a threshold helps little."
        return told

    def _cut(self, subject: Outcome, found: list[Missed]) -> str:
        """What a threshold that was chosen on validation brings here."""
        names = {each.name for each in found}
        for threshold in subject.evaluation.thresholds:
            recall = next((score for score in threshold.scores if score.name == "recall"), None)
            if threshold.label in names and threshold.value is not None and recall is not None:
                return (
                    f" At {threshold.value:.3g}, chosen on {threshold.chosen_on} for the {threshold.goal}, the recall"
                    f" of {threshold.label!r} is {recall.value:.3g} here."
                    if recall.value is not None
                    else ""
                )
        return ""

    def _advice(self, found: list[Missed], unknown: list[Missed], *, chosen: bool) -> str:
        if found and unknown:
            return (
                f"Decide {listed(each.name for each in found)} by a threshold of its own, chosen on validation; gather"
                f" rows or better inputs for {listed(each.name for each in unknown)}."
            )
        if found:
            some = " (the report has some)" if chosen else ""
            return f"Decide by a threshold that is chosen on validation{some}, or weigh these classes in the loss."
        return "Gather more rows of these classes, or inputs that tell them; weigh them in the loss."

    def _labels(self, subject: Outcome) -> tuple[str, ...]:
        measures = subject.evaluation.measures
        return tuple(each.label for each in measures.classes)
