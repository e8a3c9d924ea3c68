"""Answers that do not depend on the question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.wording import counted
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.outcome import Outcome


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OneAnswer(Check[Outcome]):
    """The model decides the same for every example.

    **What it proves.** Decisions are one class, or amounts that spread over less than `spread` of what the targets do.

    **How.** Decisions and targets are counted.

    **When it stays silent.** Decisions differ. Where classes are decided by probabilities, `zero-recall` takes its
    place and says whether these rank the missed classes all the same.

    **What it costs.** One pass over the predictions.
    """

    code: ClassVar[str] = "R103"
    name: ClassVar[str] = "one-answer"
    spread: float = 1e-3  # of the targets' standard deviation

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
                follows=("zero-recall",),
            )

    def _name(self, subject: Outcome, value: int) -> str:
        confusion = subject.evaluation.measures.confusion
        labels = () if confusion is None else confusion.labels
        return labels[value] if 0 <= value < len(labels) else str(value)
