"""Curves in windows, and their noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.checks.curves.series import (
    Level,
    around,
    blocks,
    by_epoch,
    ends,
    finite,
    lasting,
    level,
    moving_target,
    noise,
    of_both_signs,
    windows,
)
from kilter.testing.healthy.histories import series
from kilter.values.history import History


@pytest.mark.parametrize(
    "trend", [lambda x: 0 * x, lambda x: 5 * x, lambda x: np.exp(-3 * x)], ids=["flat", "line", "curve"]
)
@pytest.mark.parametrize("size", [0.01, 1.0])
def test_the_noise_of_a_curve_is_that_which_was_laid_on_it(trend, size):
    at = np.linspace(0, 1, 2000)
    drawn = trend(at) + size * np.random.default_rng(0).normal(size=2000)
    assert noise(drawn) == pytest.approx(size, rel=0.15)


def test_a_few_jumps_are_no_noise():
    values = np.zeros(200)
    values[[50, 120]] = 100.0
    assert noise(values) == 0.0
    assert noise(np.array([1.0, 2.0])) == 0.0


def test_the_error_of_a_level_is_that_of_a_median():
    draw = np.random.default_rng(0)
    medians = [np.median(draw.normal(size=50)) for _ in range(2000)]
    assert level(draw.normal(size=50)).error == pytest.approx(np.std(medians), rel=0.4)
    assert level(np.empty(0)).error == float("inf")


def test_levels_differ_by_the_error_of_their_difference():
    assert Level(1.0, 0.1).above(Level(0.0, 0.1), sigmas=7)
    assert not Level(1.0, 0.1).above(Level(0.0, 0.1), sigmas=7.1)


def test_a_curve_is_read_without_what_is_no_number():
    history = History.of([(1, {"a": 1.0}), (2, {"a": float("nan")}), (3, {"a": 3.0})])
    steps, values = finite(history, "a")
    assert (steps.tolist(), values.tolist()) == ([1, 3], [1.0, 3.0])
    assert len(finite(history, "b")[0]) == 0


@pytest.mark.parametrize(("first", "kept"), [(1, [4]), (0, [0, 4])])
def test_an_evaluation_before_the_first_step_is_none_of_the_training(first, kept):
    """Of a log that counts from 0 the evaluation at step 0 came after a step."""
    history = History.of(
        [(0, {"valid.loss": 2.0}), *((step, {"train.loss": 1.0}) for step in range(first, 5)), (4, {"valid.loss": 1.0})]
    )
    assert finite(history, "valid.loss")[0].tolist() == kept


@given(st.integers(1, 50), st.integers(1, 10))
def test_blocks_hold_everything_once_but_a_rest(length, width):
    values = np.arange(float(max(length, width)))
    parts = blocks(values, width)
    assert parts.shape[1] == width
    assert parts.flatten().tolist() == values[: parts.size].tolist()
    assert len(values) - parts.size < width


def test_values_before_a_step_are_those_that_were_recorded_last():
    steps, values = np.array([1, 3, 5, 7]), np.array([1.0, 3.0, 5.0, 7.0])
    assert around(steps, values, 5, 2).tolist() == [3.0, 5.0]
    assert around(steps, values, 6, 2).tolist() == [3.0, 5.0]
    assert around(steps, values, 0, 2).tolist() == [1.0, 3.0]


@given(st.integers(5, 12), st.integers(1, 8))
def test_windows_are_medians_of_blocks(width, count):
    values = np.random.default_rng(count).normal(size=width * count + 3)
    run = windows(values, width)
    parts = [values[at * width : (at + 1) * width] for at in range(len(values) // width)]
    assert run.middles.tolist() == [float(np.median(part)) for part in parts]
    assert run.at(0).error == pytest.approx(1.2533 * noise(parts[0]) / np.sqrt(width))


def test_the_error_of_a_window_is_that_of_its_median():
    run = windows(np.random.default_rng(0).normal(size=40_000), 100)
    assert float(np.median(run.errors)) == pytest.approx(run.middles.std(), rel=0.15)


@pytest.mark.parametrize("length", [6, 12, 40, 400, 4000])
def test_the_ends_of_a_curve_differ_by_what_it_fell(length):
    drawn = np.random.default_rng(0).normal(size=length)
    first, last = ends(np.linspace(50.0, 0.0, length) + drawn)
    assert first.above(last, sigmas=5)
    level_ends = ends(drawn)
    assert abs(level_ends[0].value - level_ends[1].value) < 5 * max(end.error for end in level_ends)


@given(st.lists(st.floats(-9, 9), min_size=3, max_size=30))
def test_what_lasts_is_the_median_of_neighbours(values):
    lasted = lasting(np.array(values))
    assert lasted.tolist() == [sorted(values[at : at + 3])[1] for at in range(len(values) - 2)]
    assert len(lasting(np.array(values[:2]))) == 0


def test_a_curve_is_laid_out_by_its_epochs_and_odd_ones_are_left_out():
    rows = [(step, {"a": float(step), "train.epoch": float(step // 4)}) for step in range(1, 15)]
    assert by_epoch(History.of(rows), "a").tolist() == [[4, 5, 6, 7], [8, 9, 10, 11]]
    assert by_epoch(History.of(rows), "b").size == 0
    assert by_epoch(series([1.0, 2.0]), "train.loss").size == 0


def test_evaluations_at_equal_distances_stand_for_epochs():
    def rows(ends):
        for step in range(1, 13):
            yield step, {"a": float(step)}
            if step in ends:
                yield step, {"valid.loss": 0.0}

    assert by_epoch(History.of(rows({4, 8, 12})), "a").tolist() == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]
    assert by_epoch(History.of(rows({4, 9, 12})), "a").size == 0


def test_games_are_told_by_their_signs_and_their_names():
    draw = np.random.default_rng(0).normal(size=300)
    assert of_both_signs(draw)
    assert not of_both_signs(2 + 0.1 * draw)
    assert not of_both_signs(np.linspace(3, -3, 300) + 0.1 * draw)
    for name in ("train.d_loss", "valid.episode_length", "train.reward", "loss/critic"):
        assert moving_target(History.of([(1, {"train.loss": 1.0, name: 0.0})])) == name
    for name in ("train.loss", "valid.loss", "train.gradient_norm", "valid.accuracy", "train.end_loss"):
        assert moving_target(History.of([(1, {name: 0.0})])) is None
