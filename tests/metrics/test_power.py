import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestPower

from kilter.metrics import power as module
from kilter.metrics.power import (
    detectable_by_t,
    detectable_in_accuracy,
    detectable_in_mean,
    detectable_over_trainings,
    mcnemar_power,
    mean_power,
)
from kilter.metrics.seeds import difference_over_seeds


def naive(difference, n, disagreement, level):
    """The sum over all tables, with scipy's binomial distribution."""
    share = max(difference, disagreement)
    if share == 0:
        return 0.0
    better = min(1.0, (share + difference) / (2 * share))
    total = 0.0
    for discordant in range(n + 1):
        first = np.arange(discordant + 1)
        p = np.minimum(1, 2 * stats.binom.cdf(np.minimum(first, discordant - first), discordant, 0.5))
        rejected = stats.binom.pmf(first, discordant, better)[p <= level].sum()
        total += stats.binom.pmf(discordant, n, min(share, 1.0)) * rejected
    return total


@settings(deadline=None, max_examples=25)
@given(st.floats(0, 1), st.integers(1, 40), st.floats(0, 1), st.sampled_from([0.05, 0.01]))
def test_the_power_of_mcnemar_is_the_sum_over_all_tables(difference, n, disagreement, level):
    expected = naive(difference, n, disagreement, level)
    assert mcnemar_power(difference, n, disagreement, level=level) == pytest.approx(expected, abs=1e-9)


def test_of_many_the_normal_approximation_is_near(monkeypatch):
    exact = [mcnemar_power(d, 60_000, 0.15) for d in (0.001, 0.004, 0.007)]
    monkeypatch.setattr(module, "COUNTED", 100)
    near = [mcnemar_power(d, 60_000, 0.15) for d in (0.001, 0.004, 0.007)]
    assert near == pytest.approx(exact, abs=6e-3)
    assert near != exact


@pytest.mark.parametrize(("n", "disagreement"), [(8, 0.1), (50, 0.3), (540, 0.1), (540, 0.0), (200_000, 0.2)])
def test_the_detectable_difference_has_that_power_and_no_more(n, disagreement):
    found = detectable_in_accuracy(n, disagreement)
    assert mcnemar_power(found, n, disagreement) == pytest.approx(0.8, abs=1e-3)
    assert mcnemar_power(0.98 * found, n, disagreement) < 0.8
    assert detectable_in_accuracy(n, disagreement, power=0.9) > found


def test_too_few_examples_show_no_difference():
    assert [detectable_in_accuracy(n, 0.5) for n in range(1, 6)] == [None] * 5
    assert detectable_in_accuracy(6, 0.5) < 1
    assert detectable_in_mean(1, 1.0) is None


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 2), st.integers(2, 300), st.floats(0.1, 5))
def test_the_power_of_a_mean_is_that_of_scipys_noncentral_t(difference, n, deviation):
    shift, critical = difference / deviation * np.sqrt(n), stats.t.ppf(0.975, n - 1)
    found = mean_power(difference, n, deviation)
    assert 0 <= found <= 1 + 1e-12
    if shift < 8:
        expected = stats.nct.sf(critical, n - 1, shift) + stats.nct.cdf(-critical, n - 1, shift)
        assert found == pytest.approx(expected, abs=1e-8)
    else:
        assert found > 0.5 or n < 4


@pytest.mark.parametrize(("difference", "n", "deviation"), [(0.1, 10, 1.0), (0.3, 60, 0.8), (0.02, 5000, 1.0)])
def test_the_power_of_a_mean_is_that_of_statsmodels(difference, n, deviation):
    expected = TTestPower().power(difference / deviation, n, 0.05)
    assert mean_power(difference, n, deviation) == pytest.approx(expected, abs=1e-9)


