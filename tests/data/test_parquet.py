import datetime as dt
import decimal
import io
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kilter.data.parquet import read_columns
from kilter.values.errors import DataError


def stored(**columns):
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, None, 3], pa.int32(), [1, math.nan, 3]),
        ([1, None, 3], pa.int64(), [1, math.nan, 3]),
        ([0.5, math.inf, None], pa.float32(), [0.5, math.inf, math.nan]),
        ([decimal.Decimal("1.25"), None], pa.decimal128(5, 2), [1.25, math.nan]),
    ],
    ids=str,
)
def test_numbers_are_doubles(values, kind, expected):
    column = read_columns(stored(x=pa.array(values, kind)), name="f").columns["x"]
    assert column.dtype == np.float64
    np.testing.assert_array_equal(column, expected)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array(["a", None]), ["a", None]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array([True, None]), ["true", None]),
        (pa.array([b"a", None]), ["a", None]),
        (pa.array([dt.date(2020, 1, 2)]), ["2020-01-02"]),
        (pa.array([["a", "b"], []]), [("a", "b"), ()]),
        (pa.array([2**60, 1]), [str(2**60), "1"]),
        (pa.array([dt.datetime(2020, 1, 2, 3)], pa.timestamp("s")), ["2020-01-02 03:00:00.000"]),  # noqa: DTZ001
    ],
    ids=["text", "dictionary", "truth", "bytes", "date", "words", "identifiers", "time"],
)
def test_all_else_is_text(array, expected):
    assert read_columns(stored(x=array), name="f").columns["x"].tolist() == expected


def test_identifiers_beyond_double_precision_are_noted():
    assert "stay text" in read_columns(stored(x=pa.array([2**60])), name="f").notes[0]


def test_columns_of_one_name_are_refused():
    file = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), file)
    with pytest.raises(DataError, match="column 'a' stands twice"):
        read_columns(file.getvalue(), name="f")


@pytest.mark.parametrize("keep", [10, 200])
def test_a_damaged_file_is_said(keep):
    with pytest.raises(DataError, match=r"f\.parquet cannot be read as Parquet"):
        read_columns(stored(x=list(range(1000)))[:keep], name="f.parquet")


def test_no_rows_are_refused():
    with pytest.raises(DataError, match="has no rows"):
        read_columns(stored(x=pa.array([], pa.int64())), name="f")
