"""Answers that do not depend on the question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.wording import counted, listed, percent
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.outcome import Outcome


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OneAnswer(Check[Outcome]):
    """The model decides the same for every example, or never does so rightly for some of the classes.

    **What it proves.** Decisions are one class, or amounts that spread over less than `spread` of what the targets do.
    Classes with `support` examples or more of which none was decided rightly have a recall of zero, whatever the
    accuracy.

    **How.** Decisions and targets are counted.

    **When it stays silent.** Decisions differ, and each class of some support is met now and then. One answer for all
    is a warning, classes that are never met are a note.

    **What it costs.** One pass over the predictions.
    """

    code: ClassVar[str] = "R103"
    name: ClassVar[str] = "one-answer"
    spread: float = 1e-3  # of the targets' standard deviation
    support: int = 10  # examples of a class that is never met

    def examine(self, subject: Outcome) -> Iterator[Finding | Skipped]:
        target, decided = subject.predictions.target, subject.predictions.decided
        if target.ndim != 1 or target.dtype == object or len(target) < 2:
            yield Skipped(name=self.name, reason="decisions are not one number an example")
            return
        wanted, answers = np.unique(target), np.unique(decided)
        if len(wanted) < 2:
            yield Skipped(name=self.name, reason="all examples have one target")
            return
        amounts = target.dtype.kind == "f"
        narrow = amounts and float(np.std(decided.astype(float))) < self.spread * float(np.std(target.astype(float)))
        if len(answers) == 1 or narrow:
            answer = float(np.mean(decided.astype(float))) if amounts else answers[0]
            said = f"{answer:.4g}" if amounts else repr(self._name(subject, int(answer)))
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.WARNING,
                strength=Strength.PROVED,
                seen=f"All {len(decided):,} answers on {subject.evaluation.split} are {said}, and there are"
                f" {counted(len(wanted), 'different target')}.",
                advice="See whether the training loss fell and one batch can be learnt (`kilter check`).",
                causes=("model_ignores_input", "imbalance_zero_recall", "lr_too_high", "dead_relu"),
                evidence={"answers": len(answers), "targets": len(wanted)},
            )
            return
        if amounts:
            return
        values, counts = np.unique(target, return_counts=True)
        missed = [
            (int(value), int(count))
            for value, count in zip(values, counts, strict=True)
            if count >= self.support and not (decided[target == value] == value).any()
        ]
        if not missed:
            return
        names = [self._name(subject, value) for value, _ in missed]
        rows = sum(count for _, count in missed)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            strength=Strength.PROVED,
            seen=f"{counted(len(names), 'class')} of {len(wanted)} were never recognised, though"
            f" {percent(rows / len(target))} of {subject.evaluation.split} belong to them: {listed(names)}.",
            advice="Weigh these classes, move the threshold, or gather more rows of them.",
            causes=("imbalance_zero_recall", "threshold_wrong", "too_little_data"),
            where=tuple(names[:20]),
            evidence={"never recognised": dict(zip(names, (count for _, count in missed), strict=True))},
        )

    def _name(self, subject: Outcome, value: int) -> str:
        confusion = subject.evaluation.measures.confusion
        labels = () if confusion is None else confusion.labels
        return labels[value] if 0 <= value < len(labels) else str(value)
