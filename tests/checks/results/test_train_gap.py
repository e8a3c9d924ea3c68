"""Training rows that are known far better than others."""

from dataclasses import replace

import pytest

from kilter.checks.results.train_gap import TrainGap
from kilter.testing.healthy.outcomes import of_classes
from kilter.values.evaluation import Evaluation, Measures
from kilter.values.finding import Severity, Skipped
from kilter.values.score import Score


def examined(held_out, train, *, larger=True, half=0.01):
    def scored(split, value):
        score = Score(name="s", value=value, low=value - half, high=value + half, n=500, larger_is_better=larger)
        return Evaluation(model="model", split=split, measures=Measures(scores=(score,)))

    return list(
        TrainGap().examine(replace(of_classes(), evaluation=scored("test", held_out), train=scored("train", train)))
    )


@pytest.mark.parametrize(
    ("held_out", "train", "severity"),
    [(0.9, 0.99, Severity.NOTE), (0.6, 0.999, Severity.WARNING), (0.6, 0.8, Severity.NOTE)],
)
def test_the_gap_and_what_is_lacking_decide(held_out, train, severity):
    (finding,) = examined(held_out, train)
    assert finding.severity is severity


def test_an_error_is_better_when_it_is_smaller():
    (finding,) = examined(2.0, 0.5, larger=False)
    assert finding.evidence["gap"] == 1.5
    assert examined(0.5, 2.0, larger=False) == []


def test_small_gaps_and_overlapping_intervals_are_silent():
    assert examined(0.9, 0.92) == []
    assert examined(0.6, 0.999, half=0.3) == []
    assert examined(0.9, 0.8) == []


def test_without_training_rows_it_is_skipped():
    assert isinstance(next(TrainGap().examine(of_classes())), Skipped)