def test_a_textbook_size_is_found():
    # Cohen 1988: 34 pairs for a medium effect of half a standard deviation at 80 % and 5 %, two-sided
    assert mean_power(0.5, 34, 1.0) >= 0.8 > mean_power(0.5, 33, 1.0)
    assert detectable_in_mean(34, 1.0) <= 0.5 < detectable_in_mean(33, 1.0)
    assert detectable_in_mean(34, 3.0) == pytest.approx(3 * detectable_in_mean(34, 1.0))


def test_the_t_test_of_seeds_has_its_power():
    difference = detectable_by_t(0.01 * np.sqrt(2 / 5), 8)
    draw = np.random.default_rng(0)
    left, right = draw.normal(difference, 0.01, (4000, 5)), draw.normal(0, 0.01, (4000, 5))
    assert np.mean(stats.ttest_ind(left, right, axis=1).pvalue < 0.05) == pytest.approx(0.8, abs=0.03)


def test_without_variance_any_difference_is_shown():
    assert detectable_in_mean(10, 0.0) == 0.0
    assert (mean_power(0.1, 10, 0.0), mean_power(0.0, 10, 0.0)) == (1.0, 0.0)
    assert mean_power(0.0, 20_000, 1.0) == pytest.approx(0.05)


@pytest.mark.parametrize(("seeds", "between"), [(3, 0.02), (5, 0.05), (8, 0.0)])
def test_over_seeds_the_detectable_difference_is_established_in_80_percent_of_cases(seeds, between):
    """Trainings that err in their mean, and examples on which the two ways differ, whatever the training."""
    n, deviation, draw = 60, 0.5, np.random.default_rng(seeds)
    difference = detectable_over_trainings(n, seeds, deviation=deviation, between=between)
    rejected = []
    for _ in range(600):
        examples = draw.normal(0, deviation, n)
        left = difference + examples + draw.normal(0, between, (seeds, 1))
        rejected.append(difference_over_seeds(left, np.zeros((seeds, n)) + draw.normal(0, between, (seeds, 1))).p_value)
    assert np.mean(np.array(rejected) <= 0.05) == pytest.approx(0.8, abs=0.06)


def test_no_number_of_trainings_makes_up_for_examples():
    found = [detectable_over_trainings(500, k, deviation=0.3, between=0.01) for k in (2, 3, 5, 20, 10**9)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(detectable_in_mean(500, 0.3), rel=1e-6)
    assert detectable_over_trainings(10**6, 5, deviation=0.3, between=0.01) == pytest.approx(
        detectable_by_t(0.01 * np.sqrt(2 / 5), 8), rel=0.02
    )
    assert detectable_over_trainings(500, 1, deviation=0.3, between=0.01) is None
    assert detectable_over_trainings(1, 5, deviation=0.3, between=0.01) is None
    assert detectable_over_trainings(500, 5, deviation=0.0, between=0.0) == 0.0


@pytest.mark.parametrize(
    ("call", "met"),
    [
        (lambda: mcnemar_power(0.1, 0, 0.1), "0 examples: 1 or more"),
        (lambda: mcnemar_power(1.1, 9, 0.1), "shares from 0 to 1"),
        (lambda: mcnemar_power(0.1, 9, 0.1, level=0), "strictly between 0 and 1"),
        (lambda: mean_power(0.1, 9, -1), "0 or more is legal"),
        (lambda: detectable_in_mean(9, -1), "0 or more is legal"),
        (lambda: detectable_in_accuracy(9, 0.1, power=1), "strictly between 0 and 1"),
        (lambda: detectable_by_t(-1, 3), "a standard error of -1"),
        (lambda: detectable_over_trainings(9, 0, deviation=1, between=1), "0 trainings a side"),
        (lambda: detectable_over_trainings(9, 2, deviation=1, between=-1), "0 or more, are legal"),
        (lambda: detectable_over_trainings(0, 2, deviation=1, between=1), "0 examples: 1 or more"),
    ],
)
def test_power_refuses(call, met):
    with pytest.raises(ValueError, match=met):
        call()
