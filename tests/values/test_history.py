import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.values.history import History

ROWS = st.lists(
    st.tuples(
        st.integers(0, 50),
        st.dictionaries(st.sampled_from(["a", "b", "c"]), st.floats(allow_nan=False), max_size=3),
    ),
    max_size=80,
)


@given(ROWS)
def test_rows_come_back_as_they_were_appended(rows):
    history = History.of(rows)
    filled = [(step, values) for step, values in rows if values]

    assert len(history) == len(rows)
    assert [(step, values) for step, values in history.rows() if values] == filled
    for name in history:
        assert history[name].steps.tolist() == [step for step, values in rows if name in values]
        assert history[name].values.tolist() == [values[name] for _, values in rows if name in values]


@given(ROWS, st.integers(0, 90))
def test_rows_from_a_number_on_are_the_rest_of_all_rows(rows, start):
    history = History.of(rows)
    start = min(start, len(rows))

    assert list(history.rows(start)) == list(history.rows())[start:]


def test_each_history_sees_its_own_rows_only():
    first = History().append(1, {"loss": 3.0})
    second = first.append(2, {"loss": 2.0})

    assert first["loss"].values.tolist() == [3.0]
    assert second["loss"].values.tolist() == [3.0, 2.0]
    assert list(first.rows()) == [(1, {"loss": 3.0})]


def test_two_that_go_on_from_one_leave_each_other_alone():
    common = History().append(1, {"loss": 3.0})
    left = common.append(2, {"loss": 2.0})
    right = common.append(2, {"loss": 9.0}).append(3, {"other": 1.0})

    assert left["loss"].values.tolist() == [3.0, 2.0]
    assert right["loss"].values.tolist() == [3.0, 9.0]
    assert "other" not in left
    assert common.names == ("loss",)


def test_a_view_stays_valid_while_the_history_outgrows_its_buffer():
    history = History()
    for step in range(10):
        history = history.append(step, {"loss": float(step)})
    early = history["loss"].values
    for step in range(10, 1000):
        history = history.append(step, {"loss": float(step)})

    assert early.tolist() == list(range(10))
    with pytest.raises(ValueError, match="read-only"):
        early[0] = 5.0


def test_until_cuts_after_a_step():
    history = History.of([(1, {"a": 1.0}), (2, {"a": 2.0}), (2, {"b": 5.0}), (3, {"a": 3.0})])

    assert list(history.until(2).rows()) == [(1, {"a": 1.0}), (2, {"a": 2.0}), (2, {"b": 5.0})]
    assert history.step == 3
    assert history.until(2).append(9, {"a": 1.0}).step == 9
    assert history.step == 3


def test_the_last_value_or_none():
    history = History.of([(1, {"a": 1.0}), (2, {"a": math.inf})])

    assert history.last("a") == math.inf
    assert history.last("b") is None
    assert History().step == 0


def test_an_unknown_name_is_refused_with_those_that_are_there():
    with pytest.raises(KeyError, match="there are a"):
        History.of([(1, {"a": 1.0})])["b"]
    with pytest.raises(KeyError, match="no curves"):
        History()["b"]


def test_not_a_number_equals_itself_here():
    rows = [(1, {"a": math.nan})]

    assert History.of(rows) == History.of(rows)
    assert History.of(rows) != History.of([(1, {"a": 1.0})])
    assert History.of(rows) != "history"


def test_the_work_of_appending_does_not_grow():
    """Counted, not timed: buffers double, so that a value is copied twice at most on average."""
    history, buffers = History(), set()
    kept = []
    for step in range(5000):
        history = history.append(step, {"a": 0.0})
        values = history["a"].values
        base = values if values.base is None else values.base
        kept.append(base)  # alive, so that no address is used twice
        buffers.add(id(base))

    assert len(buffers) <= 2 + np.log2(5000 / 16)


def work(action):
    """How many functions are called by an action, ours and built in."""
    calls = 0

    def count(_frame, kind, _argument):
        nonlocal calls
        calls += kind in {"call", "c_call"}

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return calls


def test_the_millionth_append_and_read_cost_what_the_first_do():
    """Counted, not timed: calls made and memory shared."""
    values = {"train.loss": 0.5}
    histories = [History(), History()]
    for place, steps in enumerate((100, 1_000_000)):
        for step in range(steps):
            histories[place] = histories[place].append(step, values)
    early, late = histories
    memory = late["train.loss"].values.base

    assert work(lambda: late["train.loss"]) == work(lambda: early["train.loss"])
    assert work(lambda: late.last("train.loss")) == work(lambda: early.last("train.loss"))
    longer = []
    assert work(lambda: longer.append(late.append(1, values))) == work(lambda: longer.append(early.append(1, values)))
    assert longer[0]["train.loss"].values.base is memory  # there was room: nothing was moved
    assert len(memory) < 2 * len(late)  # and not much more than is needed


def test_reading_copies_nothing():
    history = History.of((step, {"a": float(step)}) for step in range(100))
    curve = history["a"]

    assert np.shares_memory(curve.values, history["a"].values)
    assert np.shares_memory(curve.steps, history.append(100, {"a": 1.0})["a"].steps)
    assert curve.values.base is history["a"].values.base


@given(ROWS, st.integers(0, 90))
def test_the_first_rows_are_the_history_of_then(rows, count):
    then = History.of(rows).first(count)

    assert then == History.of(rows[:count])
    assert list(then.rows()) == list(History.of(rows[:count]).rows())
    assert list(then.append(7, {"a": 1.0}).rows()) == list(History.of([*rows[:count], (7, {"a": 1.0})]).rows())


@given(ROWS)
def test_whole_columns_are_the_same_as_their_rows(rows):
    history = History.of(rows)
    columns = {name: (history.rows_of(name), history[name].values) for name in history}
    twin = History.of_columns(np.array([step for step, _ in rows], np.int64), columns)

    assert twin == history
    assert len(twin) == len(history)
    assert [values for _, values in twin.rows()] == [values for _, values in history.rows()]


def test_a_history_of_columns_grows_on_and_leaves_the_columns_alone():
    values = np.array([2.0, 1.5])
    history = History.of_columns(np.array([10, 20]), {"a": (np.array([0, 1]), values)})
    longer = history.append(30, {"a": 1.0, "b": 7.0})

    assert longer["a"].values.tolist() == [2.0, 1.5, 1.0]
    assert longer.rows_of("b").tolist() == [2]
    assert history["a"].values.tolist() == values.tolist() == [2.0, 1.5]
    assert "b" not in history


def test_the_rows_of_a_curve_that_is_not_there_are_refused():
    with pytest.raises(KeyError, match="there are a"):
        History.of([(1, {"a": 1.0})]).rows_of("b")


def test_many_rows_at_once_are_as_one_by_one():
    rows = [(step, {"a": step / 3, "b": -float(step)}) for step in range(1, 50)]
    one_by_one = History.of([*rows, (50, {"c": 1.0})])
    start = History.of(rows[:7])
    at_once = start.extend(
        [step for step, _ in rows[7:]], {name: [values[name] for _, values in rows[7:]] for name in "ab"}
    )
    assert at_once.append(50, {"c": 1.0}) == one_by_one
    assert list(at_once.append(50, {"c": 1.0}).rows()) == list(one_by_one.rows())
    assert start == History.of(rows[:7])
    other = start.extend([99], {"a": [0.0]})  # two that go on from the same rows do not see each other's
    assert other.last("a") == 0.0
    assert at_once.last("a") == rows[-1][1]["a"]
