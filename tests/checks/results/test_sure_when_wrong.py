"""A loss that rises while decisions get better."""

from dataclasses import replace

import numpy as np
import pytest

from kilter.checks.results.sure_when_wrong import SureWhenWrong
from kilter.testing.healthy.outcomes import of_amounts, of_classes, turning
from kilter.values.finding import Severity, Skipped


def examined(subject):
    return list(SureWhenWrong().examine(subject))


def test_the_histogram_says_where_the_loss_lies():
    made = replace(of_classes(0.85, confidence=0.97), history=turning(better=True))
    (finding,) = examined(made)
    predictions = made.predictions
    wrong = predictions.decided != predictions.target
    sure = wrong & (predictions.answer.max(axis=1) >= 0.9)
    assert finding.severity is Severity.NOTE
    assert "valid.accuracy improved" in finding.seen
    assert f"{sure.sum()} of {wrong.sum()} wrong decisions on test have a probability of 0.9 or more" in finding.seen
    assert finding.evidence["share of the log-loss"] == pytest.approx(
        predictions.cost[sure].sum() / predictions.cost.sum()
    )
    rows = finding.evidence["histogram"]
    assert sum(row["wrong"] for row in rows) == wrong.sum()
    assert sum(row["right"] + row["wrong"] for row in rows) == len(wrong)
    assert sum(row["share of the log-loss"] for row in rows) == pytest.approx(1)
    assert rows[-1]["probability"] == "0.9 to 1"
    assert rows[-1]["wrong"] == sure.sum()


def test_a_loss_that_rises_with_worse_scores_is_another_matter():
    assert examined(replace(of_classes(), history=turning(better=False))) == []


def test_where_nothing_is_wrong_nothing_is_to_be_explained():
    made = of_classes()
    right = np.flatnonzero(made.predictions.decided == made.predictions.target)
    assert examined(replace(made, predictions=made.predictions.take(right), history=turning(better=True))) == []


def test_without_curves_or_probabilities_it_cannot_be_judged():
    assert "curves" in examined(of_classes())[0].reason
    skipped = examined(replace(of_amounts(), history=turning(better=True)))[0]
    assert isinstance(skipped, Skipped)
    assert "no probabilities" in skipped.reason
