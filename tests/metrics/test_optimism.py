import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilter.metrics.optimism import contenders, flattery_of_best, largest_of, optimism_of_best

EXPECTED_MAXIMA = {2: 0.5642, 3: 0.8463, 10: 1.5388}  # of so many standard normal numbers (Harter 1961, table 1)


@pytest.mark.parametrize(("models", "expected"), EXPECTED_MAXIMA.items())
def test_of_independent_models_it_is_the_expected_maximum_of_normal_numbers(models, expected):
    values = np.random.default_rng(0).normal(size=(2000, models))
    error = values.std() / np.sqrt(2000)
    assert optimism_of_best(values, resamples=10_000) == pytest.approx(expected * error, rel=0.06)


def test_it_is_the_error_of_the_best_over_resamples():
    draw = np.random.default_rng(1)
    values = (draw.random((80, 4)) < 0.8).astype(float)
    means = values.mean(axis=0)
    found = []
    for _ in range(8000):
        errors = values[draw.integers(0, 80, 80)].mean(axis=0) - means
        found.append(errors.max())
    assert optimism_of_best(values, resamples=8000) == pytest.approx(np.mean(found), rel=0.04)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 30), st.integers(1, 4))
def test_it_is_never_below_zero_and_zero_where_nothing_is_chosen(examples, models):
    values = np.random.default_rng(examples).normal(size=(examples, models))
    found = optimism_of_best(values, resamples=200)
    assert found >= 0
    assert optimism_of_best(np.repeat(values[:, :1], 3, axis=1), resamples=200) == pytest.approx(0, abs=1e-12)
    if models == 1:
        assert found == 0


def test_models_that_err_alike_flatter_themselves_less():
    draw = np.random.default_rng(2)
    common, own = draw.normal(size=(500, 1)), draw.normal(size=(500, 5))
    assert optimism_of_best(3 * common + own) == pytest.approx(optimism_of_best(own), rel=1e-9)
    assert optimism_of_best(common + 0.1 * own) < 0.2 * optimism_of_best(own)


@pytest.mark.parametrize(
    ("values", "met"), [([1.0, 2.0], r"\(examples, models\) is legal"), ([[np.nan]], "finite numbers are legal")]
)
def test_optimism_refuses(values, met):
    with pytest.raises(ValueError, match=met):
        optimism_of_best(values)
    with pytest.raises(ValueError, match=met):
        contenders(values)


def test_what_is_clearly_behind_was_never_chosen():
    draw = np.random.default_rng(3)
    close, far = draw.normal(size=(400, 3)), draw.normal(loc=-1.0, size=(400, 1))
    assert contenders(np.hstack([close[:, :1], far, close[:, 1:]])).tolist() == [0, 2, 3]
    assert contenders(np.ones((5, 2))).tolist() == [0, 1]
    assert contenders(np.stack([np.ones(5), np.zeros(5)], axis=1)).tolist() == [0]  # behind on each example alike


@pytest.mark.parametrize(("k", "expected"), EXPECTED_MAXIMA.items())
def test_the_largest_of_normal_numbers_is_that_of_the_tables(k, expected):
    assert largest_of(k) == pytest.approx(expected, abs=1e-4)
    assert largest_of(1) == 0


@pytest.mark.parametrize("kept", [0.0, 0.9, 0.99])
def test_the_best_of_a_training_owes_no_more_to_luck(kept):
    """Answers that change from evaluation to evaluation, more or less, on rows whose truth is known from many more."""
    draw, rows, luck, bound = np.random.default_rng(5), 200, [], []
    for _ in range(60):
        ease, moved = draw.normal(1, 2, 3200), draw.normal(0, 1, 3200)
        shares = []
        for at in range(25):
            right = ease + moved + 2 * (1 - np.exp(-at / 5)) - 2 > 0
            shares.append((right[:rows].mean(), right[rows:].mean()))
            moved = kept * moved + np.sqrt(1 - kept**2) * draw.normal(0, 1, 3200)
        seen, true = np.array(shares).T
        best = seen.argmax()
        luck.append(seen[best] - true[best])
        bound.append(flattery_of_best(seen, np.sqrt(seen[best] * (1 - seen[best]) / rows)).optimism)
    error = np.std(luck) / np.sqrt(len(luck))
    assert np.mean(bound) > np.mean(luck) - 2 * error
    assert np.mean(bound) < 0.06  # and it says something: two standard errors of a share


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=20), st.floats(0, 2))
def test_the_luck_of_the_best_is_at_most_the_largest_error(means, error):
    found = flattery_of_best(means, error)
    assert 1 <= found.close <= len(means)
    assert -1e-9 <= found.optimism <= error * largest_of(len(means)) + 1e-9
    assert flattery_of_best(means, 0.0).optimism == 0


@pytest.mark.parametrize(("means", "error"), [([], 1.0), ([[1.0]], 1.0), ([np.nan], 1.0), ([1.0], -1.0)])
def test_the_luck_of_the_best_refuses(means, error):
    with pytest.raises(ValueError, match="leave evaluations out"):
        flattery_of_best(means, error)
