from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.engine.predicting import predict
from kilter.engine.seeding import fresh_model
from kilter.training.samples import chosen, shown
from kilter.values.batch import Example
from kilter.values.predictions import Predictions
from kilter.values.task import Form
from kilter.values.words import in_words


def predictions(target, answer=None, decided=None):
    rows = len(target)
    return Predictions(
        ids=tuple(f"row {row}" for row in range(rows)),
        target=target,
        answer=np.zeros((rows, 2)) if answer is None else answer,
        decided=np.zeros(rows, np.int64) if decided is None else decided,
        cost=np.arange(rows, dtype=np.float64),
        merit=np.zeros(rows),
        weight=np.ones(rows),
    )


@given(st.lists(st.integers(0, 4), max_size=60), st.integers(0, 8))
def test_rows_of_as_many_targets_as_there_are_come_first(targets, most):
    rows = chosen(predictions(np.array(targets, np.int64)), most)
    assert list(rows) == sorted(set(rows))
    assert len(rows) == min(most, len(targets))
    assert len({targets[row] for row in rows}) == min(most, len(set(targets)))


def test_they_hang_on_targets_alone():
    target = np.arange(1000) % 7
    drawn = np.random.default_rng(1)
    one, two = (predictions(target, drawn.random((1000, 2)), drawn.integers(0, 7, 1000)) for _ in range(2))
    assert chosen(one, 5) == chosen(two, 5)


def test_a_split_of_millions_is_not_gone_through():
    touched = []

    class Watched(np.ndarray):
        def __getitem__(self, row):
            touched.append(row)
            return super().__getitem__(row)

    target = np.zeros(10**6, np.int64).view(Watched)
    assert len(chosen(predictions(target, np.zeros((10**6, 1))), 4)) == 4
    assert len(touched) <= 4 * 32


def test_what_the_model_says_is_told_with_its_cost_and_its_confidence(make_pipeline):
    pipeline = make_pipeline()
    valid = pipeline.splits["valid"]
    found, _ = predict(pipeline, fresh_model(pipeline, 0), valid)
    samples = shown(found, pipeline.task, valid, most=4)

    assert len(samples) == 4
    for sample in samples:
        row = found.ids.index(sample.id)
        assert sample.target == pipeline.task.name_of(found.target[row])
        assert sample.decided == "abc"[int(found.answer[row].argmax())]
        assert sample.confidence == pytest.approx(found.answer[row].max())
        assert sample.cost == found.cost[row]
        assert sample.inputs == in_words(valid.example(row).inputs)


def test_nothing_is_shown_where_nothing_was_asked_for(make_pipeline):
    pipeline = make_pipeline()
    valid = pipeline.splits["valid"]
    found, _ = predict(pipeline, fresh_model(pipeline, 0), valid)
    assert shown(found, pipeline.task, valid, most=0) == ()


class Rows:
    """A source whose rows stand in another order than the predictions."""

    ids = ("row 1", "row 0")

    def __len__(self):
        return 2

    def example(self, row):
        return Example(inputs={"text": f"what {self.ids[row]} says"}, target="", id=self.ids[row])


class Letters:
    form = Form.TEXT

    def name_of(self, encoded):
        return "".join("-abc"[int(token)] for token in np.asarray(encoded).reshape(-1))


def sequences(*rows):
    column = np.empty(len(rows), dtype=object)
    column[:] = [np.asarray(row) for row in rows]
    return column


def test_of_a_text_that_nobody_wrote_the_likeliest_tokens_are_shown():
    given = predictions(
        sequences([1, 2], [3, 3]),
        answer=sequences([[0.1, 1], [0.2, 3]], [[0.1, 3], [0.2, 3]]),
        decided=sequences([], []),
    )
    samples = shown(given, Letters(), Rows(), most=2)
    assert [(sample.target, sample.decided) for sample in samples] == [("ab", "ac"), ("cc", "cc")]
    assert [sample.inputs for sample in samples] == ["what row 0 says", "what row 1 says"]

    written = replace(given, decided=sequences([2], [1, 1]))
    assert [sample.decided for sample in shown(written, Letters(), Rows(), most=2)] == ["b", "aa"]
