import numpy as np
import pytest
from scipy import stats

from kilter.metrics.seeds import difference_over_seeds, error_over_seeds


def drawn(draw, seeds, examples, *, of_seeds, of_examples, above=0.0):
    """Values that err by trainings, by examples and by both."""
    shared = draw.normal(0, of_examples, examples)
    return above + draw.normal(0, of_seeds, (seeds, 1)) + shared + draw.normal(size=(seeds, examples))


def test_variances_of_seeds_and_examples_add_up():
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(3, 40)), draw.normal(0.2, 1, size=(5, 40))
    parts = [
        (np.var(first.mean(1), ddof=1) / 3, 2),
        (np.var(second.mean(1), ddof=1) / 5, 4),
        (np.var(first.mean(0) - second.mean(0), ddof=1) / 40, 39),
    ]
    variance = sum(part for part, _ in parts)
    freedom = variance**2 / sum(part**2 / free for part, free in parts)
    assert error_over_seeds(first, second) == pytest.approx((np.sqrt(variance), freedom))
    made = difference_over_seeds(first, second)
    value = first.mean() - second.mean()
    assert made.value == pytest.approx(value)
    assert made.p_value == pytest.approx(2 * stats.t.sf(abs(value) / np.sqrt(variance), freedom))
    assert (made.low, made.high) == pytest.approx(stats.t.interval(0.95, freedom, value, np.sqrt(variance)))
    assert made.test == "t test over seeds and examples"


def test_examples_that_all_agree_leave_the_test_of_welch():
    left, right = np.array([[0.8], [0.82], [0.9]]), np.array([[0.7], [0.75], [0.71], [0.72]])
    made = difference_over_seeds(np.repeat(left, 5, 1), np.repeat(right, 5, 1))
    expected = stats.ttest_ind(left[:, 0], right[:, 0], equal_var=False)
    assert made.p_value == pytest.approx(expected.pvalue)


@pytest.mark.parametrize(("of_seeds", "of_examples"), [(0.0, 0.0), (0.3, 0.0), (0.0, 1.0), (0.3, 1.0)])
def test_equal_ways_are_hardly_ever_called_different(of_seeds, of_examples):
    draw = np.random.default_rng(1)
    rejected = 0
    for _ in range(400):
        first, second = (drawn(draw, 4, 60, of_seeds=of_seeds, of_examples=of_examples) for _ in range(2))
        rejected += difference_over_seeds(first, second).p_value < 0.05
    assert rejected / 400 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_nothing_varies():
    ones = np.ones((2, 3))
    assert difference_over_seeds(ones, ones).p_value == 1
    apart = difference_over_seeds(ones, 0 * ones)
    assert (apart.value, apart.low, apart.high, apart.p_value) == (1, 1, 1, 0)


@pytest.mark.parametrize(
    ("first", "met"),
    [
        (np.ones((1, 3)), r"first has shape \(1, 3\)"),
        (np.ones(3), r"first has shape \(3,\)"),
        (np.ones((2, 4)), "first 4, second 3"),
        (np.full((2, 3), np.nan), "first holds what is not-a-number"),
    ],
)
def test_seeds_refuse(first, met):
    with pytest.raises(ValueError, match=met):
        difference_over_seeds(first, np.ones((2, 3)))
