"""A handful of examples by heart."""

from dataclasses import replace
from functools import partial

import torch

from kilter.checks.preflight.overfit_one_batch import OverfitOneBatch
from kilter.testing.healthy.pipelines import classify, labels, over_numbers
from kilter.testing.networks import Perceptron
from kilter.testing.planted.networks import Deaf
from kilter.values.finding import Severity, Skipped, Strength

CHECK = OverfitOneBatch(seconds=600.0)


def test_the_change_that_restores_learning_is_told_with_its_numbers():
    (finding,) = CHECK.examine(over_numbers(optimizer={"learning_rate": 30.0}))
    assert finding.severity is Severity.WARNING
    assert finding.strength is Strength.PROVED
    assert finding.evidence["learnt with"] == "0.1 times the learning rate"
    assert finding.evidence["steps"] == 300
    assert "they are learnt in" in finding.seen


def test_what_nothing_helps_is_a_failure_with_the_causes_inferred():
    (finding,) = replace(CHECK, steps=60).examine(over_numbers(partial(Deaf, 6, 3)))
    assert finding.severity is Severity.FAILURE
    assert finding.strength is Strength.MEASURED
    assert "no change of" in finding.seen
    assert "inputs-matter" in finding.follows


def test_slow_but_falling_is_silent_or_a_note():
    for rate in (1e-3, 3e-4):
        said = list(CHECK.examine(over_numbers(optimizer={"learning_rate": rate})))
        assert all(part.severity is Severity.NOTE for part in said)


def test_one_target_or_equal_inputs_leave_nothing_to_learn():
    targets = labels(shares=(1.0, 0.0, 0.0)) * 0
    one = classify(partial(Perceptron, 6, 3), {"numbers": torch.randn(96, 6)}, targets)
    same = classify(partial(Perceptron, 6, 3), {"numbers": torch.ones(96, 6)}, labels())
    for pipeline in (one, same):
        (said,) = CHECK.examine(pipeline)
        assert isinstance(said, Skipped)


def test_a_loss_that_is_no_number_is_left_to_the_initial_loss():
    targets = labels()
    broken = classify(partial(Perceptron, 6, 3), {"numbers": torch.full((96, 6), torch.nan)}, targets)
    (said,) = CHECK.examine(broken)
    assert isinstance(said, Skipped)


def test_a_rate_that_is_proved_to_be_the_cause_explains_itself():
    (finding,) = CHECK.examine(over_numbers(optimizer={"learning_rate": 30.0}))
    assert finding.follows == ()


def test_a_clock_that_runs_out_is_no_fault():
    (said,) = OverfitOneBatch(seconds=-1.0).examine(over_numbers(optimizer={"learning_rate": 1e-7}))
    assert isinstance(said, Skipped)
    assert "were too few" in said.reason
