import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.cells import MISSING, as_columns, as_numbers, as_texts

numbers = st.floats(allow_nan=False).map(repr) | st.integers(-(2**52), 2**52).map(str)


def columns(decimal=None, **cells):
    rows = len(next(iter(cells.values())))
    return as_columns(cells, lines=range(2, rows + 2), name="f.csv", decimal=decimal)


@given(st.lists(numbers | st.sampled_from(MISSING), min_size=1).filter(lambda cells: set(cells) - set(MISSING)))
def test_numbers_are_what_float_reads(cells):
    expected = [math.nan if cell in MISSING else float(cell) for cell in cells]
    np.testing.assert_array_equal(as_numbers(cells), expected)


@pytest.mark.parametrize(
    "cells",
    [["1", "one"], ["007", "042"], ["-01"], ["1_000"], ["12345678901234567"], ["NA", "?"], ["1", " "]],
    ids=["words", "codes", "negative code", "underscore", "identifier", "words alone", "space"],
)
def test_what_is_no_number_stays_text(cells):
    assert as_numbers(cells) is None
    assert as_texts(cells).tolist() == cells


def test_zeros_and_fractions_are_no_codes():
    assert as_numbers(["0", "0.5", "-0.5", "0e3"]).tolist() == [0, 0.5, -0.5, 0]


def test_large_amounts_are_numbers():
    assert as_numbers(["1e300", "123456.5"]).tolist() == [1e300, 123456.5]


def test_an_empty_column_is_a_missing_number():
    made = columns(x=["", ""])
    assert np.isnan(made.columns["x"]).all()
    assert made.notes == ()


def test_an_empty_text_is_missing_and_words_are_not():
    assert columns(x=["a", "", "NA"]).columns["x"].tolist() == ["a", None, "NA"]


def test_words_for_missing_and_overflow_are_noted():
    made = columns(x=["1", "NaN", "?", "?", ""], y=["inf", "1e400", "-inf", "0", "1"])
    assert made.notes == (
        "column 'x': read as missing: '?' (2), 'NaN' (1)",
        "column 'y': infinite in 2 rows (line 2, 4)",
        "column 'y': '1e400' is beyond double precision and reads as infinity (line 3)",
    )
    assert made.columns["y"].tolist() == [math.inf, math.inf, -math.inf, 0, 1]


def test_a_column_that_is_nearly_numbers_says_which_cells_are_none():
    made = columns(x=[str(number) for number in range(1, 100)] + ["12,x"])
    assert made.columns["x"].dtype == object
    assert made.notes == ("column 'x' is text because 1 cell of 100 are no numbers: '12,x' on line 101",)


def test_decimal_commas_are_recognised_in_the_whole_file():
    made = columns(x=["-0,935", "0,398"], z=["1,234", ""], name=["Zoé", "Ann"])
    assert made.decimal == ","
    assert made.columns["x"].tolist() == [-0.935, 0.398]
    assert made.columns["z"][0] == 1.234
    assert made.columns["name"].tolist() == ["Zoé", "Ann"]


def test_grouping_points_before_decimal_commas_are_read():
    assert columns(x=["1.234,5", "2,25"]).columns["x"].tolist() == [1234.5, 2.25]


@pytest.mark.parametrize(
    ("cells", "met"),
    [
        ({"x": ["1,234", "5,678"]}, "column 'x': '1,234' may be 1234 or 1.234"),
        ({"x": ["0,5", "2,25"], "y": ["1.234", "5.678"]}, "column 'y': '1.234' may be 1234 or 1.234"),
    ],
)
def test_what_may_be_two_numbers_is_a_fault(cells, met):
    made = columns(**cells)
    assert [fault.met for fault in made.faults] == [met]
    assert made.faults[0].where == "f.csv:2"


@pytest.mark.parametrize(("decimal", "read"), [(",", [1.234, 5.678]), (".", ["1,234", "5,678"])])
def test_a_given_decimal_sign_decides(decimal, read):
    made = columns(decimal, x=["1,234", "5,678"])
    assert made.columns["x"].tolist() == read
    assert made.faults == ()


def test_columns_keep_their_order():
    assert list(columns(b=["x"], a=["1"], c=["0,5"]).columns) == ["b", "a", "c"]
