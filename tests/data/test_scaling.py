import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kilter.data.scaling import FARTHEST, NumberColumn, scalings

anything = st.lists(st.floats(width=64), min_size=1).map(lambda values: np.array(values, dtype=np.float64))


def fitted(values, line):
    return NumberColumn.fit(np.array(values, dtype=np.float64), name="x", line=line)


@pytest.mark.parametrize("line", ["quantile", "standard"])
@given(anything, anything)
def test_whatever_comes_becomes_finite_numbers_of_moderate_size(line, train, other):
    column = fitted(train, line)
    for values in (train, other):
        encoded = np.stack(column.encode(values), axis=1)
        assert encoded.shape == (len(values), column.width)
        assert encoded.dtype == np.float32
        assert np.isfinite(encoded).all()
        assert np.abs(encoded).max() <= max(FARTHEST, 100)


def test_standard_is_the_textbook():
    values = np.random.default_rng(0).normal(5, 3, 1000)
    (encoded,) = fitted(values, "standard").encode(values)
    np.testing.assert_allclose(encoded, (values - values.mean()) / values.std(), rtol=1e-5, atol=1e-6)


def test_quantiles_of_a_heavy_tail_are_normal_scores():
    values = np.exp(np.random.default_rng(0).normal(0, 3, 5000))
    (encoded,) = fitted(values, "quantile").encode(values)
    assert encoded.mean() == pytest.approx(0, abs=1e-4)
    assert encoded.std() == pytest.approx(1, abs=1e-4)
    assert stats.spearmanr(encoded, values).statistic > 0.9999
    middle = np.abs(stats.zscore(np.log(values))) < 2
    expected = stats.norm.ppf(stats.rankdata(values) / (len(values) + 1))
    np.testing.assert_allclose(encoded[middle], expected[middle], atol=0.05)


@given(st.lists(st.integers(-5, 5), min_size=2))
def test_quantiles_keep_the_order(values):
    column = fitted(values, "quantile")
    (encoded,) = column.encode(np.arange(-6.0, 7.0))
    assert (np.diff(encoded) >= 0).all()
    assert column.flat or len(column.knots) == 2


def test_equal_values_share_a_score_and_stay_apart_from_others():
    values = np.concatenate([np.zeros(920), np.arange(1.0, 81.0)])
    (encoded,) = fitted(values, "quantile").encode(values)
    assert np.unique(encoded[:920]).size == 1
    assert encoded[920] > encoded[0] + 0.5


def test_missing_and_infinite_values_become_the_median_and_are_marked():
    column = fitted([1, 2, 3, math.nan, math.inf], "standard")
    assert (column.median, column.indicator, column.width) == (2, True, 2)
    encoded, missing = column.encode(np.array([2, math.nan, -math.inf]))
    assert encoded.tolist() == [0, 0, 0]
    assert missing.tolist() == [0, 1, 1]


def test_values_that_are_missing_only_at_prediction_have_no_mark():
    column = fitted([1, 2, 3], "standard")
    assert [part.tolist() for part in column.encode(np.array([math.nan]))] == [[0]]


@pytest.mark.parametrize("line", ["quantile", "standard"])
@pytest.mark.parametrize("values", [[7, 7, 7], [7], [math.nan, math.nan], [7, math.nan], [math.inf]])
def test_constant_columns_become_nothing(values, line):
    column = fitted(values, line)
    assert column.encode(np.array(values, dtype=float))[0].tolist() == [0] * len(values)
    assert column.encode(np.array([-1e9, 1e9]))[0].tolist() == [0, 0]


def test_one_value_in_nearly_all_rows():
    values = np.zeros(10_000)
    values[0] = 1
    column = fitted(values, "quantile")
    encoded = column.encode(values)[0]
    assert encoded[0] > 5
    assert np.abs(encoded[1:]).max() < 0.1


def test_far_values_are_cut_off():
    column = fitted(np.random.default_rng(0).normal(size=100), "standard")
    assert column.encode(np.array([1e300, -1e300]))[0].tolist() == [FARTHEST, -FARTHEST]


@pytest.mark.parametrize(("scaling", "columns"), [("both", 2), ("quantile", 1), ("standard", 1)])
def test_scalings(scaling, columns):
    values = np.array([*range(100), math.nan])
    made = scalings(values, name="x", scaling=scaling)
    assert [column.indicator for column in made] == [True, False][:columns]
    assert {column.name for column in made} == {"x"}


def test_many_values_in_few_rows_need_two_forms():
    first, _ = scalings(np.concatenate([np.zeros(5000), np.arange(100.0)]), name="x", scaling="both")
    assert len(first.knots) < 32


def test_few_values_need_one_form():
    (column,) = scalings(np.arange(300.0) % 12, name="x", scaling="both")
    assert len(column.knots) == 12
