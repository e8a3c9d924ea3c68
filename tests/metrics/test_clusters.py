from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilter.metrics.clusters import clustered, clustered_difference
from kilter.metrics.significance import paired_difference

cases = st.lists(st.tuples(st.integers(-3, 3), st.sampled_from("abcde")), min_size=2, max_size=14).filter(
    lambda rows: len({group for _, group in rows}) > 1
)


@settings(deadline=None, max_examples=40)
@given(cases)
def test_models_are_swapped_in_whole_groups_in_every_way(rows):
    differences, groups = zip(*rows, strict=True)
    names = sorted(set(groups))
    sums = [sum(d for d, g in rows if g == name) for name in names]
    every = [abs(np.dot(signs, sums)) for signs in product([-1, 1], repeat=len(names))]
    made = clustered_difference(differences, np.zeros(len(rows)), groups, resamples=50)
    assert made.p_value == pytest.approx(np.mean(np.array(every) >= abs(sum(sums))))
    assert made.value == pytest.approx(np.mean(differences))
    assert made.low <= made.value <= made.high
    assert (made.n, made.clusters, made.test) == (len(rows), len(names), "cluster permutation")


def test_one_example_a_group_is_the_paired_test():
    draw = np.random.default_rng(0)
    first, second = draw.normal(0.2, 1, 60), draw.normal(size=60)
    alone = paired_difference(first, second)
    made = clustered_difference(first, second, np.arange(60))
    assert made.p_value == alone.p_value
    assert (made.value, made.low, made.high) == pytest.approx((alone.value, alone.low, alone.high), abs=0.03)


def test_examples_that_repeat_each_other_say_no_more_than_one_of_them():
    draw = np.random.default_rng(1)
    each = draw.normal(0.3, 1, 30)
    repeated, groups = np.repeat(each, 20), np.repeat(np.arange(30), 20)
    made = clustered_difference(repeated, np.zeros(600), groups)
    alone = paired_difference(each, np.zeros(30))
    naive = paired_difference(repeated, np.zeros(600))
    assert made.p_value == alone.p_value
    assert made.high - made.low == pytest.approx(alone.high - alone.low, rel=0.08)
    assert naive.high - naive.low < 0.4 * (made.high - made.low)


def test_the_deviation_of_groups_is_that_of_their_share_in_the_mean():
    draw = np.random.default_rng(2)
    groups = draw.integers(0, 200, 3000)
    differences = draw.normal(size=200)[groups] + draw.normal(size=3000)
    parts = clustered(differences, groups)
    drawn = []
    for _ in range(3000):
        rows = draw.integers(0, parts.sizes.size, parts.sizes.size)
        drawn.append(parts.sums[rows].sum() / parts.sizes[rows].sum())
    assert parts.deviation / np.sqrt(parts.sizes.size) == pytest.approx(np.std(drawn), rel=0.06)


def test_equal_models_are_hardly_ever_called_different_where_groups_hang_together():
    draw = np.random.default_rng(3)
    groups = np.repeat(np.arange(12), 15)
    clustered_ones = naive = 0
    for repeat in range(250):
        values = draw.normal(size=12)[groups] + draw.normal(size=180)
        zeros = np.zeros(180)
        clustered_ones += clustered_difference(values, zeros, groups, resamples=99, seed=repeat).p_value <= 0.05
        naive += paired_difference(values, zeros, resamples=99, seed=repeat).p_value <= 0.05
    assert clustered_ones / 250 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 250)
    assert naive / 250 > 0.2


@pytest.mark.parametrize(
    ("first", "groups", "met"),
    [
        ([1.0, 2.0], [0, 0], "1 groups to compare on: 2 or more"),
        ([1.0, 2.0], [0], "differences 2, groups 1"),
        ([1.0, np.nan], [0, 1], "first holds 1 values"),
        ([1.0, 2.0], [[0], [1]], r"groups has shape \(2, 1\)"),
    ],
)
def test_groups_refuse(first, groups, met):
    with pytest.raises(ValueError, match=met):
        clustered_difference(first, [0.0, 0.0], groups)
