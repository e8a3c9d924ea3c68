import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.categories import MISSING, CategoryColumn, as_values, has_levels


def objects(*values):
    return np.fromiter(values, dtype=object, count=len(values))


def test_numbers_follow_frequency_and_missing_and_unseen_are_0():
    column = CategoryColumn.fit(objects("b", "a", None, "b", "c"), name="x")
    assert column.values == ("b", "a", "c")
    assert column.size == 4
    assert column.encode(objects("a", None, "new", "b")).tolist() == [2, MISSING, MISSING, 1]


@given(st.lists(st.text() | st.none(), min_size=1))
def test_training_values_come_back(values):
    column = CategoryColumn.fit(objects(*values), name="x")
    decoded = [None if number == MISSING else column.values[number - 1] for number in column.encode(objects(*values))]
    assert decoded == values
    assert column.encode(objects(*values)).dtype == np.int64


def test_whole_numbers_are_values_and_all_else_is_missing():
    column = CategoryColumn.fit(np.array([3.0, 3.0, 12.0, math.nan]), name="x")
    assert column.values == ("3", "12")
    assert column.encode(np.array([12.0, 3.5, math.inf, math.nan, 4.0, -0.0])).tolist() == [2, 0, 0, 0, 0, 0]
    assert as_values(np.array([-0.0, 1e3])) == ["0", "1000"]


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([1, 2, 3], True),
        ([1, 2, 3, math.nan, math.inf], True),
        ([0, 1], False),
        ([1, 2, 3, 4], False),
        ([1, 2, 2.5], False),
        ([math.nan], False),
    ],
)
def test_levels(values, levels):
    assert has_levels(np.array(values, dtype=float), most=3) is levels
