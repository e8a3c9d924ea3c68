import math

import numpy as np
import pytest
from hypothesis import given as drawn_by
from hypothesis import settings
from hypothesis import strategies as st
from sklearn import metrics

from kilter.metrics.intervals import bootstrap
from kilter.metrics.multilabel import label_scores, multilabel_scores


def drawn(rows=120, labels=4, seed=0):
    generator = np.random.default_rng(seed)
    target = (generator.random((rows, labels)) < np.linspace(0.15, 0.5, labels)).astype(float)
    given = 1 / (1 + np.exp(-(2 * target - 1 + generator.normal(0, 1.2, (rows, labels)))))
    return target, (given >= 0.5).astype(float), given


def with_holes(target, share=0.3):
    holed = target.copy()
    holed[np.random.default_rng(1).random(target.shape) < share] = np.nan
    return holed


def test_scores_are_those_of_scikit_learn():
    target, decided, given = drawn()
    scores = multilabel_scores(target, decided, given)

    assert {name: score.value for name, score in scores.items()} == pytest.approx(
        {
            "micro_f1": metrics.f1_score(target, decided, average="micro"),
            "macro_f1": metrics.f1_score(target, decided, average="macro"),
            "micro_precision": metrics.precision_score(target, decided, average="micro"),
            "micro_recall": metrics.recall_score(target, decided, average="micro"),
            "exact_match": metrics.accuracy_score(target, decided),
            "mean_average_precision": metrics.average_precision_score(target, given, average="macro"),
        }
    )
    assert all(score.low < score.value < score.high for score in scores.values())


def test_scores_of_each_label_are_those_of_scikit_learn():
    target, decided, given = drawn()
    precision, recall, f1, support = metrics.precision_recall_fscore_support(target, decided)
    ranked = metrics.average_precision_score(target, given, average=None)
    for at, scores in enumerate(label_scores(target, decided, given)):
        assert [scores[n].value for n in ("precision", "recall", "f1", "average_precision")] == pytest.approx(
            [precision[at], recall[at], f1[at], ranked[at]]
        )
        assert scores["recall"].n == support[at]


def test_what_is_unknown_counts_nowhere():
    target, decided, given = drawn()
    holed = with_holes(target)
    known = ~np.isnan(holed)
    scores = multilabel_scores(holed, decided, given)

    assert scores["micro_f1"].value == pytest.approx(metrics.f1_score(holed[known], decided[known]))
    each = [metrics.f1_score(holed[known[:, at], at], decided[known[:, at], at]) for at in range(4)]
    assert scores["macro_f1"].value == pytest.approx(np.mean(each))
    ranked = [metrics.average_precision_score(holed[known[:, at], at], given[known[:, at], at]) for at in range(4)]
    assert scores["mean_average_precision"].value == pytest.approx(np.mean(ranked))
    right = [all(t == d for t, d, k in zip(*row, strict=True) if k) for row in zip(holed, decided, known, strict=True)]
    assert scores["exact_match"].value == pytest.approx(np.mean(np.array(right)[known.any(axis=1)]))
    assert scores == multilabel_scores(holed, np.where(known, decided, 1 - decided), np.where(known, given, 0.5))


def test_intervals_come_from_resampling_rows():
    target, decided, given = drawn()
    scores = multilabel_scores(target, decided, given)
    rows = np.arange(len(target))
    micro = bootstrap(rows, lambda r: metrics.f1_score(target[r], decided[r], average="micro"), resamples=400)
    ranked = bootstrap(rows, lambda r: metrics.average_precision_score(target[r], given[r]), resamples=400)

    assert (scores["micro_f1"].low, scores["micro_f1"].high) == pytest.approx((micro.low, micro.high), abs=0.025)
    found = scores["mean_average_precision"]
    assert (found.low, found.high) == pytest.approx((ranked.low, ranked.high), abs=0.02)


def test_ties_are_let_through_together():
    target = np.array([[1.0], [0.0], [1.0], [0.0]])
    given = np.array([[0.9], [0.5], [0.5], [0.5]])

    value = multilabel_scores(target, np.ones((4, 1)), given)["mean_average_precision"].value
    assert value == pytest.approx(metrics.average_precision_score(target[:, 0], given[:, 0]))


def test_what_has_no_value_says_why():
    nothing = np.zeros((3, 2))
    scores = multilabel_scores(nothing, nothing, nothing)

    assert scores["micro_f1"].undefined == "no label occurs in truth or prediction"
    assert scores["micro_precision"].undefined == "no label was ever predicted"
    assert scores["mean_average_precision"].undefined == "no label occurs in truth"
    assert scores["exact_match"].value == 1.0
    assert all(score.undefined == "no examples" for score in multilabel_scores(*[np.zeros((0, 2))] * 3).values())


def test_when_all_is_right_the_interval_still_says_how_few_there_were():
    target = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    scores = multilabel_scores(target, target, target)

    assert scores["micro_f1"].value == scores["mean_average_precision"].value == 1.0
    assert scores["micro_f1"].low < 0.8
    assert scores["mean_average_precision"].low < 0.8
    assert math.isclose(scores["macro_f1"].high, 1.0)


def test_other_shapes_and_numbers_are_refused():
    with pytest.raises(ValueError, match="one column a label"):
        multilabel_scores([1.0], [1.0], [1.0])
    with pytest.raises(ValueError, match="other than 0 and 1"):
        multilabel_scores([[0.5]], [[1.0]], [[0.5]])
    with pytest.raises(ValueError, match="probabilities hold 1 values that are not-a-number"):
        multilabel_scores([[1.0, np.nan]], [[1.0, 0.0]], [[np.nan, np.nan]])


@settings(deadline=None, max_examples=40)
@drawn_by(st.integers(1, 12), st.integers(2, 4), st.integers(0, 10_000))
def test_values_of_any_labels_are_scikit_learns_or_have_a_reason(rows, labels, seed):
    generator = np.random.default_rng(seed)
    target = generator.integers(0, 2, (rows, labels)) * generator.integers(0, 2, labels)  # some labels never occur
    given = generator.integers(0, 4, (rows, labels)) / 3  # ties
    decided = (given > 0.5).astype(int)
    scores = multilabel_scores(target, decided, given, resamples=5)

    for name in ("f1", "precision", "recall"):
        theirs = getattr(metrics, f"{name}_score")(target, decided, average="micro", zero_division=np.nan)
        value = scores[f"micro_{name}"].value
        assert math.isnan(theirs) if value is None else value == pytest.approx(theirs, abs=1e-9)
    occurring = np.flatnonzero((target + decided).any(axis=0))
    each = [metrics.f1_score(target[:, at], decided[:, at], zero_division=np.nan) for at in occurring]
    assert scores["macro_f1"].value == (pytest.approx(np.mean(each), abs=1e-9) if each else None)
    there = np.flatnonzero(target.any(axis=0))
    ranked = [metrics.average_precision_score(target[:, at], given[:, at]) for at in there]
    assert scores["mean_average_precision"].value == (pytest.approx(np.mean(ranked), abs=1e-9) if ranked else None)
    assert scores["exact_match"].value == pytest.approx((target == decided).all(axis=1).mean(), abs=1e-9)
