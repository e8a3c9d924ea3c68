import math
from types import SimpleNamespace

import numpy as np
import pytest

from kilter.data.tabling import table_of
from kilter.values.errors import DataError
from kilter.values.table import Table


class Series:
    """What a frame's column is, as far as it is asked."""

    def __init__(self, values):
        self.values = np.array(values)

    def __len__(self):
        return len(self.values)

    def to_numpy(self):
        return self.values


class Frame:
    """What a frame is, as far as it is asked."""

    def __init__(self, **columns):
        self.columns = list(columns)
        self.held = columns

    def __getitem__(self, name):
        return self.held[name]


def test_a_mapping_of_columns():
    table = table_of({"text": ["a", None], "count": (1, 2), "image": np.zeros((2, 3, 3), dtype=np.uint8)}, "mine")
    assert table.columns["text"].tolist() == ["a", None]
    assert table.columns["count"].dtype == np.float64
    assert table.columns["image"].shape == (2, 3, 3)
    assert table.ids == ("mine#0", "mine#1")


def test_a_list_of_rows():
    table = table_of([{"a": 1}, {"a": 2, "b": "x"}])
    assert table.columns["a"].tolist() == [1, 2]
    assert table.columns["b"].tolist() == [None, "x"]


def test_a_table_is_one():
    table = Table(columns={}, ids=())
    assert table_of(table) is table


def test_a_frame_with_its_ways_of_missing():
    not_available = type("NAType", (), {})()
    frame = Frame(
        text=Series(np.array(["a", math.nan, None], dtype=object)),
        count=Series(np.array([1, not_available, 3], dtype=object)),
        when=Series(np.array(["2020-01-02", "NaT", "2020-01-03"], dtype="datetime64[D]")),
        on=Series([True, False, True]),
    )
    table = table_of(frame, "frame")
    assert table.columns["text"].tolist() == ["a", None, None]
    np.testing.assert_array_equal(table.columns["count"], [1, math.nan, 3])
    assert table.columns["when"].tolist() == ["2020-01-02", None, "2020-01-03"]
    assert table.columns["on"].tolist() == ["true", "false", "true"]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_installed_libraries(library):
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({"text": ["a", None, "c"], "count": [1, None, 3], "share": [0.5, 1.5, 2.5]})
    table = table_of(frame)
    assert table.columns["text"].tolist() == ["a", None, "c"]
    np.testing.assert_array_equal(table.columns["count"], [1, math.nan, 3])
    np.testing.assert_array_equal(table.columns["share"], [0.5, 1.5, 2.5])


@pytest.mark.parametrize(
    ("given", "met"),
    [
        ({"a": [1, 2], "b": [1]}, r"unequal length \(a 2, b 1\)"),
        ({"a": []}, "has no rows"),
        ({}, "has no rows"),
        ([], "has no rows"),
        ("text", "table is str"),
        (5, "table is int"),
        ([1, 2], "table is list"),
        ({"x": np.zeros((2, 3))}, r"column 'x' has shape \(2, 3\)"),
        (SimpleNamespace(columns=["a", "a"]), "table is SimpleNamespace"),
        ({"x": ["a", 1]}, "table#1 column 'x': the number 1 among texts"),
    ],
)
def test_what_is_no_table_is_refused(given, met):
    with pytest.raises(DataError, match=met):
        table_of(given)


def test_two_columns_of_one_name_are_refused():
    frame = Frame(a=Series([1]))
    frame.columns = ["a", "a"]
    with pytest.raises(DataError, match="two columns of one name"):
        table_of(frame)
