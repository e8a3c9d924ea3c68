import json

import numpy as np
import pytest
import torch

from kilter.data.tabling import table_of
from kilter.export.predicting import Answer, answer, make_predictor
from kilter.project.assembling import build_pipeline, make_dataset
from kilter.project.memory import project_in_memory
from kilter.values.errors import DataError
from kilter.values.json_form import dumps
from kilter.values.table import Table

ROWS = {"size": [float(i % 17) for i in range(80)], "text": [f"word {'abc'[i % 3]} here" for i in range(80)]}


def predictor(target, task):
    table = table_of({**ROWS, "y": target})
    project = project_in_memory(("train",), target="y", task=task, settings={})
    pipeline, preprocessing = build_pipeline(project, make_dataset(project, {"train": table}))
    torch.manual_seed(0)
    weights = pipeline.make_model().state_dict()
    config = {"data": {"target": "y"}, "task": task, **pipeline.recipe.model_dump(mode="json")}
    stored = json.loads(dumps([config, pipeline.task.describe(), preprocessing.to_json()]))
    return make_predictor(config=stored[0], task=stored[1], preprocessing=stored[2], weights=weights)


@pytest.fixture(scope="module")
def of_classes():
    return predictor(["a", "b"] * 40, "classification")


def new(rows=5):
    columns = {
        "size": np.arange(rows) * 1.0,
        "text": np.array([f"word {'abc'[i % 3]} here" for i in range(rows)], object),
    }
    return Table(columns=columns, ids=tuple(f"new:{row}" for row in range(rows)))


def test_every_row_is_answered_in_its_place(of_classes):
    answers = answer(of_classes, new())

    assert [one.id for one in answers] == list(new().ids)
    for one in answers:
        assert set(one.probabilities) == {"a", "b"}
        assert sum(one.probabilities.values()) == pytest.approx(1)
        assert one.decided == max(one.probabilities, key=one.probabilities.get)


def test_a_row_is_answered_alike_alone_and_among_others(of_classes):
    among = answer(of_classes, new(30))
    alone = answer(of_classes, new(30).take([7]))

    assert alone[0].probabilities == pytest.approx(among[7].probabilities, rel=1e-5)


def test_amounts_are_in_the_targets_own_units():
    answers = answer(predictor([1000.0 + i % 17 for i in range(80)], "regression"), new())

    assert all(isinstance(one.decided, float) and one.probabilities == {} for one in answers)
    assert all(900 < one.decided < 1100 for one in answers)
    assert answers[0].form() == {"id": "new:0", "prediction": answers[0].decided}


def test_a_target_that_is_there_is_not_looked_at(of_classes):
    table = new()
    told = Table(columns={**table.columns, "y": np.array(["?"] * 5, object)}, ids=table.ids)

    assert answer(of_classes, told) == answer(of_classes, table)


def test_columns_that_are_missing_are_said(of_classes):
    table = new()

    with pytest.raises(DataError, match="'size'"):
        answer(of_classes, Table(columns={"text": table.columns["text"]}, ids=table.ids))


def test_files_that_do_not_belong_together_are_said(of_classes):
    with pytest.raises(DataError, match="do not belong together"):
        make_predictor(
            config={}, task={"name": "regression", "center": 0.0, "scale": 1.0}, preprocessing={}, weights={}
        )


def test_an_answer_as_json():
    one = Answer(id="a", decided="x", probabilities={"x": 0.75, "y": 0.25})

    assert one.form() == {"id": "a", "prediction": "x", "probabilities": {"x": 0.75, "y": 0.25}}
