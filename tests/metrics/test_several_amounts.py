import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from kilter.metrics.intervals import bootstrap
from kilter.metrics.regression import regression_scores
from kilter.metrics.several_amounts import column_scores, mean_r2


def drawn(rows=80, seed=0):
    generator = np.random.default_rng(seed)
    target = generator.normal(size=(rows, 3)) * [1.0, 10.0, 1e3] + [0.0, 5.0, -4e3]
    return target, target + generator.normal(size=(rows, 3)) * [0.2, 5.0, 900.0]


def with_holes(target, share=0.3, seed=1):
    holed = target.copy()
    holed[np.random.default_rng(seed).random(target.shape) < share] = np.nan
    return holed


def naive(target, given):
    each = []
    for column in range(target.shape[1]):
        known = ~np.isnan(target[:, column])
        each.append(metrics.r2_score(target[known, column], given[known, column]))
    return float(np.mean(each))


def test_the_mean_r2_is_that_of_scikit_learn():
    target, given = drawn()

    assert mean_r2(target, given).value == pytest.approx(metrics.r2_score(target, given))
    assert mean_r2(with_holes(target), given).value == pytest.approx(naive(with_holes(target), given))


def test_its_interval_is_that_of_a_bootstrap_over_rows():
    target, given = drawn()
    target = with_holes(target)
    measure = mean_r2(target, given)
    slow = bootstrap(np.arange(len(target)), lambda rows: naive(target[rows], given[rows]), resamples=1_000)

    assert (measure.low, measure.high) == pytest.approx((slow.low, slow.high), abs=0.02)
    assert measure.low < measure.value < measure.high


def test_each_column_is_scored_over_the_rows_where_it_is_known():
    target, given = drawn()
    target = with_holes(target)
    for column, scores in enumerate(column_scores(target, given)):
        known = ~np.isnan(target[:, column])
        assert scores == regression_scores(target[known, column], given[known, column])
        assert scores["mae"].n == known.sum()


def test_what_does_not_vary_or_is_not_there_has_no_score():
    target, given = drawn(10)
    flat = target.copy()
    flat[:, 1] = 7.0

    assert mean_r2(flat, given).undefined == "the known targets of 1 of 3 columns are all equal"
    assert mean_r2(np.full((4, 2), np.nan), np.zeros((4, 2))).undefined == "no examples"
    assert column_scores(np.full((4, 1), np.nan), np.zeros((4, 1)))[0]["r2"].undefined == "no examples"


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"both \(n, k\) are legal"):
        mean_r2([1.0, 2.0], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"both \(n, k\) are legal"):
        column_scores([[1.0, 2.0]], [[1.0]])


@pytest.mark.parametrize(
    ("target", "predicted"), [([[1.0], [np.inf]], [[1.0], [1.0]]), ([[1.0], [2.0]], [[1.0], [np.nan]])]
)
def test_numbers_that_are_not_finite_are_refused(target, predicted):
    with pytest.raises(ValueError, match="1 values are infinite, or predictions that are not-a-number"):
        mean_r2(target, predicted)


@given(st.integers(1, 12), st.integers(1, 3), st.integers(0, 10_000))
def test_the_mean_r2_of_any_amounts_is_that_of_scikit_learn_or_has_a_reason(rows, columns, seed):
    generator = np.random.default_rng(seed)
    target = generator.integers(-2, 3, (rows, columns)).astype(float)  # some columns do not vary
    predicted = generator.normal(size=(rows, columns))
    value = mean_r2(target, predicted, resamples=5).value
    varies = bool(np.ptp(target, axis=0).all())
    expected = metrics.r2_score(target, predicted) if varies else None
    assert value == (pytest.approx(expected, rel=1e-9, abs=1e-9) if varies else None)
