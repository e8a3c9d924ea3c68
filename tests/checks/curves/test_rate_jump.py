"""Rates that jump above all before."""

import math

import pytest

from kilter.checks.curves.rate_jump import RateJump
from kilter.testing.healthy.histories import series
from kilter.testing.planted.histories_of_steps import stepped
from kilter.values.curve_names import LEARNING_RATE, TRAIN_LOSS
from kilter.values.finding import Severity, Skipped


def raised(times, harm=0.0, at=150, until=301):
    """A rate that is so many times as high from a step on, and losses that are higher after it."""

    def change(step, row):
        changed = {LEARNING_RATE: row[LEARNING_RATE] * times} if at <= step < until else {}
        return row | changed | ({TRAIN_LOSS: row[TRAIN_LOSS] + harm} if step > at else {})

    return stepped(change)


def test_a_loss_that_rises_with_it_is_a_warning_with_both_numbers():
    (finding,) = RateJump().examine(raised(10, harm=1.0))
    assert finding.severity is Severity.WARNING
    assert finding.where == ("step 150",)
    assert finding.evidence["times"] == pytest.approx(10)
    assert "from 0.001 to 0.01" in finding.seen


def test_more_lost_than_was_ever_gained_is_a_failure_and_so_is_no_number():
    (finding,) = RateJump().examine(raised(10, harm=9.0))
    assert finding.severity is Severity.FAILURE
    assert "above its start" in finding.seen
    (finding,) = RateJump().examine(raised(10, harm=math.nan))
    assert finding.severity is Severity.FAILURE
    assert "no number from step 151 on" in finding.seen


def test_a_large_jump_without_harm_is_noted_and_a_small_one_is_not():
    (finding,) = RateJump().examine(raised(20))
    assert finding.severity is Severity.NOTE
    assert list(RateJump().examine(raised(4))) == []
    assert next(RateJump().examine(raised(4, harm=1.0))).severity is Severity.WARNING


def test_a_single_step_at_a_high_rate_counts_and_coming_back_to_an_old_rate_does_not():
    assert next(RateJump().examine(raised(100, harm=1.0, until=151))).severity is Severity.WARNING

    def restart(step, row):
        return row | {LEARNING_RATE: 1e-3 if step < 60 or step >= 200 else 1e-5}

    assert list(RateJump().examine(stepped(restart))) == []


def test_the_first_steps_are_for_warming_up():
    assert list(RateJump().examine(raised(100, harm=1.0, at=15))) == []
    growing = stepped(lambda step, row: row | {LEARNING_RATE: 1e-5 * 1.5 ** (step // 5)})
    assert list(RateJump().examine(growing)) == []


def test_without_rates_it_is_skipped_and_without_losses_it_notes():
    assert isinstance(next(RateJump().examine(series([1.0] * 50))), Skipped)
    (finding,) = RateJump().examine(series([0.1] * 30 + [10.0] * 30, name=LEARNING_RATE))
    assert finding.severity is Severity.NOTE
