import math

import numpy as np
import pytest

from kilter.data.conforming import conform, converted, missing_columns
from kilter.data.tabling import table_of
from kilter.values.errors import DataError
from kilter.values.table import Field, Kind, Schema

SCHEMA = Schema(
    inputs=(Field(name="text", kind=Kind.TEXT), Field(name="size", kind=Kind.NUMBER)),
    target="label",
    target_kind=Kind.CATEGORY,
    weight="weight",
    group="author",
)


def table(**changed):
    columns = {"text": ["a", "b"], "size": ["1", "2"], "label": [0, 1], "weight": [1, 0], "author": [7, 7]}
    return table_of({**columns, "other": ["x", "y"], **changed}, "t")


def test_each_column_becomes_its_kind():
    made = conform(table(), SCHEMA, name="train")
    assert made.columns["size"].tolist() == [1, 2]
    assert made.columns["label"].tolist() == ["0", "1"]
    assert made.columns["author"].tolist() == ["7", "7"]
    assert made.columns["other"].tolist() == ["x", "y"]
    assert made.ids == ("t#0", "t#1")


def test_only_inputs_are_needed_at_prediction():
    given = table_of({"text": ["a"], "size": [1]})
    assert list(conform(given, SCHEMA, name="new", target=False).columns) == ["text", "size"]
    with pytest.raises(DataError, match="there is no column 'label'"):
        conform(given, SCHEMA, name="new")


def test_all_faults_are_said_at_once():
    given = table_of(
        {"texts": ["a", "b"], "size": ["1", "x"], "label": [0, 1], "weight": [1, 1], "author": [1, 1]}, "t"
    )
    with pytest.raises(DataError, match="train does not fit its schema") as caught:
        conform(given, SCHEMA, name="train")
    assert [str(fault) for fault in caught.value.faults] == [
        "there is no column 'text': did you mean 'texts'?",
        "t#1 column 'size': 'x': a number, or an empty cell where it is missing.",
    ]


@pytest.mark.parametrize(
    ("weights", "met"),
    [
        ([1, -1], "t#1 weight 'weight' is -1"),
        ([math.inf, 1], "t#0 weight 'weight' is inf"),
        ([None, 1.0], "t#0 weight 'weight' is nan"),
        ([0, 0], "is 0 in every row"),
    ],
)
def test_weights_that_cannot_be_are_refused(weights, met):
    with pytest.raises(DataError, match=met):
        conform(table(weight=weights), SCHEMA, name="train")


def test_missing_columns_say_what_is_there():
    assert [str(fault) for fault in missing_columns(table_of({"a": [1], "b": [2]}), ["a", "zzz"])] == [
        "there is no column 'zzz': legal are a, b."
    ]


def test_converted_leaves_other_columns():
    columns, faults = converted(table_of({"a": ["1"], "b": ["1"]}), {"a": Kind.NUMBER})
    assert faults == []
    assert columns["a"].dtype == np.float64
    assert columns["b"].tolist() == ["1"]
