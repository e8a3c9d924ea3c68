import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.fingerprint import file_fingerprint, fingerprint
from kilter.data.reading import read_table
from kilter.data.tabling import table_of
from kilter.values.errors import DataError
from kilter.values.table import Table


def objects(*values):
    return np.fromiter(values, dtype=object, count=len(values))


def of(column):
    return fingerprint(Table(columns={"x": column}, ids=("a",) * len(column)))


def test_how_it_was_stored_does_not_count(tmp_path):
    (tmp_path / "a.csv").write_text("text,size\none,1\ntwo,\n")
    (tmp_path / "b.jsonl").write_text('{"size": 1.0, "text": "one"}\n{"text": "two"}\n')
    (tmp_path / "c.tsv").write_text("size\ttext\n1\tone\n\ttwo\n")
    assert len({fingerprint(read_table(tmp_path / name)) for name in ("a.csv", "b.jsonl", "c.tsv")}) == 1


@given(st.lists(st.text() | st.none(), min_size=2, unique=True))
def test_each_value_and_the_order_of_rows_count(values):
    assert of(objects(*values)) != of(objects(*values[1:], values[0]))
    assert of(objects(*values)) != of(objects(*values[:-1], "other" if values[-1] != "other" else "another"))


def test_what_looks_alike_is_not_the_same():
    columns = [
        objects("ab", "c"),
        objects("a", "bc"),
        objects("abc"),
        objects("as", "b"),
        objects("a", "sb"),
        objects("", "abc"),
        objects(None, "abc"),
        objects(("a", "b"), "c"),
        objects(("ab",), "c"),
        np.array([1.0, 2.0]),
        np.array([2.0, 1.0]),
        np.zeros((2, 3, 3), dtype=np.uint8),
        np.zeros((2, 3, 3), dtype=np.float32),
        np.zeros((2, 9, 1), dtype=np.uint8),
    ]
    assert len({of(column) for column in columns}) == len(columns)


def test_zeros_and_not_a_numbers_are_one():
    other = np.array([np.uint64(0xFFF8000000000001)]).view(np.float64)[0]  # another bit pattern
    assert of(np.array([0.0, math.nan])) == of(np.array([-0.0, other]))


def test_names_count_and_their_order_does_not():
    assert fingerprint(table_of({"a": [1], "b": [2]})) == fingerprint(table_of({"b": [2], "a": [1]}, "other"))
    assert fingerprint(table_of({"a": [1], "b": [2]})) != fingerprint(table_of({"b": [1], "a": [2]}))


def test_a_files_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc" * 100_000)
    assert file_fingerprint(tmp_path / "a") == hashlib.sha256(b"abc" * 100_000).hexdigest()
    with pytest.raises(DataError, match="cannot be read: No such file"):
        file_fingerprint(tmp_path / "b")
