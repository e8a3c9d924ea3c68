"""What is decided by probabilities, and what is not."""

from dataclasses import replace

import numpy as np
import pytest

from kilter.evaluation.probabilities import as_score, class_probabilities, column, cut_columns
from kilter.metrics.intervals import proportion
from kilter.values.predictions import Predictions

TABLE = [[0.8, 0.2], [0.4, 0.6], [0.7, 0.3]]


def several(target, answer):
    target, answer = np.asarray(target, np.float64), np.asarray(answer, np.float64)
    rows = len(target)
    return Predictions(
        ids=tuple(map(str, range(rows))),
        target=target,
        answer=answer,
        decided=(answer >= 0.5).astype(np.float64),
        cost=np.zeros(rows),
        merit=np.ones(rows),
        weight=np.ones(rows),
    )


def test_classes_are_decided_by_probabilities(classified):
    predictions = classified([0, 1, 1], TABLE)
    np.testing.assert_array_equal(class_probabilities(predictions), TABLE)


def test_what_is_no_share_is_not(classified, estimated):
    predictions = classified([0, 1, 1], TABLE)
    assert class_probabilities(estimated([0.1, 0.2], [0.1, 0.3])) is None
    assert class_probabilities(replace(predictions, answer=predictions.answer * 3 - 1)) is None
    assert class_probabilities(replace(predictions, answer=predictions.answer * 0.5)) is None
    assert class_probabilities(replace(predictions, answer=np.full((3, 2), np.nan))) is None
    assert class_probabilities(replace(predictions, answer=np.ones((3, 1)))) is None
    assert class_probabilities(predictions.take(np.arange(0))) is None


def test_of_two_classes_the_rarer_is_cut(classified):
    predictions = classified([0, 1, 1], TABLE)
    assert cut_columns(predictions, ("a", "b")) == (0,)
    assert cut_columns(replace(predictions, target=1 - predictions.target), ("a", "b")) == (1,)
    assert cut_columns(predictions.take(np.arange(2)), ("a", "b")) == (1,)  # equal: the second
    assert cut_columns(classified([0, 1, 2], np.full((3, 3), 1 / 3)), ("a", "b", "c")) == ()


def test_labels_that_exclude_nothing_are_cut_each():
    predictions = several([[1, 0, np.nan], [0, 1, 1]], [[0.9, 0.8, 0.7], [0.2, 0.6, 0.4]])
    assert cut_columns(predictions, ("a", "b", "c")) == (0, 1, 2)
    assert cut_columns(predictions, ()) == ()  # amounts have no labels
    assert cut_columns(several([[0.5, 1.0]], [[0.5, 1.0]]), ("a", "b")) == ()


def test_a_column_holds_the_examples_of_which_it_is_known():
    predictions = several([[1, 0, np.nan], [0, 1, 1]], [[0.9, 0.8, 0.7], [0.2, 0.6, 0.4]])
    found = column(predictions, 2)
    assert (found.positive.tolist(), found.score.tolist(), found.decided.tolist()) == ([True], [0.4], [False])


def test_a_column_of_classes_holds_all(classified):
    found = column(classified([0, 1, 1], TABLE), 1)
    assert found.positive.tolist() == [False, True, True]
    assert found.score.tolist() == [0.2, 0.6, 0.3]
    assert found.decided.tolist() == [False, True, False]


@pytest.mark.parametrize("larger", [True, False])
def test_a_score_keeps_how_its_interval_was_found(larger):
    score = as_score("recall", proportion(3, 4), larger_is_better=larger)
    assert (score.name, score.value, score.method, score.larger_is_better) == ("recall", 0.75, "wilson", larger)
    assert as_score("recall", proportion(0, 0)).undefined == "no examples"
