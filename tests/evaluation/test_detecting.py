import numpy as np
import pytest

from kilter.evaluation.detecting import (
    before,
    before_in_deviations,
    before_over_seeds,
    before_over_seeds_in_deviations,
    detectable,
    detectable_over_seeds,
)
from kilter.metrics.power import detectable_in_accuracy, detectable_in_mean, detectable_over_trainings


def test_of_right_and_wrong_it_rests_on_the_share_of_disagreement():
    left = np.repeat([1.0, 1.0, 0.0, 0.0], [70, 20, 5, 5])
    right = np.repeat([1.0, 0.0, 1.0, 0.0], [70, 20, 5, 5])
    made = detectable(left, right)
    assert made.difference == pytest.approx(detectable_in_accuracy(100, 0.25))
    assert (made.n, made.seeds, made.power, made.level) == (100, 1, 0.8, 0.05)
    assert made.assumed == "only one of both is right on 25 % of examples, as here"
    assert detectable(left, left).difference < made.difference


def test_of_amounts_it_rests_on_how_differences_vary_and_not_on_their_mean():
    draw = np.random.default_rng(0)
    left, right = draw.normal(size=50), draw.normal(size=50)
    made = detectable(left, right)
    assert made.difference == pytest.approx(detectable_in_mean(50, np.std(left - right, ddof=1)))
    assert detectable(left + 7, right).difference == pytest.approx(made.difference)


def test_groups_count_instead_of_examples():
    draw = np.random.default_rng(1)
    groups = np.repeat(np.arange(25), 40)
    left = draw.normal(size=25)[groups] + draw.normal(0, 0.1, 1000)
    made, alone = detectable(left, np.zeros(1000), groups), detectable(left, np.zeros(1000))
    assert made.n == 25
    assert made.difference > 4 * alone.difference


def test_before_any_run_it_rests_on_an_assumption_that_is_said():
    assert before(540).difference == pytest.approx(detectable_in_accuracy(540, 0.1))
    assert before(540).assumed == "only one of both is right on 10 % of examples"
    assert before(5).difference is None
    assert before_in_deviations(540).difference == pytest.approx(detectable_in_mean(540, 1.0))
    assert before_in_deviations(1).difference is None


def test_more_seeds_and_examples_show_smaller_differences():
    draw = np.random.default_rng(2)
    few, more = (detectable_over_seeds(*draw.normal(size=(2, k, 200))) for k in (3, 12))
    assert (few.seeds, more.seeds, few.n) == (3, 12, 200)
    assert more.difference < few.difference


def test_before_any_run_seeds_have_an_assumed_variance_that_is_said():
    made = before_over_seeds(540, 5)
    assert (made.n, made.seeds) == (540, 5)
    assert made.difference == pytest.approx(
        detectable_over_trainings(540, 5, deviation=np.sqrt(0.1), between=0.01), rel=1e-9
    )
    assert made.assumed.endswith("scores vary by 1 point from seed to seed")
    assert before_over_seeds(540, 5, between=0.03).difference > made.difference
    in_deviations = before_over_seeds_in_deviations(540, 5)
    assert in_deviations.difference * np.sqrt(0.1) == pytest.approx(made.difference, rel=1e-6)
    assert "0.032 of it from seed to seed" in in_deviations.assumed
    assert before_over_seeds_in_deviations(540, 5, between=0.1).difference > in_deviations.difference


def test_of_comparisons_made_together_the_level_is_a_part():
    draw = np.random.default_rng(3)
    left, right = draw.normal(size=(2, 50))
    groups = np.repeat(np.arange(10), 5)
    for pair, given in (((left, right), None), ((left > 0, right > 0), None), ((left, right), groups)):
        ours, theirs = (np.asarray(side, dtype=float) for side in pair)
        alone, among = detectable(ours, theirs, given), detectable(ours, theirs, given, level=0.01)
        assert (alone.level, among.level) == (0.05, 0.01)
        assert among.difference > alone.difference
