import json

import numpy as np
import pytest
import torch

from kilter.data.tabling import table_of
from kilter.engine.generating import Manner
from kilter.export.predicting import Answer, answer, make_predictor
from kilter.project.assembling import build_pipeline, make_dataset
from kilter.project.memory import project_in_memory
from kilter.values.errors import DataError, UsageError
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


TEXTS = [f"{'abc'[i % 3]} word {'xyz'[i % 3]}" for i in range(60)]


def stored(columns, task, **settings):
    """A predictor of fresh weights, by way of the files that a run keeps."""
    target = settings.pop("target", "y")
    table = table_of(columns)
    project = project_in_memory(("train",), target=target, task=task, settings=settings)
    pipeline, preprocessing = build_pipeline(project, make_dataset(project, {"train": table}))
    torch.manual_seed(0)
    weights = pipeline.make_model().state_dict()
    names = [target] if isinstance(target, str) else list(target)
    config = {"data": {"target": names}, "task": task, **pipeline.recipe.model_dump(mode="json")}
    parts = json.loads(dumps([config, pipeline.task.describe(), preprocessing.to_json()]))
    return make_predictor(config=parts[0], task=parts[1], preprocessing=parts[2], weights=weights)


def rows_of(**columns):
    made = {}
    for name, values in columns.items():
        made[name] = np.empty(len(values), dtype=object)
        made[name][:] = values
    return Table(columns=made, ids=tuple(f"new:{row}" for row in range(len(values))))


def test_each_word_has_its_tag_and_spans_their_words():
    tokens = [("in", "new", "york") if i % 2 else ("with", "ann") for i in range(60)]
    tags = [("O", "B-LOC", "I-LOC") if i % 2 else ("O", "B-PER") for i in range(60)]
    made = stored({"tokens": tokens, "y": tags}, "tagging", preprocessing={"longest": 8})
    long = ("in", "new", "york", "with", "ann", "and", "bob", "we", "saw", "eve")
    first, second = answer(made, rows_of(tokens=[("in", "new"), long]))
    assert len(first.decided) == 2
    assert len(second.decided) == len(long)
    assert second.decided[8:] == ["O"] * 2  # what was cut off
    assert second.form()["tokens"] == list(long)
    for span in second.form()["spans"]:
        assert span["text"] == " ".join(long[span["start"] : span["end"]])


def test_a_language_model_goes_on_and_a_writer_answers():
    model = stored({"y": TEXTS}, "generation")
    (first, again) = answer(model, rows_of(y=["a word", "a word"]), Manner(longest=5))
    assert (first.decided, first.more) == (again.decided, again.more)
    assert first.more["tokens"] <= 5
    assert first.more["nats"] > 0
    writer = stored({"x": TEXTS, "y": TEXTS[::-1]}, "generation")
    (beams,) = answer(writer, rows_of(x=["b word y"]), Manner(longest=4, beams=3))
    assert beams.more["tokens"] <= 4
    assert isinstance(beams.decided, str)


def test_the_nearest_of_the_given_texts_is_the_answer_or_the_place():
    made = stored({"x": TEXTS, "y": TEXTS[1:] + TEXTS[:1]}, "contrastive")
    found = answer(made, rows_of(x=["a word", "b word", "c word"], y=["x", "z word", "x"]))
    assert {one.decided for one in found} <= {"x", "z word"}
    assert all(one.more["candidates"] == 2 for one in found)
    (place,) = answer(made, rows_of(x=["a word"]))
    assert np.linalg.norm(place.decided) == pytest.approx(1, abs=1e-4)
    assert len(place.decided) == 128


def test_several_columns_are_answered_by_name():
    columns = {"text": TEXTS, "topic": ["abc"[i % 3] for i in range(60)], "size": [float(i % 7) for i in range(60)]}
    made = stored(columns, "multitask", target=["topic", "size"])
    (one,) = answer(made, rows_of(text=["a word x"]))
    assert set(one.decided) == {"topic", "size"}
    assert sum(one.probabilities["topic"].values()) == pytest.approx(1)


def test_a_manner_of_writing_is_for_what_writes(of_classes):
    with pytest.raises(UsageError, match="models of generation write"):
        answer(of_classes, new(), Manner())
