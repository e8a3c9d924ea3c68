"""Errors that have something in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.outcome import Outcome
from kilter.values.score import Score


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSlices(Check[Outcome]):
    """The remaining errors are not spread evenly: examples of one kind hold more than their share.

    **What it proves.** On examples that have something in common (a length, a word, a value, how two texts differ) the
    model does worse than on all others, beyond what chance makes of so many kinds that were looked at. A mean over
    all examples hides that; and where to look for the reason is known.

    **How.** The evaluation's slices are read: traits of inputs and target, none of them chosen by hand, each tested
    against the rest and corrected for all of them. The one that deviates most is told, and how much of all that was
    lost lies there.

    **When it stays silent.** No trait survives the correction, no slices were looked for, or none holds `ratio` times
    its share of what was lost. Slices that a person asked for are not told. It is a note: every model has harder
    examples.

    **What it costs.** Nothing; finding the slices takes a second or two for 10,000 examples.

    **Source.** Chung et al. 2019, Automated data slicing for model validation (IEEE TKDE 32(12)); Holm 1979; Westfall
    and Young 1993, Resampling-based multiple testing.
    """

    code: ClassVar[str] = "R106"
    name: ClassVar[str] = "error-slices"
    ratio: float = 1.25  # least share of what was lost, by the share of examples it lies in

    def examine(self, subject: Outcome) -> Iterator[Finding | Skipped]:
        slices = [
            found
            for found in subject.evaluation.slices
            if not found.asked and found.lost >= self.ratio * found.n / len(subject.predictions)
        ]
        if not slices:
            return
        worst, *others = slices
        more = f" There are {len(others)} more." if len(others) > 1 else " There is one more." if others else ""
        share = worst.n / len(subject.predictions)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            seen=f"{percent(worst.lost)} of what {subject.evaluation.model} loses on {subject.evaluation.split} lies in"
            f" the {percent(share)} of examples where {worst.said}: {_said(worst.inside)} there, {_said(worst.outside)}"
            f" elsewhere.{more}",
            advice="Read some of these examples; gather more of their kind, or give the model what it would need to"
            " tell them apart.",
            causes=("underfit_capacity", "too_little_data", "label_noise"),
            where=worst.examples,
            evidence={
                "slices": [
                    {
                        "examples that": found.name,
                        "examples": found.n,
                        "inside": found.inside.value,
                        "outside": found.outside.value,
                        "share of what was lost": found.lost,
                        "p (corrected)": found.p_value,
                    }
                    for found in slices
                ]
            },
        )


def _said(score: Score) -> str:
    if score.value is None:
        return f"{score.name} undefined"
    if score.low is None or score.high is None:
        return f"{score.name} {score.value:.3g}"
    return f"{score.name} {score.value:.3g} [{score.low:.3g}, {score.high:.3g}]"
