"""Measures of the metrics floor as the scores of an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kilter.values.evaluation import Score

if TYPE_CHECKING:
    from kilter.metrics.measure import Measure


def as_score(name: str, measure: Measure, *, larger_is_better: bool = True) -> Score:
    """A measure under its name."""
    return Score(
        name=name,
        value=measure.value,
        low=measure.low,
        high=measure.high,
        n=measure.n,
        larger_is_better=larger_is_better,
        confidence=measure.confidence,
        undefined=measure.undefined,
    )
