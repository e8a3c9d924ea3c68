"""Batches whose inputs are unlike all others."""

import math

from kilter.checks.curves.odd_batch import OddBatch
from kilter.testing.healthy.histories import series
from kilter.testing.planted.histories_of_steps import stepped
from kilter.values.curve_names import INPUT_SIZE, TRAIN_LOSS
from kilter.values.finding import Severity, Skipped


def odd(size, loss, at=200):
    """One step whose inputs are of such a size, and whose loss is so high."""
    return stepped(lambda step, row: row | {INPUT_SIZE: size, TRAIN_LOSS: loss} if step == at else row)


def test_inputs_that_are_no_numbers_are_a_failure_where_the_loss_is_none():
    (finding,) = OddBatch().examine(odd(math.nan, math.nan))
    assert finding.severity is Severity.FAILURE
    assert finding.causes == ("nan_in_data",)
    assert finding.evidence["batch"] == 200
    assert list(OddBatch().examine(odd(math.inf, 0.5))) == []


def test_large_inputs_are_a_warning_where_the_loss_stands_out():
    (finding,) = OddBatch().examine(odd(100.0, 20.0))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["size"] == 100.0
    assert list(OddBatch().examine(odd(100.0, 0.4))) == []
    assert list(OddBatch().examine(odd(8.0, 20.0))) == []


def test_infinite_masks_of_every_step_are_no_fault():
    def change(step, row):
        return row | {INPUT_SIZE: math.inf} | ({TRAIN_LOSS: math.nan} if step > 250 else {})

    assert list(OddBatch().examine(stepped(change))) == []


def test_the_same_step_told_twice_is_one():
    twice = odd(100.0, 20.0).append(200, {INPUT_SIZE: 100.0})
    assert len(list(OddBatch().examine(twice))) == 1


def test_without_sizes_it_is_skipped():
    assert isinstance(next(OddBatch().examine(series([1.0] * 30))), Skipped)
