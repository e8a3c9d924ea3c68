import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.logs.points import history_of, in_order


def curve(points):
    history, notes = history_of({"a": points})
    return list(zip(history["a"].steps.tolist(), history["a"].values.tolist(), strict=True)), notes


def numbered(steps):
    return [(step, float(at)) for at, step in enumerate(steps)]


def test_values_of_one_step_become_one_row():
    history, notes = history_of({"a": [(1, 1.0), (2, 2.0)], "b": [(2, 5.0), (3, 6.0)], "c": []})

    assert list(history.rows()) == [(1, {"a": 1.0}), (2, {"a": 2.0, "b": 5.0}), (3, {"b": 6.0})]
    assert notes == ()


def test_a_second_value_at_a_step_stands_in_a_row_of_its_own():
    history, notes = history_of({"a": [(1, 1.0), (1, 2.0), (2, 3.0)], "b": [(1, 5.0)]})

    assert list(history.rows()) == [(1, {"a": 1.0, "b": 5.0}), (1, {"a": 2.0}), (2, {"a": 3.0})]
    assert notes == ()


def test_what_a_resumed_run_writes_again_takes_the_place_of_the_first_writing():
    points, notes = curve(numbered([10, 20, 30, 40, 20, 30]))

    assert points == [(10, 0.0), (20, 4.0), (30, 5.0)]
    assert notes == ("The steps of a go back to what was written before; the later writing holds, as after a resume.",)


def test_a_run_may_be_resumed_twice():
    points, _ = curve(numbered([1, 2, 3, 4, 5, 3, 4, 5, 6, 4, 5]))

    assert points == [(1, 0.0), (2, 1.0), (3, 5.0), (4, 9.0), (5, 10.0)]


def test_a_counter_within_the_epoch_is_numbered_on():
    points, notes = curve(numbered([0, 10, 20, 0, 10, 20, 0, 10]))

    assert [step for step, _ in points] == [0, 10, 20, 30, 40, 50, 60, 70]
    assert notes == ("The steps of a begin again 2 times; they are read as counts within an epoch and numbered on.",)


def test_a_counter_within_the_epoch_that_is_shown_every_so_many_batches_of_all():
    points, _ = curve(numbered([0, 50, 100, 30, 80, 10, 60, 110]))

    assert [step for step, _ in points] == [0, 50, 100, 150, 200, 250, 300, 350]


def test_steps_that_came_late_are_sorted_and_none_is_lost():
    points, notes = curve(numbered([1, 2, 4, 3, 5, 7, 6]))

    assert [step for step, _ in points] == [1, 2, 3, 4, 5, 6, 7]
    assert [value for _, value in points] == [0.0, 1.0, 3.0, 2.0, 4.0, 6.0, 5.0]
    assert notes == ("The steps of a are not in order; they are sorted.",)


def test_many_writers_of_the_same_steps_are_sorted_and_none_is_lost():
    steps = [step + late for step in range(10, 100) for late in (3, 0)]

    points, notes = curve(numbered(steps))

    assert [step for step, _ in points] == sorted(steps)
    assert notes == ("The steps of a are not in order; they are sorted.",)


def test_values_without_a_step_are_numbered_in_their_order():
    points, notes = curve([(0, 3.0), (0, 1.0), (0, 2.0)])

    assert points == [(0, 3.0), (1, 1.0), (2, 2.0)]
    assert notes == ("The steps of a are all 0; the values are numbered in the order in which they were written.",)


def test_one_value_at_step_0_says_nothing():
    assert curve([(0, 3.0)]) == ([(0, 3.0)], ())


def test_a_sentence_is_said_once_for_all_names():
    _, notes = history_of({name: [(0, 1.0), (0, 2.0)] for name in "abcde"})

    assert notes == (
        "The steps of a, b, c and 2 more are all 0; the values are numbered in the order in which they were written.",
    )


def test_arrays_are_put_in_order_alike():
    columns = {"a": (np.array([2, 1]), np.array([0.5, 0.25])), "b": (np.array([], np.int64), np.array([]))}

    assert in_order(columns) == history_of({"a": [(2, 0.5), (1, 0.25)], "b": []})


def test_nothing_is_an_empty_history():
    history, notes = history_of({"a": []})

    assert (len(history), history.names, notes) == (0, (), ())


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_whatever_was_written_comes_out_in_order_and_of_it(steps):
    points, notes = curve(numbered(steps))

    assert [step for step, _ in points] == sorted(step for step, _ in points)
    written = {value: steps[int(value)] for value in map(float, range(len(steps)))}
    if not notes or "sorted" in notes[0]:
        assert sorted(points) == sorted((step, value) for value, step in written.items())
    elif "go back" in notes[0]:
        assert {value: step for step, value in points}.items() <= written.items()
        assert (steps[-1], float(len(steps) - 1)) in points
    else:
        assert [value for _, value in points] == list(map(float, range(len(steps))))


@given(st.lists(st.integers(0, 12), min_size=2, max_size=25))
def test_the_last_writing_is_that_of_a_naive_reader(steps):
    points, notes = curve(numbered(steps))
    if not notes or "go back" not in notes[0]:
        return
    kept, everything, begin = [], set(), 0
    for end in [*(at for at in range(1, len(steps)) if steps[at] < steps[at - 1]), len(steps)]:
        part = numbered(steps)[begin:end]
        if everything & {step for step, _ in part}:
            kept = [point for point in kept if point[0] < steps[begin]]
        everything |= {step for step, _ in part}
        kept += part
        begin = end

    assert points == sorted(kept, key=lambda point: point[0])


@pytest.mark.parametrize("writers", [1, 8])
def test_long_logs_in_any_order_are_read_in_no_time(writers):
    steps = np.random.default_rng(0).permutation(np.repeat(np.arange(100_000 // writers), writers))

    history, _ = in_order({"a": (steps, np.zeros(len(steps)))})

    assert len(history["a"]) == len(steps)
