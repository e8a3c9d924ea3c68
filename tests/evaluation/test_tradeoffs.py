"""The curves of ROC and of precision and recall, beside scikit-learn's."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from kilter.evaluation.tradeoffs import trade_off
from kilter.values.calibration import Threshold

LABELS = ("usual", "rare")


def imbalanced(classified, seed, rows):
    """One in ten is rare."""
    draw = np.random.default_rng(seed)
    truth = (draw.random(rows) < 0.1).astype(np.int64)
    found = np.clip(0.2 + 0.2 * truth + 0.1 * draw.normal(size=rows), 0.001, 0.9)
    return classified(truth, np.stack([1 - found, found], axis=1))


def curve(tradeoff, *names):
    return tuple(np.array([getattr(point, name) for point in tradeoff.points]) for name in names)


def test_few_scores_are_the_curves_of_scikit_learn_point_by_point(classified):
    predictions = imbalanced(classified, 0, 100)
    (made,) = trade_off(predictions, LABELS)
    positive, score = predictions.target == 1, predictions.answer[:, 1]
    assert (made.label, made.n, made.positives) == ("rare", 100, positive.sum())
    false_alarms, recall, thresholds = roc_curve(positive, score, drop_intermediate=False)
    ours = curve(made, "threshold", "recall", "false_alarms", "precision")
    np.testing.assert_array_equal(ours[0], thresholds[1:])
    np.testing.assert_allclose(ours[1], recall[1:], atol=1e-12)
    np.testing.assert_allclose(ours[2], false_alarms[1:], atol=1e-12)
    precision, _, at = precision_recall_curve(positive, score)
    np.testing.assert_array_equal(ours[0], at[::-1])
    np.testing.assert_allclose(ours[3], precision[:-1][::-1], atol=1e-12)
    assert made.roc_auc.value == pytest.approx(roc_auc_score(positive, score))
    assert made.average_precision.value == pytest.approx(average_precision_score(positive, score))
    assert made.roc_auc.method == "newcombe"  # fewer than thirty positives


def test_many_scores_are_thinned_to_what_can_be_seen(classified):
    predictions = imbalanced(classified, 1, 20_000)
    (made,) = trade_off(predictions, LABELS)
    assert len(made.points) <= 303
    false_alarms, recall, _ = roc_curve(predictions.target, predictions.answer[:, 1], drop_intermediate=False)
    ours = curve(made, "false_alarms", "recall")
    above = np.abs(np.interp(false_alarms, np.r_[0.0, ours[0]], np.r_[0.0, ours[1]]) - recall)
    beside = np.abs(np.interp(recall, np.r_[0.0, ours[1]], np.r_[0.0, ours[0]]) - false_alarms)
    assert np.minimum(above, beside).max() < 0.01  # three pixels


def test_what_a_chosen_threshold_brings_is_among_the_points(classified):
    predictions = imbalanced(classified, 2, 20_000)
    chosen = [Threshold(goal="largest f1", label="rare", value=0.30717, chosen_on="valid")]
    (made,) = trade_off(predictions, LABELS, thresholds=chosen)
    decided = predictions.answer[:, 1] >= 0.30717
    point = made.at(0.30717)
    assert point.recall == pytest.approx(decided[predictions.target == 1].mean())
    assert point.precision == pytest.approx((predictions.target == 1)[decided].mean())
    assert point.false_alarms == pytest.approx(decided[predictions.target == 0].mean())
    other = replace(chosen[0], label="usual")
    assert len(trade_off(predictions, LABELS, thresholds=[other])[0].points) <= len(made.points)


def test_each_of_several_classes_stands_against_the_rest(classified):
    draw = np.random.default_rng(3)
    truth = np.arange(90) % 3
    answer = draw.dirichlet(np.ones(4), size=90)
    made = trade_off(classified(truth, answer), ("a", "b", "c", "absent"))
    assert [each.label for each in made] == ["a", "b", "c"]
    for at, each in enumerate(made):
        assert each.roc_auc.value == pytest.approx(roc_auc_score(truth == at, answer[:, at]))


@pytest.mark.parametrize("classes", [6, 7])
def test_more_than_six_cannot_be_told_apart(classified, classes):
    draw = np.random.default_rng(4)
    made = trade_off(
        classified(np.arange(70) % classes, draw.dirichlet(np.ones(classes), size=70)), tuple("abcdefg"[:classes])
    )
    assert len(made) == (6 if classes == 6 else 0)


def test_one_class_alone_and_amounts_have_no_curve(classified, estimated):
    assert trade_off(classified([1, 1, 1], [[0.2, 0.8]] * 3), LABELS) == ()
    assert trade_off(estimated([0.1, 0.2], [0.1, 0.3]), ()) == ()
