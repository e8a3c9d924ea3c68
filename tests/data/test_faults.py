import pytest

from kilter.data.faults import counted, gathered, listed, quoted
from kilter.values.errors import DataError, Fault


@pytest.mark.parametrize("number", [1, 20])
def test_up_to_twenty_faults_are_said_one_by_one(number):
    error = gathered("bad", [Fault(where=f"f:{line}", met="x") for line in range(number)])
    assert isinstance(error, DataError)
    assert [fault.where for fault in error.faults] == [f"f:{line}" for line in range(number)]


def test_more_than_twenty_are_counted():
    error = gathered("bad", (Fault(met=str(number)) for number in range(23)))
    assert len(error.faults) == 21
    assert str(error).endswith("and 3 more.")


def test_counted_takes_the_plural():
    assert [counted(number, "row") for number in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]


def test_listed_says_how_many_it_leaves_out():
    assert listed("abc") == "a, b, c"
    assert listed(range(10), most=2) == "0, 1 and 8 more"


def test_quoted_is_short_and_shows_control_characters():
    assert quoted("a\tb") == r"'a\tb'"
    assert len(quoted("x" * 1000)) == 42
