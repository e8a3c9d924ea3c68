"""Many cells drawn at once: the same distribution as NumPy's multinomial, and never another total."""

import math

import numpy as np
import pytest
from scipy.stats import binom, chisquare, poisson

from kilter.metrics.multinomial import _table, nanoseconds, resample_sums

COUNTS = np.array([400, 60, 5, 1, 1, 33])
PLACES = np.array([[0, 1, 2, 2, -1, 0], [2, 2, 1, 1, 0, 0]])


def sums_of(resamples, seed=0):
    return resample_sums(COUNTS, PLACES, 3, resamples=resamples, generator=np.random.default_rng(seed))


def test_every_resample_has_the_whole_total():
    sums = sums_of(5_001)
    assert sums.shape == (2, 3, 5_001)
    assert (sums[1].sum(axis=0) == COUNTS.sum()).all()
    assert (sums >= 0).all()


def test_means_and_covariances_are_those_of_a_multinomial():
    sums = sums_of(40_000).reshape(6, -1)
    way = np.zeros((6, COUNTS.size))
    for row, places in enumerate(PLACES):
        for cell, place in enumerate(places):
            if place >= 0:
                way[3 * row + place, cell] = 1
    total = COUNTS.sum()
    shares = COUNTS / total
    covariance = way @ (total * (np.diag(shares) - np.outer(shares, shares))) @ way.T
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.5))
    assert np.abs((sums.mean(axis=1) - way @ COUNTS) / spread).max() < 5 / math.sqrt(40_000)
    assert np.abs((np.cov(sums) - covariance) / np.outer(spread, spread)).max() < 0.04


def test_a_single_cell_is_binomial():
    drawn = sums_of(40_000, seed=3)[0, 2]  # the cells of 5 and of 1
    expected = binom.pmf(np.arange(13), COUNTS.sum(), 6 / COUNTS.sum())
    seen = np.bincount(np.minimum(drawn, 12), minlength=13)
    expected[12] = 1 - expected[:12].sum()
    assert chisquare(seen, expected * 40_000).pvalue > 1e-3


@pytest.mark.parametrize("mean", [0.0, 0.3, 1.0, 7.5, 250.0, 8_000.0])
def test_a_table_and_what_is_left_of_it_are_the_poisson_distribution(mean):
    table, covered, least, rest = _table(mean)
    assert (covered == 65_536) == (mean == 0)
    left = np.diff(np.concatenate([[0.0], rest, [1.0]])) * (65_536 - covered) / 65_536
    numbers = np.arange(least, least + left.size)
    shares = np.bincount(table[:covered] - least, minlength=left.size) / 65_536 + left
    assert np.abs(shares - poisson.pmf(numbers, mean)).max() < 1e-9


def test_the_same_seed_draws_the_same():
    assert (sums_of(100, seed=5) == sums_of(100, seed=5)).all()
    assert (sums_of(100, seed=5) != sums_of(100, seed=6)).any()


def test_what_it_is_not_made_for_takes_forever():
    assert nanoseconds(np.array([3, 4]), 1_000) == math.inf
    assert nanoseconds(np.array([10**8]), 1_000) == math.inf
    assert nanoseconds(np.ones(1_000, np.int64), 1_000) < nanoseconds(np.ones(1_000, np.int64), 2_000) < math.inf
