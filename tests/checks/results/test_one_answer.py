"""Answers that do not depend on the question."""

import numpy as np

from kilter.checks.results.one_answer import OneAnswer
from kilter.tasks.classification import Classification
from kilter.tasks.regression import Regression
from kilter.testing.healthy.outcomes import LABELS, constant, outcome, targets
from kilter.values.finding import Severity, Skipped

TRUTH = targets(300)
TASK = Classification(labels=LABELS)


def examined(task, truth, answers):
    return list(OneAnswer().examine(outcome(task, truth, {"model": answers})))


def test_one_class_for_all_is_a_warning_that_names_it():
    (finding,) = examined(TASK, TRUTH, constant(TRUTH))
    assert finding.severity is Severity.WARNING
    assert f"are {LABELS[int(np.bincount(TRUTH).argmax())]!r}, and there are 3 different targets" in finding.seen


def test_amounts_that_hardly_move_are_one_answer():
    truth = np.random.default_rng(0).normal(size=100)
    task = Regression(center=0.0, scale=1.0)
    (finding,) = examined(task, truth, 0.3 + 1e-5 * truth)
    assert "All 100 answers on test are 0.3," in finding.seen
    assert examined(task, truth, 0.3 + 0.01 * truth) == []


def test_one_target_alone_is_skipped():
    truth = np.zeros(20, np.int64)
    assert isinstance(examined(TASK, truth, constant(truth))[0], Skipped)
