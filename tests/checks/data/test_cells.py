"""Cells: missing, loose, equal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.checks.data.cells import codes, combined, is_blank, loose, missing
from kilter.testing.tables import column

CELLS = st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=30)


@given(CELLS)
def test_codes_are_equal_where_cells_are(cells):
    numbers = codes(np.array([*cells, None], dtype=object)[:-1]) if cells else codes(np.empty(0, dtype=object))
    plain = [None if is_blank(cell) else cell for cell in cells]
    for at, left in enumerate(plain):
        for other, right in enumerate(plain):
            assert (numbers[at] == numbers[other]) == (left == right)


@given(st.lists(st.floats(width=16), max_size=30))
def test_codes_of_numbers_take_missing_ones_for_equal(cells):
    numbers = codes(np.array(cells, dtype=np.float64))
    for at, left in enumerate(cells):
        for other, right in enumerate(cells):
            assert (numbers[at] == numbers[other]) == (left == right or np.isnan([left, right]).all())


def test_images_are_equal_when_all_their_points_are():
    images = np.zeros((3, 4, 4), np.uint8)
    images[1, 2, 2] = 1
    assert codes(images).tolist() == [0, 1, 0]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_combined_codes_are_equal_where_whole_rows_are(rows):
    table = np.array(rows)
    numbers = combined((table[:, at] for at in range(3)), len(rows))
    assert [[a == b for b in numbers] for a in numbers] == [[a == b for b in rows] for a in rows]


@pytest.mark.parametrize("cell", [None, "", " \t", "\u200b", "\ufeff", float("nan"), ()])
def test_nothing_is_said_in_many_ways(cell):
    assert is_blank(cell)


def test_missing_rows_of_each_kind_of_column():
    assert missing(np.array([1.0, np.nan])).tolist() == [False, True]
    assert missing(np.array([1, 2])).tolist() == [False, False]
    assert missing(column(["a", None, " "])).tolist() == [False, True, True]
    assert missing(np.full((2, 3, 3), np.nan)).tolist() == [True, True]


@pytest.mark.parametrize(
    ("left", "right"),
    [("What is an atom ?", "WHAT is an  atom ?"), ("ﬁne", "fine"), ("naïve", "nai\u0308ve"), ("a\u200bb", "ab")],
)
def test_texts_are_loosely_equal_up_to_writing(left, right):
    assert loose(left) == loose(right)


def test_texts_that_differ_in_a_word_are_not():
    assert loose("an atom") != loose("an atoll")
    assert loose(("A", "b")) == ("a", "b")
