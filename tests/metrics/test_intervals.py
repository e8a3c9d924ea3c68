import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from kilter.metrics.intervals import (
    Interval,
    bootstrap,
    bootstrap_mean,
    percentile_interval,
    proportion,
    quantile_of_normal,
    resampled_measure,
    studentised_measure,
    wilson,
)

numbers = st.floats(-1e6, 1e6, allow_nan=False)


@settings(deadline=None)
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.8, 0.95]))
def test_wilson_is_scipys(trials, confidence):
    successes, n = trials
    expected = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    interval = wilson(successes, n, confidence=confidence)
    assert interval.low == pytest.approx(expected.low, abs=1e-12)
    assert interval.high == pytest.approx(expected.high, abs=1e-12)
    low, high = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-9)
    assert successes / n in interval


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (3, 2), (-1, 2)])
def test_wilson_refuses(successes, n):
    with pytest.raises(ValueError, match="0 to n successes of more than 0 trials are legal"):
        wilson(successes, n)


def test_quantile_of_normal_is_scipys():
    assert quantile_of_normal(0.9) == pytest.approx(stats.norm.ppf(0.95))


def test_a_proportion_without_trials_has_a_reason():
    measure = proportion(0, 0, undefined="never predicted")
    assert (measure.value, measure.undefined, measure.n) == (None, "never predicted", 0)
    assert proportion(3, 4).value == 0.75


def test_an_interval_widens_to_hold_a_value():
    interval = Interval(low=1.0, high=2.0)
    assert interval.including(1.5) == interval
    assert interval.including(3.0) == Interval(low=1.0, high=3.0)
    assert 0.5 not in interval


def test_percentiles_lie_as_far_out_as_the_sample_needs():
    standard = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    interval = percentile_interval(standard, n=10)
    needed = stats.t.ppf(0.975, 9) * math.sqrt(10 / 9)
    assert interval.high == pytest.approx(needed, rel=1e-3)
    assert interval.low == pytest.approx(-needed, rel=1e-3)
    assert percentile_interval(standard, n=10**6).high == pytest.approx(1.96, rel=1e-3)


def test_resamples_without_a_value_are_left_out():
    assert percentile_interval([np.nan, 2.0, np.nan], n=5) == Interval(low=2.0, high=2.0)
    assert percentile_interval([np.nan], n=5) is None
    assert percentile_interval([1.0, 2.0], n=1) is None


def test_a_measure_holds_its_value_and_the_least_interval():
    measure = resampled_measure(5.0, [1.0, 2.0], n=50)
    assert measure.high == 5.0
    measure = resampled_measure(1.5, [1.0, 2.0], n=50, at_least=Interval(low=-1.0, high=1.7))
    assert measure.low == -1.0
    assert measure.high == pytest.approx(2.0, abs=0.05)
    alone = resampled_measure(1.5, [np.nan], n=50, at_least=Interval(low=1.0, high=2.0))
    assert (alone.low, alone.high) == (1.0, 2.0)
    assert "exceeds" in resampled_measure(math.inf, [1.0], n=5).undefined
    assert resampled_measure(1.0, [1.0], n=1).low is None


def naive_bootstrap_t(values, weights, *, logged, resamples, seed):
    """Each resample in standard deviations of its own, one after the other."""

    def mean_and_deviation(values, weights):
        mean = np.average(values, weights=weights)
        own = np.sqrt((weights**2 * (values - mean) ** 2).sum()) / weights.sum()
        return (np.log(mean), own / mean) if logged else (mean, own)

    generator = np.random.default_rng(seed)
    mean, deviation = mean_and_deviation(values, weights)
    off = []
    for _ in range(resamples):
        rows = generator.integers(0, len(values), len(values))
        drawn, own = mean_and_deviation(values[rows], weights[rows])
        off.append((drawn - mean) / own)
    few, many = np.quantile(off, [0.025, 0.975])
    bounds = np.array([mean - many * deviation, mean - few * deviation])
    return tuple(np.exp(bounds) if logged else bounds)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("weighed", [False, True])
