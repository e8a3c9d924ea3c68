from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests

from kilter.metrics import significance
from kilter.metrics.significance import (
    benjamini_hochberg,
    holm,
    mcnemar,
    mcnemar_p_value,
    paired_difference,
    permutation_p_value,
)

p_values = st.lists(st.floats(0, 1), max_size=12)


def pairs_of(both, only_first, only_second, neither):
    counts = [both, only_first, only_second, neither]
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_the_exact_p_value_is_scipys(only_first, only_second):
    trials = only_first + only_second
    expected = stats.binomtest(only_first, trials).pvalue if trials else 1.0
    assert mcnemar_p_value(only_first, only_second) == pytest.approx(expected)
    assert mcnemar_p_value(only_second, only_first) == mcnemar_p_value(only_first, only_second)


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_the_mid_p_value_counts_half_of_what_was_seen(only_first, only_second):
    fewer, trials = min(only_first, only_second), only_first + only_second
    expected = 2 * stats.binom.cdf(fewer, trials, 0.5) - stats.binom.pmf(fewer, trials, 0.5)
    assert mcnemar_p_value(only_first, only_second, mid_p=True) == pytest.approx(min(1.0, expected))
    assert mcnemar_p_value(only_first, only_second, mid_p=True) <= mcnemar_p_value(only_first, only_second)


def test_many_pairs_neither_overflow_nor_round_to_certainty():
    assert mcnemar_p_value(500_000, 500_000) == 1.0
    assert 0 < mcnemar_p_value(490_000, 510_000, mid_p=True) < 1e-80
    with pytest.raises(ValueError, match="0 or more are legal"):
        mcnemar_p_value(-1, 3)


def test_the_paired_interval_is_newcombes():
    # An example of his paper, with the bounds it gives; without correlation the interval is that of two samples.
    difference = mcnemar(*pairs_of(36, 12, 2, 0))
    assert difference.value == pytest.approx(0.2)
    assert (difference.low, difference.high) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    assert difference.p_value == pytest.approx(stats.binomtest(2, 14).pvalue)
    assert (difference.n, difference.test) == (50, "exact McNemar")
    independent = mcnemar(*pairs_of(25, 25, 25, 25))
    one = stats.binomtest(50, 100).proportion_ci(method="wilson")
    assert independent.high == pytest.approx(np.hypot(one.high - 0.5, 0.5 - one.low))


@pytest.mark.parametrize("counts", [(40, 3, 5, 20), (30, 10, 10, 4), (10, 2, 9, 1)])
def test_the_correlation_of_the_paired_interval_is_corrected_for_continuity(counts):
    both, only_first, only_second, neither = counts
    n, right, other = sum(counts), both + only_first, both + only_second
    together = both * neither - only_first * only_second
    correlation = max(together - n / 2, 0) if together > 0 else together
    correlation /= np.sqrt(float(right * (n - right) * other * (n - other)))
    own, others = (stats.binomtest(each, n).proportion_ci(method="wilson") for each in (right, other))
    below, above = right / n - own.low, others.high - other / n
    reach = np.sqrt(below**2 - 2 * correlation * below * above + above**2)
    difference = mcnemar(*pairs_of(*counts))
    assert difference.low == pytest.approx(difference.value - reach)


@settings(deadline=None)
@given(st.tuples(*[st.integers(0, 20)] * 4).filter(any))
def test_swapping_the_models_turns_the_difference_round(counts):
    first, second = pairs_of(*counts)
    there, back = mcnemar(first, second), mcnemar(second, first)
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
    assert there.p_value == back.p_value
    assert -1 <= there.low <= there.value <= there.high <= 1
    assert there.low < there.high
    assert there.value == pytest.approx(first.mean() - second.mean())


def test_the_paired_interval_keeps_its_confidence():
    generator = np.random.default_rng(0)
    held = significant = 0
    for _ in range(400):
        first = generator.random(120) < 0.8
        second = np.where(generator.random(120) < 0.7, first, generator.random(120) < 0.8)
        difference = mcnemar(first, second, mid_p=True)
        held += difference.low <= 0 <= difference.high
        significant += difference.p_value < 0.05
    assert 0.92 <= held / 400 <= 0.995
    assert 0.01 <= significant / 400 <= 0.08


@pytest.mark.parametrize(
    ("first", "second", "met"),
    [
        ([1, 0], [1, 1], "booleans, whether each example was right"),
        ([True], [True, False], "first 1, second 2"),
        ([], [], "0 examples to compare on: 1 or more"),
        ([[True]], [True], r"first has shape \(1, 1\)"),
    ],
)
def test_mcnemar_refuses(first, second, met):
    with pytest.raises(ValueError, match=met):
        mcnemar(first, second)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_few_differences_are_flipped_in_every_way(differences):
    sums = [abs(np.dot(signs, differences)) for signs in product([-1, 1], repeat=len(differences))]
    expected = np.mean(np.array(sums) >= abs(sum(differences)))
    assert permutation_p_value(differences) == pytest.approx(expected)


def test_exact_p_values_are_scipys():
    differences = np.random.default_rng(3).normal(0.4, 1, size=12)
    expected = stats.permutation_test(
        (differences, np.zeros(12)), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf
    ).pvalue
    assert permutation_p_value(differences) == pytest.approx(expected)


