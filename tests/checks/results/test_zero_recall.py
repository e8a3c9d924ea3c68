"""Classes that are never recognised: threshold or model."""

from dataclasses import replace

import numpy as np

from kilter.checks.results.one_answer import OneAnswer
from kilter.checks.results.zero_recall import ZeroRecall
from kilter.evaluation.thresholds import choose_thresholds
from kilter.tasks.classification import Classification
from kilter.tasks.multilabel import MultiLabel
from kilter.testing.healthy.outcomes import LABELS, constant, of_amounts, outcome, probabilities, targets
from kilter.values.finding import Severity, Skipped, in_order

TRUTH = targets(600)
TWO = ("usual", "rare")


def examined(subject):
    return list(ZeroRecall().examine(subject))


def rare(seed=0, rows=900, lift=0.2):
    """One in ten is rare; its probability is higher by `lift`, and never one half."""
    truth = targets(rows, shares=(0.9, 0.1), seed=seed)
    found = np.clip(0.1 + lift * truth + np.random.default_rng(seed + 4).normal(0, 0.05, rows), 0.01, 0.45)
    return outcome(Classification(labels=TWO), truth, {"model": np.stack([1 - found, found], axis=1)})


def test_a_class_that_is_ranked_lacks_a_threshold():
    (finding,) = examined(rare())
    assert finding.severity is Severity.WARNING
    assert finding.seen.startswith(
        "All decisions are the same: 1 class of 2 was never recognised, though 9.9 % of test belong to it: 'rare'."
    )
    assert "Probabilities do rank 'rare' (area 0.99" in finding.seen
    assert "it is the threshold" in finding.seen
    assert finding.causes[0] == "threshold_wrong"
    ((row),) = finding.evidence["never recognised"]
    assert (row["class"], row["at fault"]) == ("rare", "threshold")


def test_what_a_threshold_from_validation_brings_is_told():
    made, validation = rare(), rare(seed=7)
    thresholds = choose_thresholds(validation.predictions, made.predictions, TWO)
    (finding,) = examined(replace(made, evaluation=replace(made.evaluation, thresholds=thresholds)))
    recall = thresholds[0].scores[1].value
    assert f"chosen on valid for the largest f1, the recall of 'rare' is {recall:.3g} here" in finding.seen


def test_the_one_answer_follows_from_the_threshold():
    subject = rare()
    found = [*OneAnswer().examine(subject), *examined(subject)]
    assert [finding.name for finding in found] == ["one-answer", "zero-recall"]
    assert [finding.name for finding in in_order(found)] == ["zero-recall"]


def test_one_answer_without_any_order_is_the_models():
    subject = outcome(Classification(labels=LABELS), TRUTH, {"model": constant(TRUTH)})
    (finding,) = examined(subject)
    assert finding.severity is Severity.WARNING
    assert finding.seen.startswith("All decisions are the same: 2 classes of 3 were never recognised")
    assert "The model cannot tell" in finding.seen
    assert finding.causes[0] == "model_ignores_input"
    assert [found.name for found in in_order([*OneAnswer().examine(subject), finding])] == ["zero-recall"]


def test_between_threshold_and_model_it_is_said_that_a_threshold_helps_little():
    (finding,) = examined(rare(lift=0.015))
    assert "The model can hardly tell 'rare' (area 0.5" in finding.seen or "(area 0.6" in finding.seen
    assert "a threshold helps little" in finding.seen


def test_a_class_of_which_the_model_knows_nothing_is_the_models():
    given = probabilities(TRUTH, accuracy=0.95)
    given[:, 2] = np.random.default_rng(5).uniform(0, 0.1, 600)
    given[:, :2] = np.eye(2)[np.where(TRUTH == 2, 0, TRUTH)] * 0.9 + 0.05
    given /= given.sum(axis=1, keepdims=True)
    (finding,) = examined(outcome(Classification(labels=LABELS), TRUTH, {"model": given}))
    assert finding.severity is Severity.NOTE
    assert "The model cannot tell 'c' (area 0." in finding.seen
    assert "no threshold helps" in finding.seen
    assert finding.causes[0] == "imbalance_zero_recall"
    assert finding.evidence["never recognised"][0]["at fault"] == "model"


def test_both_kinds_are_told_apart():
    truth = targets(900, shares=(0.6, 0.2, 0.2))
    found, guessed = 0.1 + 0.1 * (truth == 1), np.random.default_rng(5).uniform(0.1, 0.15, 900)
    given = np.stack([1 - found - guessed, found, guessed], axis=1)
    (finding,) = examined(outcome(Classification(labels=LABELS), truth, {"model": given}))
    faults = {row["class"]: row["at fault"] for row in finding.evidence["never recognised"]}
    assert faults == {"b": "threshold", "c": "model"}
    assert "Decide 'b' by a threshold of its own" in finding.advice
    assert "for 'c'" in finding.advice


def test_a_class_of_few_examples_may_be_missed():
    truth = TRUTH.copy()
    truth[truth == 2] = 1
    truth[:5] = 2
    given = probabilities(truth, accuracy=0.999)
    given[truth == 2] = (0.9, 0.1, 0.0)
    assert examined(outcome(Classification(labels=LABELS), truth, {"model": given})) == []


def test_labels_that_exclude_nothing_are_looked_at_each():
    draw = np.random.default_rng(0)
    truth = (draw.random((500, 3)) < (0.5, 0.1, 0.1)).astype(np.float64)
    given = np.clip(truth * (0.6, 0.2, 0.0) + draw.uniform(0.05, 0.25, (500, 3)), 0, 1)
    truth[:20, 1] = np.nan
    (finding,) = examined(outcome(MultiLabel(labels=LABELS), truth, {"model": given}))
    faults = {row["class"]: row["at fault"] for row in finding.evidence["never recognised"]}
    assert faults == {"b": "threshold", "c": "model"}
    assert finding.evidence["never recognised"][0]["examples"] == int(np.nansum(truth[:, 1]))


def test_amounts_have_no_classes():
    assert isinstance(examined(of_amounts())[0], Skipped)
