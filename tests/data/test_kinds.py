import math

import numpy as np
import pytest

from kilter.data.kinds import as_kind, converted_or_faults, guess_kind
from kilter.values.errors import DataError
from kilter.values.table import Kind


def objects(*values):
    return np.fromiter(values, dtype=object, count=len(values))


def ids(column):
    return [f"f:{row}" for row in range(len(column))]


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (np.zeros((2, 3, 3)), Kind.IMAGE),
        (np.array([0.0, 1.0, math.nan]), Kind.NUMBER),
        (objects("red", "blue", None, "red"), Kind.CATEGORY),
        (objects("what is this", "and what is that then"), Kind.TEXT),
        (objects(*(f"name{number}" for number in range(21))), Kind.TEXT),
        (objects(*(f"name{number}" for number in range(20))), Kind.CATEGORY),
        (objects(*(f"name{number % 100}" for number in range(1000))), Kind.CATEGORY),
        (objects(*(str(number) for number in range(95)), *["x"] * 5), Kind.NUMBER),
        (objects(*(str(number) for number in range(80)), *["x"] * 20), Kind.TEXT),
        (objects("00501", "10001"), Kind.CATEGORY),
        (objects(("a", "b"), ("c",)), Kind.TOKENS),
        (objects(None, None), Kind.CATEGORY),
    ],
)
def test_guesses(column, kind):
    assert guess_kind(column) is kind


@pytest.mark.parametrize(
    ("column", "kind", "expected"),
    [
        (np.array([1.0, 2.5, math.nan]), Kind.CATEGORY, ["1", "2.5", None]),
        (np.array([1.0, math.inf]), Kind.TEXT, ["1", "inf"]),
        (objects("a b", None, "c  d"), Kind.TOKENS, [("a", "b"), None, ("c", "d")]),
        (objects("a b", "c d"), Kind.TOKENS, [("a", "b"), ("c", "d")]),
        (objects(("a",), None), Kind.TOKENS, [("a",), None]),
        (objects("a", None), Kind.TEXT, ["a", None]),
    ],
)
def test_conversions(column, kind, expected):
    assert as_kind(column, kind, ids(column), "x").tolist() == expected


def test_texts_become_numbers():
    column = objects("1", None, "NA", "007", " 2 ")
    np.testing.assert_array_equal(as_kind(column, Kind.NUMBER, ids(column), "x"), [1, math.nan, math.nan, 7, 2])


def test_images_are_images():
    for shape in ((2, 5, 5), (2, 5, 5, 3)):
        column = np.zeros(shape, dtype=np.uint8)
        assert as_kind(column, Kind.IMAGE, ids(column), "x") is column


def test_all_cells_that_are_no_numbers_are_said():
    column = objects("1", "one", "1_000", None)
    with pytest.raises(DataError, match="column 'x' cannot be a number") as caught:
        as_kind(column, Kind.NUMBER, ids(column), "x")
    assert [fault.where for fault in caught.value.faults] == ["f:1", "f:2"]


@pytest.mark.parametrize(
    ("column", "kind", "met"),
    [
        (np.zeros((2, 3, 3)), Kind.NUMBER, "a number is one value a row"),
        (np.zeros((2, 3, 8, 8)), Kind.IMAGE, "move the channels last"),
        (np.zeros((2, 8, 8, 9)), Kind.IMAGE, "1 to 4 channels"),
        (np.zeros(2), Kind.IMAGE, "images are numbers"),
        (objects(("a",), ("b",)), Kind.TEXT, "holds lists of words"),
        (objects(("a",), ("b",)), Kind.NUMBER, "a number, or an empty cell"),
    ],
)
def test_what_cannot_be_is_refused(column, kind, met):
    assert isinstance(converted_or_faults(column, kind, ids(column), "x"), list)
    with pytest.raises(DataError, match=met):
        as_kind(column, kind, ids(column), "x")
