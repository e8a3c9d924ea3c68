from __future__ import annotations

import numpy as np
import pytest

from kilter.evaluation.comparing_seeds import compare_seeds
from kilter.values.errors import UsageError


@pytest.fixture
def trainings(classified):
    """Makes trainings of one way: shares of right answers on 200 examples, a seed each."""

    def make(*shares, seed=0):
        draw = np.random.default_rng(seed)
        right = [draw.random(200) < share for share in shares]
        return [classified([0] * 200, [[0.8, 0.2] if each else [0.3, 0.7] for each in one]) for one in right]

    return make


def test_two_ways_are_compared_over_seeds_and_examples(trainings):
    left, right = trainings(0.9, 0.92, 0.91), trainings(0.7, 0.72, 0.69, seed=1)
    made = compare_seeds(left, right, names=("wide", "narrow"), split="valid", merit="accuracy")
    assert made.winner == "wide"
    assert (made.left, made.right, made.split, made.difference.name) == ("wide", "narrow", "valid", "accuracy")
    assert made.test == "t test over seeds and examples"
    means = [np.mean([each.merit.mean() for each in side]) for side in (left, right)]
    assert made.difference.value == pytest.approx(means[0] - means[1])
    assert (made.dominance.ratio, made.dominance.bound, made.dominance.level) == (0.0, 0.0, 0.05)
    assert (made.dominance.left_seeds, made.dominance.right_seeds) == (3, 3)
    assert made.detectable.seeds == 3
    assert made.adjusted_p_value is None


def test_seeds_that_vary_widely_establish_nothing(trainings):
    left, right = trainings(0.95, 0.6, 0.9), trainings(0.6, 0.9, 0.7, seed=1)
    made = compare_seeds(left, right)
    assert made.winner is None
    assert made.p_value > 0.05
    assert made.dominance.bound > 0.5


def test_examples_of_a_group_count_as_one(trainings):
    left, right = trainings(0.9, 0.92, 0.91), trainings(0.7, 0.72, 0.69, seed=1)
    groups = {name: row // 20 for row, name in enumerate(left[0].ids)}
    made, alone = compare_seeds(left, right, groups=groups), compare_seeds(left, right)
    assert (made.clusters, made.detectable.n, made.difference.n) == (10, 10, 200)
    assert made.difference.value == pytest.approx(alone.difference.value)
    uneven = {name: min(row // 7, 9) for row, name in enumerate(left[0].ids)}
    assert compare_seeds(left, right, groups=uneven).difference.value == pytest.approx(alone.difference.value)


def test_rows_in_another_order_are_matched(trainings):
    left, right = trainings(0.9, 0.8), trainings(0.7, 0.75, seed=1)
    turned = [each.take(np.arange(200)[::-1]) for each in right]
    assert compare_seeds(left, turned) == compare_seeds(left, right)


def test_one_training_a_side_or_other_examples_are_errors(trainings, classified):
    two = trainings(0.9, 0.8)
    with pytest.raises(UsageError, match="1 training of 'right'"):
        compare_seeds(two, two[:1])
    other = classified([1] * 200, [[0.8, 0.2]] * 200)
    with pytest.raises(UsageError, match="another target"):
        compare_seeds(two, [two[0], other])
    one = [classified([0], [[0.8, 0.2]])] * 2
    with pytest.raises(UsageError, match="1 example to compare"):
        compare_seeds(one, one)
