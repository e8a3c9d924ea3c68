import numpy as np
import pytest

from kilter.tasks.targets import (
    MOST_FAULTS,
    is_missing,
    missing,
    padded,
    refuse_empty_rows,
    refuse_missing,
    refuse_places,
    shares_in,
)
from kilter.values.errors import DataError

NAMES = [f"t.csv:{row}" for row in range(40)]


def test_shares_that_nearly_add_up_to_1_are_made_to():
    shares = shares_in(np.array([[0.5, 0.4999], [0.25, 0.75]]), NAMES, ("a", "b"))

    assert shares.sum(axis=1).tolist() == [1.0, 1.0]
    assert shares[1].tolist() == [0.25, 0.75]


def test_what_are_no_shares_is_gathered_with_ids_and_sums():
    given = np.array([[0.5, 0.5], [0.5, 0.6], [-0.1, 1.1], [np.nan, 1.0], [0.0, 0.0]])

    with pytest.raises(DataError, match="4 of 5 targets are no shares of 'a', 'b'") as raised:
        shares_in(given, NAMES, ("a", "b"))
    assert [fault.where for fault in raised.value.faults] == NAMES[1:5]
    assert raised.value.faults[0].met == "shares 0.5, 0.6, which add up to 1.1"


def test_of_many_missing_targets_the_first_are_named():
    error = missing(NAMES)

    assert "40 targets are missing (the first 20 follow)" in str(error)
    assert len(error.faults) == MOST_FAULTS
    assert "data.leave_out" in str(error)


def test_rows_without_any_of_several_targets_are_refused():
    refuse_empty_rows(np.array([[True, False]]), NAMES)
    with pytest.raises(DataError) as raised:
        refuse_empty_rows(np.array([[True, False], [False, False]]), NAMES)
    assert [fault.where for fault in raised.value.faults] == ["t.csv:1"]


def test_none_empty_and_not_a_number_are_missing_and_nothing_else():
    assert [is_missing(value) for value in (None, "", float("nan"), 0, "0", False)] == [True] * 3 + [False] * 3


def test_rows_without_a_target_are_refused():
    refuse_missing(["a", 0, ()], NAMES)
    with pytest.raises(DataError, match="3 targets are missing") as raised:
        refuse_missing(["a", None, "", float("nan")], NAMES)
    assert [fault.where for fault in raised.value.faults] == NAMES[1:4]


def test_wrong_places_are_refused_with_their_rows_and_columns():
    amounts = np.array([[1.0, np.inf], [2.0, 3.0], [-np.inf, 4.0]])
    refuse_places(np.isnan(amounts), amounts, NAMES, ("x", "z"), met="m", legal="l", remedy="r")
    with pytest.raises(DataError, match="2 targets are infinite") as raised:
        refuse_places(np.isinf(amounts), amounts, NAMES, ("x", "z"), met="infinite", legal="l", remedy="r")
    assert [(fault.where, fault.met) for fault in raised.value.faults] == [
        (NAMES[0], "z = inf"),
        (NAMES[2], "x = -inf"),
    ]


def test_sequences_are_filled_up_with_what_is_not_judged():
    rows = padded([np.array([1, 2, 3]), np.array([4]), np.array([], dtype=np.int64)])

    assert rows.tolist() == [[1, 2, 3], [4, -100, -100], [-100, -100, -100]]
