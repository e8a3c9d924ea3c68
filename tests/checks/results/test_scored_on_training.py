"""Scores with and without rows that training has seen."""

from dataclasses import replace

import pytest

from kilter.checks.results.scored_on_training import ScoredOnTraining
from kilter.testing.healthy.outcomes import of_classes
from kilter.values.evaluation import Evaluation, Measures
from kilter.values.finding import Severity, Skipped
from kilter.values.score import Score


def examined(whole, fresh, *, rows=90, larger=True, half=0.01):
    def scored(value, n):
        score = Score(name="s", value=value, low=value - half, high=value + half, n=n, larger_is_better=larger)
        return Evaluation(model="model", split="test", measures=Measures(scores=(score,)))

    return list(
        ScoredOnTraining().examine(replace(of_classes(), evaluation=scored(whole, 100), fresh=scored(fresh, rows)))
    )


@pytest.mark.parametrize(
    ("whole", "fresh", "larger", "severity"),
    [
        (0.9, 0.8, True, Severity.WARNING),
        (0.9, 0.895, True, Severity.NOTE),
        (0.9, 0.95, True, Severity.NOTE),
        (1.0, 1.5, False, Severity.WARNING),
        (1.5, 1.0, False, Severity.NOTE),
    ],
)
def test_a_score_above_the_interval_of_fresh_rows_is_a_warning(whole, fresh, larger, severity):
    (finding,) = examined(whole, fresh, larger=larger)

    assert finding.severity is severity
    assert "without the 10 %" in finding.seen


def test_hardly_any_shared_rows_are_silent():
    assert examined(0.9, 0.8, rows=100) == []


def test_without_shared_rows_it_is_skipped():
    assert isinstance(next(ScoredOnTraining().examine(of_classes())), Skipped)
