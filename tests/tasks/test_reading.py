import json

import numpy as np
import pytest

from kilter.tasks.classification import Classification
from kilter.tasks.contrastive import Contrastive
from kilter.tasks.multilabel import MultiLabel
from kilter.tasks.multitask import MultiTask
from kilter.tasks.quantiles import Quantiles
from kilter.tasks.reading import TASKS, form_of, make_task, target_kind, task_from
from kilter.tasks.regression import Regression
from kilter.tasks.several_amounts import SeveralAmounts
from kilter.values.errors import DataError, RecipeError
from kilter.values.recipe import LossChoice
from kilter.values.table import Field, Kind
from kilter.values.task import Form, Tokens

IDS = ["a", "b", "c", "d"]
COLUMN = np.array([1.0, 2.0, 4.0, 2.0])
PAIRS = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
TWO = (Field(name="x", kind=Kind.NUMBER), Field(name="y", kind=Kind.NUMBER))
MIXED = (Field(name="x", kind=Kind.CATEGORY), Field(name="y", kind=Kind.NUMBER))


def column_of(values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


TEXTS = column_of(["p", "q", "r", "q"])
TOKENS = Tokens(entries=("", "", "", "", "", "p", "q"), joiner=" ", unit="word")
MADE = {
    "classification": {"column": COLUMN},
    "regression": {"column": COLUMN, "loss": LossChoice(name="huber", delta=2.0)},
    "multilabel": {"column": column_of([("p",), ("q", "p"), (), ("p",)])},
    "tagging": {"column": column_of([("B-x", "O"), ("O",), ("O", "B-x"), ("B-x", "I-x")])},
    "generation": {
        "column": column_of([np.array([5, 6, 3]), np.array([6, 3])] * 2),
        "form": Form.TEXT,
        "tokens": TOKENS,
    },
    "contrastive": {"column": TEXTS, "loss": LossChoice(name="triplet", margin=0.4)},
    "multitask": {"column": column_of([("p", 1.0), ("q", 2.0), ("p", 3.0), ("q", 5.0)]), "joined": MIXED},
}


def made(name):
    settings = dict(MADE[name])
    return make_task(name, settings.pop("column"), IDS, **settings)


def test_a_task_is_made_by_name_and_by_how_many_columns_it_learns():
    assert made("classification") == Classification.of(COLUMN, IDS)
    assert made("contrastive") == Contrastive(choice=LossChoice(name="triplet", margin=0.4))
    assert isinstance(made("multitask"), MultiTask)
    for name, kind in (("classification", Classification), ("regression", SeveralAmounts), ("multilabel", MultiLabel)):
        task = make_task(name, PAIRS, IDS, joined=TWO)
        assert type(task) is kind
        assert task.outputs == 2
    assert make_task("regression", COLUMN, IDS) == Regression.of(COLUMN, IDS)


def test_spans_are_read_where_there_are_tags_alone():
    with pytest.raises(RecipeError, match=r"spans\.reading = 'lenient' for the task 'regression'") as caught:
        make_task("regression", COLUMN, IDS, spans="lenient")
    assert "the task is tagging" in caught.value.summary.legal


def test_the_quantile_loss_makes_a_task_of_its_own_of_one_amount_only():
    loss = LossChoice(name="quantile", quantiles=(0.2, 0.5))
    assert make_task("regression", COLUMN, IDS, loss=loss) == Quantiles.of(COLUMN, IDS, loss=loss)
    with pytest.raises(RecipeError, match="no loss of regression of several amounts"):
        make_task("regression", PAIRS, IDS, joined=TWO, loss=loss)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_says_its_name_and_comes_back_from_json(name):
    task = made(name)

    assert task.name == name
    assert task_from(json.loads(json.dumps(task.describe()))) == task
    assert isinstance(target_kind(name), Kind)


def test_several_amounts_come_back_too():
    task = make_task("regression", PAIRS, IDS, joined=TWO)

    assert task_from(json.loads(json.dumps(task.describe()))) == task


def test_what_a_run_of_an_earlier_version_has_stored_is_still_read():
    assert task_from({"name": "regression", "center": 1.0, "scale": 2.0}) == Regression(center=1.0, scale=2.0)
    stored = {"name": "classification", "labels": ["a", "b"], "lead": "accuracy", "rare": 0}
    assert task_from(stored) == Classification(labels=("a", "b"), rare=0)


def test_forms_and_kinds_of_targets():
    assert {name: form_of(name) for name in TASKS} == {
        **dict.fromkeys(TASKS, Form.ROW),
        "tagging": Form.TOKEN,
        "generation": Form.TEXT,
        "contrastive": Form.MATCH,
    }
    assert form_of("generation", alone=True) is Form.NEXT
    assert target_kind("regression", several=True) is Kind.AMOUNTS
    assert target_kind("tagging", several=True) is None


def test_a_name_that_nobody_knows_is_answered_with_the_nearest():
    for ask in (lambda: make_task("clasification", COLUMN, IDS), lambda: target_kind("clasification")):
        with pytest.raises(RecipeError, match="did you mean 'classification'"):
            ask()


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
        {"name": "classification", "labels": ["a", "b"], "choice": {"smoothing": 2}},
        {"name": "regression", "center": 0.0},
        {"name": "regression", "center": 0.0, "scale": 0.0},
        {"name": "regression", "center": "x", "scale": 1.0},
        {"name": "multitask", "columns": ["a"], "tasks": [{"name": "regression"}]},
    ],
)
def test_what_describes_no_task_is_said(description):
    with pytest.raises(DataError, match=r"(?s)describes no task.* tasks are classification, regression"):
        task_from(description)