def test_the_mean_matches_the_naive_bootstrap(signed, weighed):
    generator = np.random.default_rng(0)
    values, weights = generator.exponential(size=150), generator.exponential(size=150)
    weights = weights if weighed else np.ones(150)
    low, high = naive_bootstrap_t(values, weights, logged=not signed, resamples=6_000, seed=1)
    measure = bootstrap_mean(values, weights if weighed else None, signed=signed, resamples=10_000)
    assert measure.value == pytest.approx(np.average(values, weights=weights))
    assert measure.low == pytest.approx(low, abs=0.05 * (high - low))
    assert measure.high == pytest.approx(high, abs=0.05 * (high - low))
    assert (measure.n, measure.method) == (150, "bootstrap-t")


def test_values_below_0_are_not_taken_on_the_scale_of_logarithms():
    values = np.random.default_rng(4).normal(0.1, 1, size=60)
    assert bootstrap_mean(values, resamples=500) == bootstrap_mean(values, signed=True, resamples=500)


def test_where_nothing_varies_percentiles_take_the_place():
    same = bootstrap_mean([2.0] * 30)
    assert (same.low, same.value, same.high, same.method) == (2.0, 2.0, 2.0, "bootstrap")
    rare = bootstrap_mean([0.0] * 40 + [1.0])
    assert rare.method == "bootstrap"
    assert studentised_measure(1.0, 0.0, np.ones(3), np.ones(3), n=50).method == "bootstrap"
    assert studentised_measure(1.0, 1.0, np.ones(3), np.ones(3), n=4).method == "bootstrap"


def test_the_mean_of_few_nearly_keeps_its_confidence():
    generator = np.random.default_rng(3)
    held = 0
    for repeat in range(300):
        measure = bootstrap_mean(generator.normal(size=12), resamples=300, seed=repeat)
        held += measure.low <= 0 <= measure.high
    assert 0.91 < held / 300 < 0.985


def test_weights_count_an_example_that_often():
    values, weights = np.array([1.0, 5.0, 2.0]), np.array([2.0, 1.0, 0.0])
    measure = bootstrap_mean(values, weights)
    assert measure.value == pytest.approx(np.average(values, weights=weights))
    assert measure.n == 2
    plain, weighed = bootstrap_mean([1.0, 4.0, 2.0]), bootstrap_mean([1.0, 4.0, 2.0], [3.0, 3.0, 3.0])
    assert (plain.value, plain.low, plain.high) == pytest.approx((weighed.value, weighed.low, weighed.high))


def test_means_without_examples_or_weights_have_reasons():
    assert bootstrap_mean([]).undefined == "no examples"
    assert bootstrap_mean([1.0], [0.0]).undefined == "no example has a weight above 0"
    alone = bootstrap_mean([3.0])
    assert (alone.value, alone.low, alone.high) == (3.0, None, None)
    assert "exceeds" in bootstrap_mean([1.7e308] * 3).undefined


def test_means_are_refused():
    with pytest.raises(ValueError, match="a weight of -1: 0 or more is legal"):
        bootstrap_mean([1.0, 2.0], [1.0, -1.0])
    with pytest.raises(ValueError, match=r"values 2, weights 1"):
        bootstrap_mean([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        bootstrap_mean([1.0, 2.0], confidence=95)


@settings(deadline=None, max_examples=40)
@given(st.lists(numbers, min_size=1, max_size=30), st.randoms())
def test_order_makes_no_difference_and_the_value_is_inside(values, random):
    mixed = list(values)
    random.shuffle(mixed)
    first, second = bootstrap_mean(values, resamples=50), bootstrap_mean(mixed, resamples=50)
    assert first == second
    assert first.low is None or first.low <= first.value <= first.high


def test_any_statistic_matches_scipys_bootstrap():
    values = np.random.default_rng(2).gamma(2.0, size=80)
    measure = bootstrap(values, np.median, resamples=3_000)
    expected = stats.bootstrap((values,), np.median, n_resamples=3_000, method="percentile", rng=1).confidence_interval
    assert measure.value == np.median(values)
    width = expected.high - expected.low
    assert measure.low == pytest.approx(expected.low, abs=0.15 * width)
    assert measure.high == pytest.approx(expected.high, abs=0.15 * width)
    assert bootstrap([], np.median).undefined == "no examples"
    assert "no value on these examples" in bootstrap([1.0], lambda _: math.nan).undefined
    with pytest.raises(ValueError, match="1 or more is legal"):
        bootstrap([1.0], np.median, resamples=0)
