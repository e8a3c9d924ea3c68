"""Confidence beyond accuracy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

from kilter.checks.check import Check
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.outcome import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SurerThanRight(Check[Outcome]):
    """The probabilities that the model gives its decisions are higher than the share of them that is right.

    **What it proves.** If each probability p meant what it says, the number of right decisions would have the mean of
    their sum and the variance of the sum of p (1 - p). What was counted lies `sigmas` standard deviations below: the
    model is surer than it is right, and its probabilities cannot be read as such.

    **How.** The largest probability of each example against whether its class is the target.

    **When it stays silent.** Accuracy is within that band, or the mean gap is below `note_gap`. A note up to
    `warn_gap`, since most networks are a little too sure, and decisions are none the worse; a warning from there.

    **What it costs.** One pass over the predictions.

    **Source.** Guo et al. 2017, On calibration of modern neural networks (ICML); the band is the normal form of the
    test of Spiegelhalter 1986, Statistics in Medicine 5, for the leading class.
    """

    code: ClassVar[str] = "R104"
    name: ClassVar[str] = "surer-than-right"
    sigmas: float = 3.0  # standard deviations of the number of right decisions
    note_gap: float = 0.02  # mean confidence minus accuracy
    warn_gap: float = 0.15  # mean confidence minus accuracy

    def examine(self, subject: Outcome) -> Iterator[Finding | Skipped]:
        answer: NDArray[Any] = subject.predictions.answer
        target = subject.predictions.target
        if answer.ndim != 2 or answer.dtype.kind != "f" or target.ndim != 1 or target.dtype.kind not in "iu":
            yield Skipped(name=self.name, reason="the answers are no probabilities of classes")
            return
        if not len(answer):
            yield Skipped(name=self.name, reason="there are no examples")
            return
        confidence = answer.max(axis=1)
        right = answer.argmax(axis=1) == target
        gap = float(confidence.mean() - right.mean())
        error = math.sqrt(float((confidence * (1 - confidence)).sum())) / len(right)
        if gap < self.note_gap or gap <= self.sigmas * error:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if gap >= self.warn_gap else Severity.NOTE,
            seen=f"Decisions on {subject.evaluation.split} have a mean probability of {confidence.mean():.3f}, and"
            f" {percent(float(right.mean()))} of {len(right):,} are right: {gap:.3f} too sure, where {error:.3f} is one"
            " standard deviation.",
            advice="Read the probabilities as an order only, or calibrate them on the validation split (temperature).",
            causes=("overconfident", "overfitting"),
            evidence={
                "mean confidence": float(confidence.mean()),
                "accuracy": float(right.mean()),
                "gap": gap,
                "standard deviation": error,
                "examples": len(right),
            },
        )
