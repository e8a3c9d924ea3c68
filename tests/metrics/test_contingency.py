"""Exact one-sided tests, beside those of SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, fisher_exact, hypergeom

from kilter.metrics.contingency import binomial_p_value, fisher_p_value


@given(st.data())
def test_it_is_the_one_sided_test_of_scipy(data):
    n_inside, n_outside = data.draw(st.integers(1, 300)), data.draw(st.integers(1, 300))
    inside, outside = data.draw(st.integers(0, n_inside)), data.draw(st.integers(0, n_outside))
    table = [[inside, n_inside - inside], [outside, n_outside - outside]]
    expected = fisher_exact(table, alternative="greater").pvalue
    assert fisher_p_value(inside, n_inside, outside, n_outside) == pytest.approx(expected, rel=1e-6, abs=1e-300)


@pytest.mark.parametrize(
    ("inside", "n_inside", "outside", "n_outside"),
    [
        (20_300, 100_000, 180_000, 900_000),
        (19_000, 100_000, 181_000, 900_000),
        (30_000, 100_000, 170_000, 900_000),
        (3, 30, 4, 1_000_000),
        (400_000, 500_000, 399_000, 500_000),
    ],
)
def test_terms_too_small_to_count_are_left_out_of_many_examples(inside, n_inside, outside, n_outside):
    expected = hypergeom.logsf(inside - 1, n_inside + n_outside, inside + outside, n_inside)
    found = fisher_p_value(inside, n_inside, outside, n_outside)
    assert found == pytest.approx(np.exp(expected), rel=1e-6, abs=1e-300)


def test_nothing_inside_is_no_surprise():
    assert fisher_p_value(0, 10, 5, 10) == 1.0


@pytest.mark.parametrize("counts", [(-1, 3, 0, 3), (4, 3, 0, 3), (0, 3, 4, 3)])
def test_counts_that_cannot_be_are_refused(counts):
    with pytest.raises(ValueError, match="is legal"):
        fisher_p_value(*counts)


@given(st.integers(0, 200), st.integers(0, 200), st.floats(0.01, 0.99))
def test_the_binomial_one_is_that_of_scipy(one, other, share):
    successes, trials = min(one, other), max(one, other, 1)
    expected = binomtest(successes, trials, share, alternative="greater").pvalue
    assert binomial_p_value(successes, trials, share) == pytest.approx(expected, rel=1e-6, abs=1e-300)


@pytest.mark.parametrize("counts", [(-1, 3, 0.5), (4, 3, 0.5), (1, 3, 1.5)])
def test_trials_that_cannot_be_are_refused(counts):
    with pytest.raises(ValueError, match="are legal"):
        binomial_p_value(*counts)


def test_nothing_tried_is_no_surprise():
    assert binomial_p_value(0, 0, 0.5) == 1.0
