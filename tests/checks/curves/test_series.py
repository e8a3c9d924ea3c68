"""Curves in windows, and their noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.checks.curves.series import Level, around, blocks, finite, level, noise
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
