"""Distances against scipy's tests."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kilter.checks.data.distances import between_counts, between_numbers


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=30), st.lists(st.floats(-9, 9), min_size=1, max_size=30))
def test_the_gap_is_the_largest_difference_of_shares_below_a_point(left, right):
    shares = [[sum(x <= point for x in side) / len(side) for side in (left, right)] for point in left + right]
    expected = max(abs(a - b) for a, b in shares)
    assert between_numbers(np.array(left), np.array(right)).size == pytest.approx(expected)


def test_its_probability_is_the_asymptotic_one():
    draw = np.random.default_rng(0)
    left, right = draw.normal(size=400), draw.normal(0.2, 1, 500)
    expected = stats.ks_2samp(left, right, method="asymp").pvalue
    assert between_numbers(left, right).p_value == pytest.approx(expected, rel=0.3)


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=2, max_size=6))
def test_the_probability_of_two_tables_is_scipys(pairs):
    left, right = ({str(at): pair[side] for at, pair in enumerate(pairs)} for side in (0, 1))
    expected = stats.chi2_contingency(np.array(pairs).T, correction=False)
    assert between_counts(left, right).p_value == pytest.approx(expected.pvalue, abs=1e-9)


def test_names_of_one_table_only_count():
    assert between_counts({"a": 10}, {"b": 10}).size == 1.0
    assert between_counts({"a": 3, "b": 3}, {"a": 5, "b": 5}).size == 0.0
