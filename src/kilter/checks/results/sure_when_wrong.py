"""A validation loss that rises while decisions get better, explained by how sure the wrong ones are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.overfitting import Overfitting
from kilter.checks.wording import counted, percent
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.outcome import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 10  # of the histogram


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SureWhenWrong(Check[Outcome]):
    """The validation loss rose while a score improved; the histogram of confidences says where the loss comes from.

    **What it proves.** The log-loss of a decision that is right is at most small, and that of a wrong one grows with
    how sure it is. Wrong decisions that get surer raise the loss while their number falls: the two curves do not
    contradict each other. Told is how many wrong decisions were made with a probability of `sure` or more, and how
    much of the log-loss lies in them.

    **How.** The curves are judged as `overfitting` judges them, and the predictions of the weights that were kept are
    sorted by their confidence, right and wrong ones apart.

    **When it stays silent.** The validation loss did not rise beyond its noise, no score improved meanwhile, or
    nothing is wrong. It is a note: decisions are none the worse.

    **What it costs.** One pass over the curves and one over the predictions.

    **Source.** Guo et al. 2017, On calibration of modern neural networks, section 3 (ICML).
    """

    code: ClassVar[str] = "R113"
    name: ClassVar[str] = "sure-when-wrong"
    sure: float = 0.9  # probability of a decision from which on it is sure

    def examine(self, subject: Outcome) -> Iterator[Finding | Skipped]:
        answer: NDArray[Any] = subject.predictions.answer
        target, decided = subject.predictions.target, subject.predictions.decided
        if subject.history is None:
            yield Skipped(name=self.name, reason="the curves of the training are not at hand")
            return
        if answer.ndim != 2 or answer.dtype.kind != "f" or target.ndim != 1 or target.dtype.kind not in "iu":
            yield Skipped(name=self.name, reason="the answers are no probabilities of classes")
            return
        rise = self._rise(subject)
        wrong = decided != target
        if rise is None or not wrong.any():
            return
        confidence = answer[np.arange(len(answer)), decided.astype(np.int64)]
        cost = subject.predictions.cost
        surely = wrong & (confidence >= self.sure)
        total = float(cost.sum())
        share = float(cost[surely].sum()) / total if total > 0 else 0.0
        scores = ", ".join(rise["better"])
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            seen=f"The validation loss rose from {rise['lowest']:.4g} to {rise['end']:.4g} while {scores} improved."
            f" With the weights that were kept, {int(surely.sum()):,} of {counted(int(wrong.sum()), 'wrong decision')}"
            f" on {subject.evaluation.split} have a probability of {self.sure:g} or more; they are"
            f" {percent(float(surely.mean()))} of the examples and {percent(share)} of the log-loss.",
            advice="Choose weights by the score if decisions matter, by the loss if probabilities do; a temperature"
            " fitted on validation serves both.",
            causes=("overconfident", "overfitting"),
            evidence={
                "histogram": _histogram(confidence, wrong, cost),
                "sure and wrong": int(surely.sum()),
                "share of the log-loss": share,
            },
        )

    def _rise(self, subject: Outcome) -> dict[str, Any] | None:
        """What `overfitting` saw, where scores improved while the loss rose."""
        if subject.history is None:
            return None
        for said in Overfitting().examine(subject.history):
            if isinstance(said, Finding) and said.evidence["better"]:
                return dict(said.evidence)
        return None


def _histogram(
    confidence: NDArray[np.float64], wrong: NDArray[np.bool_], cost: NDArray[np.float64]
) -> list[dict[str, object]]:
    """Right and wrong decisions by confidence, and the share of the log-loss in each bin; empty bins are left out."""
    place = np.clip((confidence * BINS).astype(np.int64), 0, BINS - 1)
    many, bad = np.bincount(place, minlength=BINS), np.bincount(place[wrong], minlength=BINS)
    lost = np.bincount(place, weights=cost, minlength=BINS) / max(float(cost.sum()), np.finfo(np.float64).tiny)
    return [
        {
            "probability": f"{at / BINS:g} to {(at + 1) / BINS:g}",
            "right": int(many[at] - bad[at]),
            "wrong": int(bad[at]),
            "share of the log-loss": float(lost[at]),
        }
        for at in range(BINS)
        if many[at]
    ]
