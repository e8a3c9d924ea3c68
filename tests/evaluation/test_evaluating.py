from __future__ import annotations

import numpy as np
import pytest

from kilter.evaluation.evaluating import evaluate, with_probabilities
from kilter.values.errors import UsageError

SURE = [[0.9, 0.1], [0.2, 0.8], [0.05, 0.95], [0.6, 0.4]]


def test_the_task_measures_and_mistakes_are_read_from_the_source(naming, rows, classified):
    predictions = classified([0, 1, 0, 1], SURE)
    source = rows((name, {"text": f"text of {name}"}) for name in reversed(predictions.ids))
    made = evaluate(predictions, naming(("no", "yes")), model="model", split="test", source=source)
    assert (made.model, made.split, made["accuracy"].value, made.primary.n) == ("model", "test", 0.5, 4)
    assert [(m.id, m.inputs, m.target, m.decided) for m in made.mistakes] == [
        ("test.csv:4", "text of test.csv:4", "no", "yes"),
        ("test.csv:5", "text of test.csv:5", "yes", "no"),
    ]


def test_without_a_source_the_inputs_stay_empty(naming, classified):
    made = evaluate(classified([0, 1, 0, 1], SURE), naming(("no", "yes")), model="model", split="test")
    assert [mistake.inputs for mistake in made.mistakes] == ["", ""]


def test_how_many_mistakes_are_kept_can_be_said(naming, classified):
    predictions = classified([1] * 6, [[0.5 + 0.05 * row, 0.5 - 0.05 * row] for row in range(1, 7)])
    task = naming(("no", "yes"))
    kept = evaluate(predictions, task, model="m", split="test", mistakes=2, mistakes_each_pair=0).mistakes
    assert [mistake.id for mistake in kept] == ["test.csv:7", "test.csv:6"]


def test_nothing_to_evaluate_is_an_error_in_three_parts(naming, classified):
    with pytest.raises(UsageError, match="no predictions of 'model' on the split 'valid'") as caught:
        evaluate(classified([], np.empty((0, 2))), naming(("no", "yes")), model="model", split="valid")
    assert caught.value.summary.legal
    assert caught.value.summary.remedy


def test_probabilities_are_judged_beside_a_split_that_thresholds_are_chosen_on(naming, classified):
    predictions, task = classified([0, 1, 0, 1], SURE), naming(("no", "yes"))
    made = evaluate(predictions, task, model="model", split="test")
    assert made.calibration is None
    alone = with_probabilities(made, predictions, task)
    assert alone.calibration.n == 4
    assert (alone.calibration.cooled, alone.thresholds) == (None, ())
    beside = with_probabilities(made, predictions, task, validation=predictions, precision=0.5)
    assert beside.calibration.cooled.fitted_on == "valid"
    assert [each.goal for each in beside.thresholds] == ["largest f1", "recall at precision >= 0.5"]
    assert beside.measures == made.measures


def test_amounts_have_neither(naming, estimated):
    predictions, task = estimated([0.1, 0.2], [0.1, 0.3]), naming()
    made = evaluate(predictions, task, model="model", split="test")
    assert with_probabilities(made, predictions, task, validation=predictions) == made
