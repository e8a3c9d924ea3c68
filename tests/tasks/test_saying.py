"""Answers for rows without a target, as plain data."""

import json

import numpy as np
import pytest

from kilter.tasks.classification import Classification
from kilter.tasks.multilabel import MultiLabel
from kilter.tasks.multitask import MultiTask
from kilter.tasks.quantiles import Quantiles
from kilter.tasks.regression import Regression
from kilter.tasks.saying import decide, say
from kilter.tasks.several_amounts import SeveralAmounts
from kilter.tasks.tagging import Tagging
from kilter.values.json_form import dumps

CLASSES = Classification(labels=("a", "b"))
AMOUNT = Regression(center=0.0, scale=1.0)


def said(task, answers, **options):
    decided = decide(task, [f"r:{row}" for row in range(len(answers))], answers, **options)
    found = [say(task, choice, answer) for choice, answer in zip(decided, answers, strict=True)]
    json.loads(dumps(found))
    return found


def test_a_class_has_its_probabilities():
    (one, two) = said(CLASSES, [np.array([0.2, 0.8]), np.array([0.9, 0.1])])
    assert (one.decided, two.decided) == ("b", "a")
    assert one.probabilities == {"a": 0.2, "b": 0.8}


def test_shares_of_classes_are_decided_likewise():
    (one,) = said(Classification(labels=("a", "b"), soft=True), [np.array([0.2, 0.8])])
    assert one.decided == "b"


def test_an_amount_is_a_number_and_several_go_by_their_columns():
    (one,) = said(AMOUNT, [np.float64(3.5)])
    assert (one.decided, one.probabilities) == (3.5, {})
    task = SeveralAmounts(columns=("x", "y"), center=(0.0, 0.0), scale=(1.0, 1.0))
    (both,) = said(task, [np.array([1.0, 2.0])])
    assert both.decided == {"x": 1.0, "y": 2.0}


def test_quantiles_go_by_their_levels_and_the_median_is_decided():
    (one,) = said(Quantiles(center=0.0, scale=1.0), [np.array([1.0, 2.0, 4.0])])
    assert (one.decided, one.more) == (2.0, {"quantiles": {"0.1": 1.0, "0.5": 2.0, "0.9": 4.0}})


def test_labels_are_those_that_are_there():
    one, none = said(MultiLabel(labels=("a", "b", "c")), [np.array([0.9, 0.1, 0.5]), np.array([0.1, 0.2, 0.3])])
    assert one.decided == ["a", "c"]
    assert none.decided == []
    assert one.probabilities["b"] == pytest.approx(0.1)
    assert one.between == "|"


def test_several_tasks_go_by_their_columns():
    task = MultiTask(columns=("topic", "score"), tasks=(CLASSES, AMOUNT))
    (one,) = said(task, [np.array([0.3, 0.7, 4.0])])
    assert one.decided == {"topic": "b", "score": 4.0}
    assert one.probabilities == {"topic": {"a": 0.3, "b": 0.7}}


def test_tags_come_with_their_spans_and_words_that_were_cut_off_are_outside():
    task = Tagging(labels=("O", "B-x", "I-x"))
    sure = np.array([[0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    (one,) = said(task, [sure], lengths=[3])
    assert one.decided == ["B-x", "I-x", "O"]
    assert one.more == {"spans": [{"type": "x", "start": 0, "end": 2}]}
