"""The curves behind ROC and precision-recall as values."""

from dataclasses import FrozenInstanceError

import pytest

from kilter.values.evaluation import Evaluation, Measures
from kilter.values.json_form import from_json, to_json
from kilter.values.score import Score
from kilter.values.tradeoff import Operating, Tradeoff

SCORE = Score(name="roc_auc", value=0.75, low=0.5, high=0.9, n=4)
FIRST = Operating(threshold=0.9, recall=0.5, false_alarms=0.0, precision=1.0)
LAST = Operating(threshold=0.2, recall=1.0, false_alarms=1.0, precision=0.5)
TRADEOFF = Tradeoff(label="rare", n=4, positives=2, points=(FIRST, LAST), roc_auc=SCORE, average_precision=SCORE)


@pytest.mark.parametrize(("threshold", "brings"), [(0.95, None), (0.9, FIRST), (0.3, FIRST), (0.2, LAST), (0.0, LAST)])
def test_a_threshold_brings_what_the_lowest_score_brings_that_it_lets_through(threshold, brings):
    assert TRADEOFF.at(threshold) is brings


def test_a_score_that_knows_nothing_is_as_precise_as_the_class_is_frequent():
    assert TRADEOFF.share == 0.5


def test_an_evaluation_brings_them_back_from_json():
    evaluation = Evaluation(model="model", split="test", measures=Measures(scores=(SCORE,)), tradeoffs=(TRADEOFF,))
    assert from_json(Evaluation, to_json(evaluation)) == evaluation


def test_they_are_frozen():
    with pytest.raises(FrozenInstanceError):
        TRADEOFF.n = 3
