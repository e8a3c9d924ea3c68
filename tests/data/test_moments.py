import numpy as np
import pytest

from kilter.data.moments import moments
from kilter.values.errors import DataError


def column(*values):
    return np.fromiter(values, dtype=object, count=len(values))


def said(*values):
    with pytest.raises(DataError) as caught:
        moments(column(*values), [f"a.csv:{line}" for line in range(2, 2 + len(values))], "when")
    return str(caught.value)


def test_dates_and_times_in_order():
    found = moments(column("2024-03-01", "2024-03-01T00:00:05", " 2023-12-31 "), ("1", "2", "3"), "when")
    assert found[1] - found[0] == 5
    assert found[2] < found[0]


def test_zones_are_moments():
    found = moments(column("2024-03-01T12:00:00+01:00", "2024-03-01T11:00:00Z"), ("1", "2"), "when")
    assert found[0] == found[1]


def test_numbers_stand():
    np.testing.assert_array_equal(moments(np.array([3.0, 1.0]), ("1", "2"), "year"), [3, 1])


def test_all_that_cannot_be_read_is_told():
    text = said("2024-03-01", None, "31.12.2024", "2024-13-01")
    assert "a.csv:3 column 'when' is empty" in text
    assert "a.csv:4 column 'when': '31.12.2024' is no date" in text
    assert "a.csv:5" in text
    assert "2024-03-01T12:30:00" in text
    assert "1 of 2 times have a zone" in said("2024-03-01T12:00:00Z", "2024-03-01T12:00:00")
    with pytest.raises(DataError, match="'year' is empty"):
        moments(np.array([1, np.nan]), ("1", "2"), "year")
