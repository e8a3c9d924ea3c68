import math
from datetime import date

import numpy as np
import pytest

from kilter.data.objects import as_column, noted_gaps


def typed(values):
    return as_column(values, name="x", place=lambda row: f"f:{row}")


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (["a", None, ""], ["a", None, ""]),
        ([True, None, False], ["true", None, "false"]),
        ([date(2020, 1, 2), None], ["2020-01-02", None]),
        ([["a", "b"], None, []], [("a", "b"), None, ()]),
        ([2**53, 1, None], ["9007199254740992", "1", None]),
        ([{"a": 1}, None], ['{"a": 1}', None]),
        ([[1, 2], [3]], ["[1, 2]", "[3]"]),
    ],
    ids=["texts", "truth", "dates", "words", "identifiers", "objects", "lists of numbers"],
)
def test_values_become_columns_of_objects(values, column):
    made = typed(values)
    assert made.column.tolist() == column
    assert made.column.dtype == object
    assert made.faults == ()


def test_numbers_become_doubles():
    made = typed([1, 2.5, None, np.int64(3), np.float32(0.5), math.inf])
    np.testing.assert_array_equal(made.column, [1, 2.5, math.nan, 3, 0.5, math.inf])
    assert made.notes == ()


def test_nothing_becomes_missing_numbers():
    assert np.isnan(typed([None, None]).column).all()


def test_words_for_missing_among_numbers_are_noted():
    made = typed([1, "NA", "", 2])
    np.testing.assert_array_equal(made.column, [1, math.nan, math.nan, 2])
    assert made.notes == ("column 'x': read as missing: 'NA' (1), '' (1)",)


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        (["a", 42, "b"], [("f:1", "column 'x': the number 42 among texts")]),
        ([1, 2, "three"], [("f:2", "column 'x': the text 'three' among numbers")]),
        (["a", "b", True, ["c"]], [("f:2", "truth value True"), ("f:3", "list of texts ['c']")]),
    ],
)
def test_a_value_of_another_kind_is_a_fault(values, faults):
    made = typed(values).faults
    assert [fault.where for fault in made] == [where for where, _ in faults]
    assert all(said in fault.met for fault, (_, said) in zip(made, faults, strict=True))


def test_nested_values_are_noted():
    assert "kept as JSON text" in typed([{"a": 1}]).notes[0]


def test_blank_texts_are_noted():
    assert noted_gaps(["a", " ", "\u200b", "", None, 3], name="x", lines=range(1, 7)) == (
        "column 'x': 3 blank texts (line 2, 3, 4)",
    )
    assert noted_gaps(["a", None], name="x", lines=[1, 2]) == ()
