"""Which baselines an outcome was compared with, and how each comparison ended."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from kilter.values.comparison import Comparison
from kilter.values.evaluation import Evaluation
from kilter.values.outcome import Outcome


class Verdict(Enum):
    """How the model did against a baseline."""

    BETTER = "better"
    OPEN = "no difference established"
    WORSE = "worse"


class Contest(NamedTuple):
    """A baseline, how the model did against it, and the comparison where one was made."""

    baseline: Evaluation
    verdict: Verdict
    comparison: Comparison | None

    @property
    def said(self) -> str:
        """The numbers, for a finding."""
        if self.comparison is not None:
            return f"{self.baseline.model}: difference in {self.comparison.difference}, p = {self.comparison.p:.2g}"
        return f"{self.baseline.model}: {self.baseline.primary}"


def contests(outcome: Outcome) -> tuple[Contest, ...]:
    """The model against each baseline, the simplest first.

    Where no paired comparison was made, the verdict is that of the two intervals: they must not overlap.
    """
    name = outcome.evaluation.model
    compared = {c.right: c for c in outcome.comparisons if c.left == name}
    found = []
    for baseline in outcome.baselines:
        comparison = compared.get(baseline.model)
        if comparison is not None:
            verdict = {name: Verdict.BETTER, baseline.model: Verdict.WORSE}.get(comparison.winner or "", Verdict.OPEN)
        else:
            verdict = _by_intervals(outcome.evaluation, baseline)
        found.append(Contest(baseline, verdict, comparison))
    return tuple(found)


def _by_intervals(model: Evaluation, baseline: Evaluation) -> Verdict:
    ours, theirs = model.primary, baseline.primary
    if ours.low is None or ours.high is None or theirs.low is None or theirs.high is None:
        return Verdict.OPEN
    if ours.low <= theirs.high and theirs.low <= ours.high:
        return Verdict.OPEN
    return Verdict.BETTER if ours.beats(theirs) else Verdict.WORSE
