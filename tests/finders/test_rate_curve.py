"""The curve of losses over rates, on curves whose answers are known."""

import math

import numpy as np
import pytest

from kilter.finders.rate_curve import DIVERGED, NOISE, as_good, heights, lengthened, middle, noise_of, together


def test_heights_do_not_hang_on_the_unit_of_the_loss():
    losses = {0: 2.0, 1: 0.7, 2: 5.0, 3: math.inf, 4: math.nan}
    thousand = {place: 1000 * loss for place, loss in losses.items()}
    assert heights(losses, 2.3) == pytest.approx(heights(thousand, 2300.0))


def test_what_diverged_is_all_alike():
    assert set(heights({0: 3.1, 1: 1e12, 2: math.inf, 3: math.nan}, 2.3).values()) == {DIVERGED}


def test_losses_below_zero_are_told_by_their_fall():
    told = heights({0: 0.5, 1: -1.5, 2: math.inf, 3: 9.0}, 0.5)
    assert told == {0: 0.0, 1: -1.0, 2: DIVERGED, 3: DIVERGED}
    assert heights({0: -1.0}, -1.0) == {0: 0.0}


def test_the_middle_of_a_valley_is_that_of_a_naive_mean():
    curve = {-1: -0.9, 0: -2.0, 1: -2.1, 2: 0.2}
    places = np.arange(-1, 2, 1e-4)
    weights = np.exp(-np.interp(places, list(curve), list(curve.values())) / 0.15)
    assert middle(curve) == pytest.approx((weights * places).sum() / weights.sum(), abs=0.01)


def test_a_flat_valley_is_met_in_its_middle_and_a_sharp_one_at_its_lowest():
    assert middle({0: 0.0, 1: -2.0, 2: -2.0, 3: -2.0, 4: 0.0}) == pytest.approx(2.0)
    assert middle({0: 0.0, 1: -9.0, 2: 0.0}) == pytest.approx(1.0)


def test_rates_as_good_are_those_within_noise():
    curve = {0: -1.0, 1: -2.0, 2: -1.9, 3: 0.0}
    low, high = as_good(curve, noise=0.05)
    assert low == pytest.approx(1 - 2 * math.sqrt(2) * 0.05, abs=0.04)
    assert high == pytest.approx(2 + (2 * math.sqrt(2) * 0.05 - 0.1) / 1.9, abs=0.04)
    assert as_good(curve, noise=9.0) == (0.0, 3.0)
    assert as_good({2: -1.0}, noise=0.05) == (2.0, 2.0)


def test_noise_is_that_of_differences_and_not_of_what_seeds_have_in_common():
    first = {0: -1.0, 1: -2.0}
    assert noise_of(first, {0: -1.5, 1: -2.5}) == pytest.approx(NOISE * math.sqrt(2 / 3))
    assert noise_of(first, {0: -1.3, 1: -1.7}) > 0.1
    assert noise_of(first, {0: -1.3}) == NOISE


def test_noise_is_right_in_the_mean_over_many():
    draw = np.random.default_rng(0)
    found = [
        noise_of(dict(enumerate(draw.normal(0, 0.2, 20))), dict(enumerate(draw.normal(5, 0.2, 20)))) for _ in range(200)
    ]
    assert np.mean(found) == pytest.approx(0.2, rel=0.1)


def test_two_seeds_together_are_their_mean_where_both_are():
    told = together({0: -1.0, 1: -2.0, 2: 0.0}, {0: -1.0, 1: -3.0})
    assert told == pytest.approx({0: -0.75, 1: -2.25, 2: 0.0})
    assert together({0: -1.0}, {}) == {0: -1.0}


def test_a_longer_training_has_a_lower_best_rate():
    assert lengthened(3.0, steps=10, total=10) == 3.0
    assert lengthened(3.0, steps=10, total=40, shift=0.5) == pytest.approx(2.0)
