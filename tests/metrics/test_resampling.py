from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilter.metrics import resampling
from kilter.metrics.resampling import resample_cells, resample_counts, resample_means


def naive_means(values, resamples, seed):
    generator = np.random.default_rng(seed)
    n = len(values)
    return np.array([values[generator.integers(0, n, n)].mean(axis=0) for _ in range(resamples)])


@pytest.mark.parametrize("counts", [[3, 0, 1], [300, 0, 100]], ids=["one by one", "multinomial"])
def test_counts_have_the_moments_of_the_multinomial(counts):
    drawn = resample_counts(counts, resamples=40_000, seed=1)
    n, shares = sum(counts), np.array(counts) / sum(counts)
    assert (drawn.sum(axis=1) == n).all()
    assert (drawn[:, 1] == 0).all()
    np.testing.assert_allclose(drawn.mean(axis=0), n * shares, rtol=0.01)
    covariance = n * (np.diag(shares) - np.outer(shares, shares))
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.03 * covariance.max())


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.integers(0, 5))
def test_every_resample_has_the_total_and_no_new_cells(counts, seed):
    drawn = resample_counts(counts, resamples=7, seed=seed)
    assert drawn.shape == (7, len(counts))
    assert (drawn.sum(axis=1) == sum(counts)).all()
    assert not drawn[:, np.array(counts) == 0].any()


def test_tables_keep_their_shape():
    assert resample_counts([[1, 2], [3, 4]], resamples=5).shape == (5, 2, 2)


@pytest.mark.parametrize("counts", [[2, 3, 1], [200, 300, 100]], ids=["one by one", "multinomial"])
def test_chunks_do_not_change_the_draws(counts, monkeypatch):
    whole = np.concatenate(list(resample_cells(counts, resamples=50, seed=3)))
    monkeypatch.setattr(resampling, "ENTRIES_AT_ONCE", 20)
    monkeypatch.setattr(resampling, "DRAWN_AT_ONCE", 12)
    chunks = list(resample_cells(counts, resamples=50, seed=3))
    assert len(chunks) > 5
    np.testing.assert_array_equal(np.concatenate(chunks), whole)
    assert max(len(chunk) for chunk in resample_cells(counts, resamples=50, seed=3, beside=7)) == 2


def test_a_generator_goes_on_and_a_seed_begins_again():
    first, again = (resample_counts([5, 5], resamples=20, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    generator = np.random.default_rng(4)
    np.testing.assert_array_equal(resample_counts([5, 5], resamples=20, seed=generator), first)
    assert (resample_counts([5, 5], resamples=20, seed=generator) != first).any()


@pytest.mark.parametrize(
    ("counts", "met"), [([1.5], "type float64"), ([-1], "a negative entry, -1"), ([[1]], r"shape \(1, 1\)")]
)
def test_counts_are_refused(counts, met):
    with pytest.raises(ValueError, match=met):
        next(resample_cells(counts, resamples=1))


def test_means_are_draws_of_the_bootstrap_of_three_examples():
    values = np.array([[0.0], [1.0], [3.0]])
    drawn = resample_means(values, resamples=27_000, seed=2)[:, 0]
    exact = np.array([np.mean(each) for each in product(values[:, 0], repeat=3)])
    for mean in np.unique(exact.round(9)):
        chance = np.mean(np.isclose(exact, mean))
        seen = np.mean(np.isclose(drawn, mean))
        assert abs(seen - chance) < 5 * np.sqrt(chance / 27_000)


def test_means_of_several_columns_go_together():
    generator = np.random.default_rng(0)
    column = generator.normal(size=200)
    drawn = resample_means(np.stack([column, 2 * column + 1], axis=1), resamples=50, seed=1)
    np.testing.assert_allclose(drawn[:, 1], 2 * drawn[:, 0] + 1)


@pytest.mark.parametrize("columns", [1, 2])
def test_order_makes_no_difference(columns):
    generator = np.random.default_rng(0)
    values = generator.normal(size=(300, columns))
    mixed = values[generator.permutation(300)]
    np.testing.assert_array_equal(
        resample_means(values, resamples=40, seed=5), resample_means(mixed, resamples=40, seed=5)
    )


def test_few_distinct_values_are_drawn_as_counts_whatever_n():
    drawn = resample_means(np.repeat([[0.0], [1.0]], 40_000, axis=0), resamples=4_000, seed=0)
    np.testing.assert_allclose(drawn * 80_000, np.round(drawn * 80_000), atol=1e-6)
    assert drawn.std() == pytest.approx(0.5 / np.sqrt(80_000), rel=0.05)


def test_many_examples_match_the_naive_bootstrap_even_with_heavy_tails():
    generator = np.random.default_rng(7)
    heavy = generator.pareto(2.2, size=12_000)  # barely a variance: a few examples decide the spread
    values = np.stack([heavy, heavy**0.5, np.ones(12_000)], axis=1)
    drawn = resample_means(values, resamples=4_000, seed=1)
    naive = naive_means(values, 1_500, seed=2)
    spread = naive.std(axis=0)
    np.testing.assert_allclose(drawn[:, 2], 1.0)
    for column in (0, 1):
        for quantile in (0.025, 0.25, 0.5, 0.75, 0.975):
            apart = np.quantile(drawn[:, column], quantile) - np.quantile(naive[:, column], quantile)
            assert abs(apart) < 0.2 * spread[column]
    assert np.corrcoef(drawn[:, :2].T)[0, 1] == pytest.approx(np.corrcoef(naive[:, :2].T)[0, 1], abs=0.05)


def test_one_column_of_many_distinct_values_matches_the_naive_bootstrap():
    values = np.random.default_rng(8).exponential(size=(11_000, 1))
    drawn, naive = resample_means(values, resamples=4_000, seed=1), naive_means(values, 1_500, seed=2)
    assert drawn.std() == pytest.approx(naive.std(), rel=0.1)
    assert drawn.mean() == pytest.approx(values.mean(), abs=0.1 * naive.std())


def test_means_are_refused():
    with pytest.raises(ValueError, match="n of 1 or more is legal"):
        resample_means(np.zeros((0, 1)), resamples=1)
    with pytest.raises(ValueError, match="1 or more is legal"):
        resample_means(np.zeros((1, 1)), resamples=0)
