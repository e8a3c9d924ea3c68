"""Answers of simple models on rows that they were not fitted on."""

import numpy as np
import pytest

from kilter.checks.data.simple_answers import simple_answers
from kilter.testing.tables import column, sentences, table
from kilter.values.table import Field, Kind

DRAW = np.random.default_rng(0)
LABELS = DRAW.integers(0, 2, 400)


def right(cells, kind):
    answers = simple_answers(table({"x": cells}, "t"), (Field(name="x", kind=kind),), LABELS)
    assert (answers.margin >= 0).all()
    return float((answers.decided == LABELS).mean())


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (column([f"{text} {'ab'[at]}" for text, at in zip(sentences(DRAW, 400), LABELS, strict=True)]), Kind.TEXT),
        (LABELS + 0.2 * DRAW.normal(size=400), Kind.NUMBER),
        (column([("p", "q")[at] for at in LABELS]), Kind.CATEGORY),
        (DRAW.random((400, 8, 8)) + LABELS[:, None, None] * np.eye(8), Kind.IMAGE),
    ],
)
def test_what_an_input_tells_is_learnt(cells, kind):
    assert right(cells, kind) > 0.95


def test_what_says_nothing_is_right_by_chance():
    assert 0.4 < right(column(sentences(DRAW, 400)), Kind.TEXT) < 0.6
    assert 0.4 < right(DRAW.normal(size=400), Kind.NUMBER) < 0.6


def test_missing_numbers_are_let_through():
    assert 0.4 < right(np.full(400, np.nan), Kind.NUMBER) < 0.6
