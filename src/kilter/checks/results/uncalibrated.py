"""Probabilities that do not hold what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.values.calibration import Calibration, Cooled, Deviation
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.outcome import Outcome


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Uncalibrated(Check[Outcome]):
    """Confidences and shares of right decisions differ by more than chance makes of them.

    **What it proves.** Were each decision right with exactly its stated probability, the expected calibration error
    would still not be 0, the less so the fewer examples there are; its null band is drawn from the stated
    probabilities. By bins of equal width and by bins of equal mass, what was seen lies `beyond` above that band: the
    probabilities cannot be read as such.

    **How.** The evaluation's calibration is read. Where a temperature was fitted to the validation split, it says
    whether that one number mends it on this split.

    **When it stays silent.** One of the two errors lies within its band or little above it, or
    `surer-than-right` has said that decisions are too sure. It is a note: decisions are none the worse.

    **What it costs.** Nothing; drawing the band takes a fraction of a second.

    **Source.** Guo et al. 2017, On calibration of modern neural networks (ICML); Bröcker and Smith 2007, Increasing
    the reliability of reliability diagrams (Weather and Forecasting 22).
    """

    code: ClassVar[str] = "R111"
    name: ClassVar[str] = "uncalibrated"
    level: float = 0.01  # how often chance alone may deviate so much
    beyond: float = 0.01  # above the null band

    def examine(self, subject: Outcome) -> Iterator[Finding | Skipped]:
        calibration = subject.evaluation.calibration
        if calibration is None or not calibration.deviations:
            yield Skipped(name=self.name, reason="no class is decided by probabilities")
            return
        if not all(self._is_off(deviation) for deviation in calibration.deviations):
            return
        first, gap = calibration.deviations[0], _gap(calibration)
        mended = calibration.cooled is not None and not any(map(self._is_off, calibration.cooled.deviations))
        sign = "surer" if gap > 0 else "less sure"
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            seen=f"On {calibration.n:,} examples of {subject.evaluation.split}, probabilities of decisions and shares"
            f" of right ones differ by {_said(first)}; in the mean decisions are {abs(gap):.3f} {sign} than right."
            f"{_cooled(calibration.cooled)}",
            advice=f"Divide the logits by {calibration.cooled.temperature:.3g} before probabilities are read; decisions"
            " stay the same."
            if mended and calibration.cooled is not None
            else "Read the probabilities as an order only; one temperature for all does not mend them."
            if calibration.cooled is not None
            else "Read the probabilities as an order only, or fit a temperature on a validation split.",
            causes=("overconfident", "overfitting") if gap > 0 else ("too_few_epochs", "dropout_too_high"),
            evidence={
                "errors": [
                    {
                        "by": deviation.name,
                        "error": deviation.value,
                        "null low": deviation.null_low,
                        "null high": deviation.null_high,
                        "p": deviation.p_value,
                    }
                    for deviation in calibration.deviations
                ],
                "mean confidence minus share right": gap,
                "temperature": None if calibration.cooled is None else calibration.cooled.temperature,
            },
            follows=("surer-than-right",),
        )

    def _is_off(self, deviation: Deviation) -> bool:
        return deviation.p_value <= self.level and deviation.value - deviation.null_high >= self.beyond


def _gap(calibration: Calibration) -> float:
    """Mean confidence minus the share of right decisions."""
    gaps = (
        each.n * (each.confidence - each.right.value)
        for each in calibration.bins
        if each.confidence is not None and each.right.value is not None
    )
    return sum(gaps) / calibration.n


def _said(deviation: Deviation) -> str:
    return f"{deviation.value:.3f}, where chance alone makes {deviation.null_low:.3f} to {deviation.null_high:.3f}"


def _cooled(cooled: Cooled | None) -> str:
    if cooled is None:
        return ""
    return (
        f" With a temperature of {cooled.temperature:.3g}, fitted on {cooled.fitted_on}, they differ by"
        f" {_said(cooled.deviations[0])}."
    )
