"""One real example followed through a pipeline."""

import numpy as np
import pytest

from kilter.data.tabling import table_of
from kilter.project.assembling import build_pipeline, make_dataset
from kilter.project.describing import arithmetic, describe_pipeline
from kilter.project.memory import project_in_memory
from kilter.testing.healthy.pipelines import over_images, over_numbers
from kilter.testing.healthy.sequence_pipelines import (
    of_labels,
    of_match,
    of_next,
    of_rows_of_amounts,
    of_several,
    of_text,
    of_tokens,
)
from kilter.testing.state import random_states, state_of
from kilter.values.errors import UsageError

SETTINGS = {
    "preprocessing": {"unit": "word"},
    "model": {"name": "bag"},
    "train": {"length": "2ep"},
    "batch": {"size": 16},
    "optimizer": {"learning_rate": 0.01},
}


def made(columns, task, target="y", **settings):
    table = table_of(columns)
    project = project_in_memory(("train",), target=target, task=task, settings={**SETTINGS, **settings})
    return build_pipeline(project, make_dataset(project, {"train": table}))


@pytest.fixture(scope="module")
def of_classes():
    rows = 60
    return made(
        {
            "text": [f"{'good' if row % 2 else 'bad'} film number {row % 5}" for row in range(rows)],
            "stars": [float(row % 7) + 0.5 for row in range(rows)],
            "land": ["de", "fr", "it"] * 20,
            "y": ["yes" if row % 2 else "no" for row in range(rows)],
        },
        "classification",
    )


def titled(walkthrough):
    return {passage.title: passage for passage in walkthrough.passages}


def test_text_numbers_and_categories_lead_from_the_cells_to_the_class(of_classes):
    pipeline, preprocessing = of_classes
    found = describe_pipeline(pipeline, preprocessing=preprocessing)
    passages = titled(found)
    example = pipeline.splits["valid"].example(0)
    assert (found.id, found.split) == (example.id, "valid")
    assert ("text", "input", str(example.inputs["text"])) in passages["As it was read"].rows
    batch = pipeline.splits["valid"].plain([0])
    tokens = passages["Tokens and their ids"]
    ids = [int(row[tokens.columns.index("id")]) for row in tokens.rows]
    assert ids == batch.inputs["tokens"][0].tolist()
    words = [row[1] for row in tokens.rows]
    assert words == ["(begin)", *str(example.inputs["text"]).split(), "(end)"]
    given = [float(row[-1]) for row in passages["Numbers, raw and scaled"].rows]
    assert given == pytest.approx(batch.inputs["numbers"][0].tolist(), rel=1e-3)
    assert [int(row[-1]) for row in passages["Categories and their numbers"].rows] == batch.inputs["categories"][
        0
    ].tolist()
    shares = passages["From logits to probabilities"]
    assert {row[0] for row in shares.rows} == {"yes", "no"}
    assert sum(float(row[2]) for row in shares.rows) == pytest.approx(1, abs=1e-3)
    logits = np.array([float(row[1]) for row in shares.rows])
    shown = np.array([float(row[2]) for row in shares.rows])
    assert np.exp(logits) / np.exp(logits).sum() == pytest.approx(shown, abs=2e-3)
    assert dict(passages["The decision and its loss"].rows)["true"] == example.target
    layers = passages["Through the layers"]
    counted = sum(int(row[3].replace(",", "")) for row in layers.rows if row[3])
    total = sum(p.numel() for p in pipeline.make_model().parameters())
    assert counted == total
    assert f"{total:,} numbers" in passages["The parameters"].said


@pytest.mark.parametrize(
    ("make", "title"),
    [
        (of_tokens, "An answer for each token"),
        (of_next, "What follows each token"),
        (of_text, "What follows each token"),
        (of_match, "The answer"),
        (of_labels, "From logits to probabilities"),
        (of_several, "The answer"),
        (of_rows_of_amounts, "The answer"),
        (over_images, "The image"),
    ],
)
def test_every_form_is_followed_to_its_answer(make, title):
    pipeline = make()
    passages = titled(describe_pipeline(pipeline))
    assert title in passages
    assert all(len(row) == len(passage.columns) for passage in passages.values() for row in passage.rows)
    assert ("The decision and its loss" in passages) == pipeline.task.per_example


def test_looking_changes_nothing(of_classes):
    pipeline, _ = of_classes
    before, randomness = state_of(dict(pipeline.splits)), random_states()
    first = describe_pipeline(pipeline)
    assert random_states() == randomness
    assert state_of(dict(pipeline.splits)) == before
    assert describe_pipeline(pipeline) == first


def test_a_row_is_named_by_its_id_and_found_in_whatever_split(of_classes):
    pipeline, preprocessing = of_classes
    name = pipeline.splits["test"].ids[2]
    assert describe_pipeline(pipeline, row=name).split == "test"
    assert describe_pipeline(pipeline, split="train").id == pipeline.splits["train"].ids[0]
    with pytest.raises(UsageError, match="no row has the id 'nobody'"):
        describe_pipeline(pipeline, row="nobody", preprocessing=preprocessing)
    with pytest.raises(UsageError, match=f"no row has the id '{name}' in train"):
        describe_pipeline(pipeline, row=name, split="train")
    with pytest.raises(UsageError, match="there is no split 'testing'"):
        describe_pipeline(pipeline, split="testing")


def test_rows_are_batches_times_steps():
    pipeline = over_numbers(batch={"size": 16, "accumulate": 2}, train={"length": "3ep"})
    counts = dict(arithmetic(pipeline).rows)
    assert counts["rows of the training split (N)"] == "96"
    assert counts["batches an epoch"] == "6"
    assert counts["steps an epoch"] == "3"
    assert counts["steps in all"] == "9"
    assert counts["examples seen in all"] == "288"
    by_clock = over_numbers(train={"length": "1min"}, schedule="constant")
    assert "the run ends after" in dict(arithmetic(by_clock).rows)


def test_weights_are_those_that_are_given_or_fresh(of_classes):
    pipeline, _ = of_classes
    assert "fresh weights of the seed 0" in describe_pipeline(pipeline).weights
    given = describe_pipeline(pipeline, model=pipeline.make_model(), weights="mine")
    assert given.weights == "mine"
