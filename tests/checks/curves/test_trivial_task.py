"""A loss that is gone at once."""

import math

import numpy as np
import pytest

from kilter.checks.curves.trivial_task import TrivialTask
from kilter.testing.healthy.histories import falling, recorded, series
from kilter.values.finding import Severity, Skipped


def findings(history):
    return [said for said in TrivialTask().examine(history) if not isinstance(said, Skipped)]


def gone(steps, valid=1e-4):
    """A loss that halves in so many steps, beside this validation loss."""
    return recorded(lambda at: 2.3 * math.exp(-400 * at / steps), valid=lambda _: valid, noise=0.0)


@pytest.mark.parametrize("steps", [1, 4])
def test_gone_before_the_first_evaluation_is_a_warning(steps):
    assert [finding.severity for finding in findings(gone(steps))] == [Severity.WARNING]


def test_gone_on_both_splits_after_a_longer_way_is_a_note():
    assert [finding.severity for finding in findings(gone(50))] == [Severity.NOTE]
    assert findings(gone(50, valid=0.2)) == []


def test_it_is_a_warning_with_the_step():
    (finding,) = findings(gone(2))
    assert finding.severity is Severity.WARNING
    assert finding.causes[:2] == ("target_leak", "task_trivial")
    assert finding.evidence["gone at step"] <= 12


def test_a_validation_loss_that_says_otherwise_is_believed():
    assert findings(gone(2, valid=0.5)) == []


def test_alone_in_the_log_it_is_suspected_and_must_stay():
    losses = gone(2)["train.loss"].values.copy()
    assert len(findings(series(losses))) == 1
    losses[60:] = 0.5
    assert findings(series(losses)) == []


def test_zero_from_the_start_has_its_own_causes():
    (finding,) = findings(series(np.zeros(50)))
    assert finding.causes[0] == "softmax_single_unit"
    assert findings(series(np.r_[np.zeros(5), np.ones(50)])) == []


def test_losses_below_zero_and_falling_ones_are_silent():
    assert findings(recorded(falling(2.0, -3.0))) == []
    assert findings(recorded(falling())) == []


def test_few_losses_are_skipped():
    assert isinstance(next(TrivialTask().examine(series([1.0, 0.0, 0.0]))), Skipped)


def test_a_loss_that_was_only_high_at_first_and_then_stands_is_not_gone():
    losses = 1 + 0.2 * np.random.default_rng(0).normal(size=300)
    losses[:5] = (3200.0, 1900.0, 280.0, 210.0, 12.0)
    assert findings(series(losses)) == []
    assert len(findings(series(losses * np.geomspace(1, 1e-3, 300)))) == 1


def test_what_is_written_cannot_be_foretold():
    def said(task, left):
        history = recorded(falling(3.4, left, 6), valid=falling(3.4, left, 6), noise=0.001)
        return [f for f in TrivialTask(task=task, classes=30).examine(history) if not isinstance(f, Skipped)]

    (finding,) = said("generation", 0.08)
    assert (finding.severity, finding.causes[0]) == (Severity.NOTE, "future_leak")
    assert said("tagging", 0.08) == []
    assert said("generation", 0.9) == []


def test_without_validation_it_is_only_noted():
    history = recorded(lambda at: 2.3 * math.exp(-200 * at), noise=0.0, evaluations=0)
    assert all(f.severity is Severity.NOTE for f in TrivialTask().examine(history) if not isinstance(f, Skipped))
