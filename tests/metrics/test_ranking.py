import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from kilter.metrics import ranking
from kilter.metrics.intervals import bootstrap, wilson
from kilter.metrics.ranking import (
    auc_difference,
    auc_influence,
    average_precision,
    one_vs_rest_auc,
    rank,
    roc_auc,
    thinned,
)


def ranked(positives, negatives, apart, seed, decimals=9):
    generator = np.random.default_rng(seed)
    target = np.repeat([1, 0], [positives, negatives])
    return target, (generator.normal(size=target.size) + apart * target).round(decimals)


def naive_delong(target, *scores):
    """Areas, and the covariance of them, by the sums over all pairs in DeLong et al. (1988)."""
    areas, own_positive, own_negative = [], [], []
    for score in scores:
        pairs = score[target == 1][:, None] - score[target == 0][None, :]
        wins = (pairs > 0) + 0.5 * (pairs == 0)
        areas.append(wins.mean())
        own_positive.append(wins.mean(axis=1))
        own_negative.append(wins.mean(axis=0))
    first, second = np.cov(own_positive), np.cov(own_negative)
    return areas, first / len(own_positive[0]) + second / len(own_negative[0])


binary_scores = st.lists(st.tuples(st.integers(0, 1), st.integers(-5, 5)), min_size=2, max_size=60).filter(
    lambda rows: 0 < sum(row[0] for row in rows) < len(rows)
)


@settings(deadline=None, max_examples=60)
@given(binary_scores)
def test_values_are_scikit_learns(rows):
    target, score = np.array(rows).T
    area, precision = roc_auc(target, score), average_precision(target, score, resamples=20)
    assert area.value == pytest.approx(reference.roc_auc_score(target, score), abs=1e-9)
    assert precision.value == pytest.approx(reference.average_precision_score(target, score), abs=1e-9)
    for measure in (area, precision):
        assert 0 <= measure.low <= measure.value <= measure.high <= 1
        assert measure.low < measure.high


@settings(deadline=None, max_examples=30)
@given(binary_scores)
def test_curves_are_scikit_learns(rows):
    target, score = np.array(rows).T
    curve = rank(target, score)
    rates, recalls, thresholds = reference.roc_curve(target, score, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_alarm_rate, rates[1:])
    np.testing.assert_allclose(curve.recall, recalls[1:])
    np.testing.assert_allclose(curve.threshold, thresholds[1:])
    precisions, _, rising = reference.precision_recall_curve(target, score)
    np.testing.assert_allclose(curve.precision[::-1], precisions[:-1])
    np.testing.assert_allclose(curve.threshold[::-1], rising)


def test_curves_of_one_class_have_no_rate():
    assert np.isnan(rank([1, 1], [0.5, 0.6]).false_alarm_rate).all()
    assert np.isnan(rank([0, 0], [0.5, 0.6]).recall).all()
    with pytest.raises(ValueError, match="one or more are legal"):
        rank([], [])


@pytest.mark.parametrize("decimals", [9, 0], ids=["distinct", "tied"])
def test_the_variance_is_delongs(decimals):
    target, score = ranked(40, 70, 1.0, seed=0, decimals=decimals)
    (area,), variance = naive_delong(target, score)
    found, influence = auc_influence(target == 1, score)
    assert found == pytest.approx(area)
    assert (influence**2).sum() == pytest.approx(float(variance))
    measure = roc_auc(target, score)
    reach = 1.959964 * math.sqrt(variance) / (area * (1 - area))
    assert measure.low == pytest.approx(1 / (1 + math.exp(-(math.log(area / (1 - area)) - reach))))
    assert measure.high == pytest.approx(1 / (1 + math.exp(-(math.log(area / (1 - area)) + reach))))
    assert measure.method == "delong"


