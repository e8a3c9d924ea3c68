"""Confidence beyond accuracy."""

from dataclasses import replace

import numpy as np
import pytest

from kilter.checks.results.surer_than_right import SurerThanRight
from kilter.tasks.classification import Classification
from kilter.testing.healthy.outcomes import LABELS, of_amounts, of_classes, outcome, probabilities, targets
from kilter.values.finding import Severity, Skipped


def examined(accuracy, confidence, rows=600, seed=1):
    truth = targets(rows)
    given = probabilities(truth, accuracy=accuracy, confidence=confidence, seed=seed)
    return list(SurerThanRight().examine(outcome(Classification(labels=LABELS), truth, {"model": given})))


@pytest.mark.parametrize(("confidence", "severity"), [(0.8, Severity.NOTE), (0.95, Severity.WARNING)])
def test_the_gap_decides(confidence, severity):
    (finding,) = examined(0.7, confidence)
    assert finding.severity is severity
    assert finding.evidence["gap"] == pytest.approx(confidence - 0.7, abs=0.05)
    assert finding.causes[0] == "overconfident"


def test_few_examples_prove_nothing():
    assert examined(0.7, 0.8, rows=20) == []


def test_less_sure_than_right_is_silent():
    assert examined(0.9, 0.6) == []


def test_a_model_that_means_what_it_says_is_rarely_accused():
    draw = np.random.default_rng(0)
    task, template = Classification(labels=("a", "b")), of_classes()
    accused = 0
    for _ in range(100):
        sure = draw.uniform(0.5, 1, 300)
        truth = (draw.random(300) > sure).astype(np.int64)
        answers = np.stack([sure, 1 - sure], axis=1)
        predictions = task.tabulate([str(row) for row in range(300)], truth, answers)
        accused += len(list(SurerThanRight().examine(replace(template, predictions=predictions))))
    assert accused <= 2  # three standard deviations: once in 740


def test_amounts_have_no_confidence():
    assert isinstance(next(SurerThanRight().examine(of_amounts())), Skipped)
