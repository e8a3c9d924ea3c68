"""Thresholds chosen on one split and judged on another."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from kilter.evaluation.thresholds import choose_thresholds, refuse_foreign_costs
from kilter.values.errors import UsageError

LABELS = ("usual", "rare")


def imbalanced(classified, seed, rows=2000):
    """One in ten is rare; the ranking is good, and no probability comes near one half."""
    draw = np.random.default_rng(seed)
    truth = (draw.random(rows) < 0.1).astype(np.int64)
    found = np.clip(0.08 + 0.15 * truth + 0.05 * draw.normal(size=rows), 0.001, 0.45)
    return classified(truth, np.stack([1 - found, found], axis=1))


def test_each_goal_is_chosen_on_one_split_and_judged_on_the_other(classified):
    validation, test = imbalanced(classified, 0), imbalanced(classified, 1)
    best, sure = choose_thresholds(validation, test, LABELS)
    assert (best.goal, best.label, best.chosen_on) == ("largest f1", "rare", "valid")
    assert sure.goal == "recall at precision >= 0.9"
    for threshold in (best, sure):
        decided = test.answer[:, 1] >= threshold.value
        by_name = {score.name: score.value for score in threshold.scores}
        assert by_name["precision"] == pytest.approx(precision_score(test.target, decided))
        assert by_name["recall"] == pytest.approx(recall_score(test.target, decided))
        assert by_name["f1"] == pytest.approx(f1_score(test.target, decided))
    assert sure.value > best.value
    assert precision_score(validation.target, validation.answer[:, 1] >= sure.value) >= 0.9
    assert all(score.low < score.value < score.high for score in best.scores)


def test_the_first_class_may_be_the_rarer(classified):
    validation = imbalanced(classified, 0)
    turned = classified(1 - validation.target, validation.answer[:, ::-1])
    assert [t.label for t in choose_thresholds(turned, turned, ("rare", "usual"))] == ["rare", "rare"]
    assert choose_thresholds(turned, turned, ("rare", "usual"))[0].value == (
        choose_thresholds(validation, validation, LABELS)[0].value
    )


def test_costs_are_told_by_the_names_of_classes(classified):
    validation, test = imbalanced(classified, 0), imbalanced(classified, 1)
    costs = {"rare": {"usual": 10.0}, "usual": {"rare": 1}}
    *_, cheap = choose_thresholds(validation, test, LABELS, costs=costs)
    assert cheap.goal == "smallest cost"
    decided = test.answer[:, 1] >= cheap.value
    mean = np.where(test.target == 1, 10.0 * ~decided, 1.0 * decided).mean()
    score, before = cheap.scores[-2:]
    assert before.name == "mean cost as decided"
    assert before.value == pytest.approx(10.0 * (test.target == 1).mean())  # nothing comes near one half
    assert (score.name, score.value, score.larger_is_better) == ("mean cost", pytest.approx(mean), False)
    turned = {name: classified(1 - p.target, p.answer[:, ::-1]) for name, p in (("v", validation), ("t", test))}
    *_, same = choose_thresholds(turned["v"], turned["t"], ("rare", "usual"), costs=costs)
    assert same.scores[-2].value == pytest.approx(mean)


def test_a_goal_that_is_out_of_reach_says_why(classified):
    draw = np.random.default_rng(0)
    truth = (draw.random(400) < 0.1).astype(np.int64)
    chance = draw.uniform(0.05, 0.2, 400)
    predictions = classified(
        np.append(truth, 0), np.stack([1 - np.append(chance, 0.3), np.append(chance, 0.3)], axis=1)
    )
    sure = choose_thresholds(predictions, predictions, LABELS, precision=0.95)[1]
    assert sure.value is None
    assert sure.scores == ()
    assert "no threshold has a precision above" in sure.undefined


def test_labels_that_exclude_nothing_have_thresholds_of_their_own(classified):
    base = imbalanced(classified, 0)
    target = np.stack([base.target, base.target, 1 - base.target], axis=1).astype(np.float64)
    target[:5, 1] = np.nan
    answer = np.stack([base.answer[:, 1], base.answer[:, 1], base.answer[:, 0]], axis=1)
    several = replace(base, target=target, answer=answer, decided=(answer >= 0.5).astype(np.float64))
    found = choose_thresholds(several, several, ("a", "b", "c"))
    assert [t.label for t in found] == ["a", "a", "b", "b", "c", "c"]
    assert found[0].value == choose_thresholds(base, base, LABELS)[0].value


def test_what_no_threshold_decides_has_none(classified, estimated):
    three = classified([0, 1, 2], np.full((3, 3), 1 / 3))
    assert choose_thresholds(three, three, ("a", "b", "c")) == ()
    amounts = estimated([0.1], [0.2])
    assert choose_thresholds(amounts, amounts, ()) == ()


def test_costs_of_other_classes_are_refused():
    with pytest.raises(UsageError, match="'rara'") as raised:
        refuse_foreign_costs({"rara": {"usual": 1.0}}, LABELS)
    assert "did you mean 'rare'?" in str(raised.value)
    with pytest.raises(UsageError, match="among 3 classes"):
        refuse_foreign_costs({"a": {"b": 1.0}}, ("a", "b", "c"))


def test_a_precision_that_is_no_share_is_refused(classified):
    predictions = imbalanced(classified, 0, rows=50)
    with pytest.raises(UsageError, match="above 0 and up to 1"):
        choose_thresholds(predictions, predictions, LABELS, precision=90)