@pytest.mark.parametrize(("positives", "negatives", "apart"), [(5, 60, 1.0), (30, 30, 50.0), (1, 4, 0.5)])
def test_where_delong_fails_each_bound_is_z_deviations_from_what_was_seen(positives, negatives, apart):
    measure = roc_auc(*ranked(positives, negatives, apart, seed=1))
    assert measure.method == "newcombe"
    half = (positives + negatives) / 2 - 1
    for bound in (measure.low, measure.high):
        spread = (1 + half * (1 - bound) / (2 - bound) + half * bound / (1 + bound)) / (positives * negatives)
        deviations = (measure.value - bound) ** 2 / (bound * (1 - bound) * spread) if bound not in {0.0, 1.0} else None
        assert deviations is None or deviations == pytest.approx(1.959964**2, rel=1e-4)
    assert measure.low < measure.value


def test_the_interval_of_an_area_keeps_its_confidence():
    truth = 0.7602499  # the area for normal scores one standard deviation apart
    held = {"few": 0, "many": 0}
    for seed in range(250):
        few, many = roc_auc(*ranked(6, 40, 1.0, seed)), roc_auc(*ranked(40, 60, 1.0, seed + 1_000))
        held["few"] += few.low <= truth <= few.high
        held["many"] += many.low <= truth <= many.high
    assert 0.91 < held["few"] / 250 < 0.99
    assert 0.91 < held["many"] / 250 < 0.99


def test_one_class_alone_has_no_area():
    assert roc_auc([1, 1], [0.1, 0.2]).undefined == "there are no negatives"
    assert roc_auc([0, 0], [0.1, 0.2]).undefined == "there are no positives"
    assert roc_auc([], []).undefined == "no examples"
    assert average_precision([0, 0], [0.1, 0.2]).undefined == "there are no positives"
    assert average_precision([], []).undefined == "no examples"
    assert average_precision([1], [0.1]).value == 1.0


@pytest.mark.parametrize(
    ("target", "score", "met"),
    [
        ([0, 2], [0.1, 0.2], "class index 2"),
        ([0, 1], [0.1, np.nan], "score holds 1 values"),
        ([0, 1], [0.1], "target 2, score 1"),
        ([0, 1], [[0.1], [0.2]], r"score has shape \(2, 1\)"),
    ],
)
def test_rankings_refuse(target, score, met):
    for function in (roc_auc, average_precision, rank):
        with pytest.raises(ValueError, match=met):
            function(target, score)


def multiclass(n, seed, sharpness=2.0):
    generator = np.random.default_rng(seed)
    target = generator.integers(0, 4, n)
    logits = generator.normal(size=(n, 4)) + sharpness * np.eye(4)[target]
    return target, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_one_against_the_rest_is_scikit_learns_and_the_bootstraps():
    target, probabilities = multiclass(250, seed=0)
    measure = one_vs_rest_auc(target, probabilities)
    assert measure.value == pytest.approx(reference.roc_auc_score(target, probabilities, multi_class="ovr"))
    rows = np.column_stack([target, probabilities])

    def mean_area(each):
        return np.mean([auc_influence(each[:, 0] == k, each[:, 1 + k])[0] for k in range(4)])

    naive = bootstrap(rows, mean_area, resamples=600)
    width = naive.high - naive.low
    assert measure.low == pytest.approx(naive.low, abs=0.15 * width)
    assert measure.high == pytest.approx(naive.high, abs=0.15 * width)


def test_one_against_the_rest_of_rare_missing_and_perfect_classes():
    target, probabilities = multiclass(60, seed=1)
    rare = np.concatenate([target[target != 3], [3]])
    rows = np.concatenate([probabilities[target != 3], probabilities[target == 3][:1]])
    measure = one_vs_rest_auc(rare, rows)
    assert (measure.method, measure.low < measure.value < measure.high) == ("newcombe", True)
    absent = one_vs_rest_auc(np.minimum(target, 2), probabilities)
    assert absent.undefined == "1 of 4 classes do not occur in truth"
    perfect = one_vs_rest_auc(target, np.eye(4)[target])
    assert (perfect.value, perfect.high) == (1.0, 1.0)
    assert perfect.low < 1
    with pytest.raises(ValueError, match=r"\(n, classes\) is legal"):
        one_vs_rest_auc(target, probabilities[:, 0])