@pytest.mark.parametrize("limit", [10_000, 50], ids=["each", "largest and rest"])
@pytest.mark.parametrize("rounded", [False, True], ids=["distinct", "tied"])
def test_random_flips_come_near_to_scipys(limit, rounded, monkeypatch):
    differences = np.random.default_rng(4).normal(0.12, 1, size=400)
    if rounded:
        differences = differences.round()
    monkeypatch.setattr(significance, "FLIPPED_ONE_BY_ONE", limit)
    monkeypatch.setattr(significance, "FLIPPED_FROM_TAIL", 20)
    signs = np.random.default_rng(5).choice([-1.0, 1.0], size=(20_000, 400))
    expected = np.mean(np.abs(signs @ differences) >= abs(differences.sum()) - 1e-9)
    assert 0.002 < expected < 0.2
    found = permutation_p_value(differences, resamples=20_000)
    assert found == pytest.approx(expected, abs=5 * np.sqrt(expected / 20_000))


def test_p_values_are_never_zero_and_one_without_differences():
    assert permutation_p_value(np.full(200, 1.0), resamples=999) == 1 / 1000
    assert permutation_p_value(np.zeros(5)) == 1.0
    assert permutation_p_value([]) == 1.0
    assert permutation_p_value(np.array([1.0, -1.0] * 40), resamples=50) == 1.0


@pytest.mark.parametrize("scale", [1.0, 1e200, 1e-200])
def test_the_unit_and_the_order_of_differences_change_no_p_value(scale):
    differences = np.random.default_rng(6).normal(0.3, 1, size=40)
    mixed = differences[::-1] * scale
    assert permutation_p_value(mixed, resamples=200) == permutation_p_value(differences, resamples=200)


def test_random_flips_keep_their_level():
    generator = np.random.default_rng(7)
    found = [permutation_p_value(generator.normal(size=30), resamples=199, seed=repeat) for repeat in range(400)]
    assert 0.02 <= np.mean(np.array(found) <= 0.05) <= 0.09


def test_a_paired_difference_has_its_interval_and_p_value():
    generator = np.random.default_rng(8)
    second = generator.exponential(size=120)
    first = second + generator.normal(0.3, 1, size=120)
    difference = paired_difference(first, second, resamples=4_000)
    expected = stats.ttest_rel(first, second)
    assert difference.value == pytest.approx(np.mean(first - second))
    assert difference.p_value == pytest.approx(expected.pvalue, rel=0.3, abs=1e-3)
    interval = expected.confidence_interval()
    assert difference.low == pytest.approx(interval.low, abs=0.04)
    assert difference.high == pytest.approx(interval.high, abs=0.04)
    assert difference.n == 120
    assert paired_difference(first, second, resamples=4_000) == difference
    assert str(difference).endswith("(paired permutation), n = 120")


@pytest.mark.parametrize(
    ("first", "second", "met"),
    [
        ([1.0], [2.0], "1 examples to compare on: 2 or more"),
        ([1.0, 2.0], [1.0], "first 2, second 1"),
        ([1.0, np.nan], [1.0, 2.0], "first holds 1 values"),
        ([1.7e308, 1.7e308, 1.7e308], [0.0, 0.0, 0.0], "a finite mean is legal"),
    ],
)
def test_paired_differences_refuse(first, second, met):
    with pytest.raises(ValueError, match=met):
        paired_difference(first, second)


@settings(deadline=None)
@given(p_values)
def test_holm_is_its_definition(values):
    ordered = sorted(range(len(values)), key=lambda place: values[place])
    expected, highest = [0.0] * len(values), 0.0
    for step, place in enumerate(ordered):
        highest = max(highest, (len(values) - step) * values[place])
        expected[place] = min(1.0, highest)
    assert holm(values).tolist() == pytest.approx(expected)


@settings(deadline=None)
@given(p_values)
def test_benjamini_hochberg_is_scipys(values):
    expected = stats.false_discovery_control(values) if values else []
    assert benjamini_hochberg(values).tolist() == pytest.approx(list(expected))
    assert (benjamini_hochberg(values) <= holm(values) + 1e-15).all()
    assert (benjamini_hochberg(values) >= np.array(values)).all()


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@pytest.mark.parametrize("values", [[-0.1], [1.1]])
def test_only_p_values_are_adjusted(adjust, values):
    with pytest.raises(ValueError, match="0 to 1 is legal"):
        adjust(values)


@pytest.mark.parametrize(("adjust", "method"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")])
@settings(deadline=None)
@given(values=p_values.filter(len))
def test_adjusted_p_values_are_statsmodels(adjust, method, values):
    np.testing.assert_allclose(adjust(values), multipletests(values, method=method)[1], atol=1e-9, rtol=0)


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(0, 200))
def test_the_exact_p_value_is_statsmodels(only_first, only_second):
    table = [[7, only_first], [only_second, 5]]
    expected = statsmodels_mcnemar(table, exact=True).pvalue if only_first + only_second else 1.0
    assert mcnemar_p_value(only_first, only_second) == pytest.approx(min(1.0, expected), abs=1e-9)
