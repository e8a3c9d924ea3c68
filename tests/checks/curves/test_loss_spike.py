"""Losses that jump for a step or two."""

import numpy as np
import pytest

from kilter.checks.curves.loss_spike import LossSpike
from kilter.testing.healthy.histories import series
from kilter.testing.planted.histories_of_steps import stepped
from kilter.values.curve_names import BATCH, LEARNING_RATE, TRAIN_LOSS
from kilter.values.finding import Severity, Skipped


def higher(steps, by=5.0):
    """A training whose loss is higher at some steps."""
    return stepped(lambda step, row: row | {TRAIN_LOSS: row[TRAIN_LOSS] + by} if step in steps else row)


@pytest.mark.parametrize("step", [30, 61, 100, 200, 299, 300])
def test_a_spike_is_noted_with_its_step_wherever_it_stands(step):
    (finding,) = LossSpike().examine(higher({step}))
    assert finding.severity is Severity.NOTE
    assert finding.where == (f"step {step}",)
    assert finding.evidence["batch"] == step


def test_neighbours_are_one_spike_at_its_highest_and_the_newest_is_told():
    history = stepped(lambda step, row: row | {TRAIN_LOSS: {150: 4.0, 151: 9.0, 220: 6.0}.get(step, row[TRAIN_LOSS])})
    (finding,) = LossSpike().examine(history)
    assert finding.evidence["spikes"] == [151, 220]
    assert finding.evidence["batch"] == 220


def test_losses_that_stay_higher_make_it_a_warning():
    def change(step, row):
        return row if step < 200 else row | {TRAIN_LOSS: row[TRAIN_LOSS] + (6.0 if step == 200 else 1.0)}

    (finding,) = LossSpike().examine(stepped(change))
    assert finding.severity is Severity.WARNING
    assert "the losses after it" in finding.seen


def test_a_rate_that_was_raised_there_is_no_spike_of_a_batch():
    def change(step, row):
        raised = {LEARNING_RATE: 0.01} if step >= 200 else {}
        return row | raised | ({} if step < 200 else {TRAIN_LOSS: row[TRAIN_LOSS] + (6.0 if step == 200 else 1.0)})

    (finding,) = LossSpike().examine(stepped(change))
    assert finding.severity is Severity.NOTE


def test_the_same_batch_again_is_a_warning_and_other_batches_are_not():
    steps = {120, 177, 290}
    same = stepped(lambda s, row: row | {TRAIN_LOSS: row[TRAIN_LOSS] + 5, BATCH: 7.0} if s in steps else row)
    (finding,) = LossSpike().examine(same)
    assert finding.severity is Severity.WARNING
    assert "the same batch did so at 3 steps" in finding.seen
    (finding,) = LossSpike().examine(higher(steps))
    assert finding.severity is Severity.NOTE


def test_equal_distances_are_a_warning_from_four_on():
    assert next(LossSpike().examine(higher({100, 150, 200}))).severity is Severity.NOTE
    finding = next(LossSpike().examine(higher({100, 150, 200, 250})))
    assert finding.severity is Severity.WARNING
    assert "every 50 steps" in finding.seen


def test_what_lies_within_the_noise_of_its_windows_is_silent():
    draw = np.random.default_rng(3)
    assert list(LossSpike().examine(series(1 + 0.2 * draw.normal(size=2000)))) == []
    assert list(LossSpike().examine(higher({200}, by=0.3))) == []


def test_a_jump_that_stays_and_a_slow_climb_are_no_spikes():
    assert list(LossSpike().examine(higher(set(range(200, 301))))) == []
    climbing = stepped(lambda s, row: row | {TRAIN_LOSS: row[TRAIN_LOSS] + max(0.0, 4 - abs(s - 200) / 10)})
    assert list(LossSpike().examine(climbing)) == []


def test_short_logs_and_games_are_skipped():
    assert isinstance(next(LossSpike().examine(series([1.0] * 20))), Skipped)
    draw = np.random.default_rng(0)
    assert isinstance(next(LossSpike().examine(series(draw.normal(size=200)))), Skipped)


def test_constant_losses_are_silent():
    assert list(LossSpike().examine(series([0.5] * 100))) == []