@pytest.mark.parametrize("decimals", [9, 1], ids=["distinct", "tied"])
def test_a_difference_is_delongs(decimals):
    target, first = ranked(50, 60, 1.0, seed=3, decimals=decimals)
    second = (first + np.random.default_rng(4).normal(size=110)).round(decimals)
    areas, covariance = naive_delong(target, first, second)
    deviation = math.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    difference = auc_difference(target, first, second)
    assert difference.value == pytest.approx(areas[0] - areas[1])
    assert difference.p_value == pytest.approx(math.erfc(abs(difference.value) / deviation / math.sqrt(2)))
    assert difference.high - difference.value == pytest.approx(1.959964 * deviation)
    swapped = auc_difference(target, second, first)
    assert (swapped.value, swapped.low) == pytest.approx((-difference.value, -difference.high))


def test_the_same_ranking_makes_no_difference():
    target, score = ranked(20, 30, 1.0, seed=5)
    same = auc_difference(target, score, 2 * score)
    assert (same.value, same.low, same.high, same.p_value) == (0.0, 0.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="two or more of either are legal"):
        auc_difference([0, 0, 1], [1, 2, 3], [3, 2, 1])


def test_average_precision_matches_the_naive_bootstrap():
    target, score = ranked(60, 240, 1.0, seed=6)
    rows = np.stack([target, score], axis=1)
    quick = average_precision(target, score, resamples=4_000)
    naive = bootstrap(rows, lambda each: reference.average_precision_score(each[:, 0], each[:, 1]), resamples=500)
    width = naive.high - naive.low
    assert quick.low == pytest.approx(naive.low, abs=0.12 * width)
    assert quick.high == pytest.approx(naive.high, abs=0.12 * width)


def test_groups_of_scores_hardly_change_the_interval(monkeypatch):
    target, score = ranked(100, 5_000, 1.5, seed=7)
    grouped = average_precision(target, score, resamples=1_500)
    monkeypatch.setattr(ranking, "GROUPS", 10_000)
    exact = average_precision(target, score, resamples=1_500)
    assert grouped.value == exact.value
    width = exact.high - exact.low
    assert grouped.low == pytest.approx(exact.low, abs=0.08 * width)
    assert grouped.high == pytest.approx(exact.high, abs=0.08 * width)


def test_perfect_separation_bounds_average_precision_by_its_positives():
    measure = average_precision([0, 0, 0, 1, 1], [0, 1, 2, 3, 4])
    assert (measure.value, measure.low, measure.high) == (1.0, wilson(2, 2).low, 1.0)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000))
def test_rising_transforms_and_order_change_nothing(seed):
    target, score = ranked(8, 12, 1.0, seed, decimals=1)
    mixed = np.random.default_rng(seed).permutation(20)
    for function in (roc_auc, lambda *each: average_precision(*each, resamples=30)):
        first, second = function(target, score), function(target[mixed], np.exp(score)[mixed])
        assert (first.value, first.low, first.high) == pytest.approx((second.value, second.low, second.high))


@pytest.mark.parametrize("rows", [40, 150, 151, 5000])
def test_thinned_curves_lie_on_the_whole_ones(rows):
    target, score = ranked(rows // 4, rows - rows // 4, 1.0, rows)
    whole = rank(target, score)
    kept = [float(np.median(score)), 99.0]
    places = thinned(whole, keep=kept, most=150)
    assert len(places) <= 302
    assert (np.diff(places) > 0).all()
    assert (places[0], places[-1]) == (0, len(whole.threshold) - 1)
    assert int(np.flatnonzero(whole.threshold >= kept[0])[-1]) in places
    if rows <= 150:
        assert len(places) == len(whole.threshold)
    for across in (whole.false_alarm_rate, whole.precision):
        moved = np.cumsum(np.r_[0.0, np.abs(np.diff(whole.recall)) + np.abs(np.diff(across))])
        steps = np.abs(np.diff(whole.recall)) + np.abs(np.diff(across))
        assert np.diff(moved[places]).max() <= moved[-1] / 149 + steps.max() + 1e-12
