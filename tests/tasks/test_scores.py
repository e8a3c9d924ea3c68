import numpy as np
import pytest

from kilter.metrics import coverage
from kilter.metrics.measure import Measure
from kilter.tasks.scores import as_score, refuse_unscorable
from kilter.values.errors import TrainingError
from kilter.values.predictions import Predictions
from kilter.values.score import Score


def predictions_of(answer):
    zeros = np.zeros(len(answer))
    ids = tuple(f"r{row}" for row in range(len(answer)))
    return Predictions(ids=ids, target=zeros, answer=answer, decided=zeros, cost=zeros, merit=zeros, weight=zeros)


def test_a_measure_keeps_all_it_says_under_its_name():
    measure = Measure(value=0.5, low=0.4, high=0.7, n=30, confidence=0.9, method="wilson")

    assert as_score("rmse", measure, larger_is_better=False) == Score(
        name="rmse", value=0.5, low=0.4, high=0.7, n=30, larger_is_better=False, confidence=0.9, method="wilson"
    )
    assert as_score("r2", measure).larger_is_better
    assert as_score("within_90", measure, meant=0.9).meant == 0.9


def test_a_score_says_what_simulations_have_shown_of_its_interval(monkeypatch):
    monkeypatch.setattr(coverage, "measured", lambda: {"macro_f1": {"": {20: (0.85, 0.9)}}})
    score = as_score("macro_f1", Measure(value=0.5, low=0.4, high=0.7, n=30, reading="all labels"))

    assert score.reading == "all labels"
    assert "85.0%" in score.caution


def test_a_measure_without_a_value_keeps_its_reason():
    score = as_score("r2", Measure(undefined="no examples", n=0))

    assert (score.value, score.low, score.high, score.undefined, score.n) == (None, None, None, "no examples", 0)


@pytest.mark.parametrize("shape", [(5,), (5, 3), (0,), (0, 3)])
def test_finite_answers_can_be_scored(shape):
    refuse_unscorable(predictions_of(np.ones(shape)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("shape", [(5,), (5, 3)])
def test_rows_that_cannot_be_scored_are_named(shape, value):
    answer = np.ones(shape)
    answer[3] = value

    with pytest.raises(TrainingError, match="1 of 5 answers are not finite") as raised:
        refuse_unscorable(predictions_of(answer))
    assert [fault.where for fault in raised.value.faults] == ["r3"]


def test_of_many_the_first_are_named():
    with pytest.raises(TrainingError, match=r"50 of 50 answers are not finite \(the first 20 follow\)") as raised:
        refuse_unscorable(predictions_of(np.full((50, 2), np.nan)))
    assert len(raised.value.faults) == 20
