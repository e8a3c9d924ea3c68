"""A task and predictions that need no torch."""

from __future__ import annotations

import numpy as np
import pytest

from kilter.values.batch import Example
from kilter.values.evaluation import Measures
from kilter.values.predictions import Predictions
from kilter.values.score import Score
from kilter.values.task import Form


class Naming:
    """What evaluation asks of a task: names, and scores."""

    form = Form.ROW

    def __init__(self, labels=()):
        self.labels = labels

    def name_of(self, encoded):
        return self.labels[int(encoded)] if self.labels else str(encoded)

    def measure(self, predictions):
        value = float(predictions.merit.mean())
        return Measures(scores=(Score(name="accuracy", value=value, low=None, high=None, n=len(predictions)),))


class Rows:
    """What evaluation asks of a source: ids, and rows as a person reads them."""

    def __init__(self, inputs):
        self.inputs = dict(inputs)
        self.ids = tuple(self.inputs)

    def example(self, row):
        name = self.ids[row]
        return Example(inputs=self.inputs[name], target=None, id=name)


@pytest.fixture
def naming():
    return Naming


@pytest.fixture
def rows():
    return Rows


@pytest.fixture
def classified():
    """Predictions of classes: targets, the probability of each class."""

    def make(target, answer, *, ids=None):
        target, answer = np.asarray(target, np.int64), np.asarray(answer, np.float64)
        decided = answer.argmax(axis=1)
        return Predictions(
            ids=tuple(ids) if ids else tuple(f"test.csv:{row + 2}" for row in range(len(target))),
            target=target,
            answer=answer,
            decided=decided,
            cost=-np.log(answer[np.arange(len(target)), target]),
            merit=(decided == target).astype(np.float64),
            weight=np.ones(len(target)),
        )

    return make


@pytest.fixture
def estimated():
    """Predictions of amounts: targets, answers."""

    def make(target, answer, *, ids=None):
        target, answer = np.asarray(target, np.float64), np.asarray(answer, np.float64)
        return Predictions(
            ids=tuple(ids) if ids else tuple(f"test.csv:{row + 2}" for row in range(len(target))),
            target=target,
            answer=answer,
            decided=answer,
            cost=(answer - target) ** 2,
            merit=-((answer - target) ** 2),
            weight=np.ones(len(target)),
        )

    return make
