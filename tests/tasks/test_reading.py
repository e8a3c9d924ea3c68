import json

import numpy as np
import pytest

from kilter.tasks.classification import Classification
from kilter.tasks.reading import TARGET_KINDS, TASKS, make_task, task_from
from kilter.tasks.regression import Regression
from kilter.values.errors import DataError, RecipeError

COLUMN, IDS = np.array([1.0, 2.0, 4.0, 2.0]), ["a", "b", "c", "d"]


def test_a_task_is_made_by_name():
    assert make_task("classification", COLUMN, IDS) == Classification.of(COLUMN, IDS)
    assert make_task("regression", COLUMN, IDS) == Regression.of(COLUMN, IDS)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_says_its_name_and_comes_back_from_json(name):
    task = make_task(name, COLUMN, IDS)

    assert task.name == name
    assert task_from(json.loads(json.dumps(task.describe()))) == task
    assert name in TARGET_KINDS


def test_a_name_that_nobody_knows_is_answered_with_the_nearest():
    with pytest.raises(RecipeError, match="did you mean 'classification'"):
        make_task("clasification", COLUMN, IDS)


@pytest.mark.parametrize(
    "description",
    [
        {},
        {"name": "ranking"},
        {"name": None},
        {"name": "classification"},
        {"name": "classification", "labels": ["a"]},
        {"name": "classification", "labels": ["a", "b"], "lead": "luck"},
        {"name": "classification", "labels": ["a", "b"], "colour": 1},
        {"name": "regression", "center": 0.0},
        {"name": "regression", "center": 0.0, "scale": 0.0},
        {"name": "regression", "center": "x", "scale": 1.0},
    ],
)
def test_what_describes_no_task_is_said(description):
    with pytest.raises(DataError, match=r"describes no task.* tasks are classification, regression"):
        task_from(description)
