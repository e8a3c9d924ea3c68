"""A validation loss below the training loss."""

import math

import numpy as np
import pytest

from kilter.checks.curves.validation_ahead import ValidationAhead
from kilter.testing.healthy.histories import falling, recorded
from kilter.testing.healthy.histories_of_evaluations import by_epoch
from kilter.values.finding import Severity, Skipped, Strength
from kilter.values.history import History


def findings(history):
    return [said for said in ValidationAhead().examine(history) if not isinstance(said, Skipped)]


def examined(train, valid, **options):
    return list(ValidationAhead().examine(recorded(train, valid=valid, **({"evaluations": 20} | options))))


def test_a_loss_far_below_before_anything_is_learnt_lies_in_the_rows():
    (finding,) = examined(falling(2.3, 2.2), falling(0.9, 0.85))
    assert finding.severity is Severity.WARNING
    assert finding.causes[0] == "unshuffled_split"
    assert "before the training loss had left its start" in finding.seen


def test_a_validation_that_learns_while_training_does_not_show_it():
    (finding,) = examined(lambda at: 2.3 - 0.1 * at, falling(1.3, 0.4))
    assert finding.causes[0] == "dropout_too_high"


@pytest.mark.parametrize("ratio", [0.95, 0.75, 0.6])
def test_what_dropout_leaves_is_silent(ratio):
    train = falling(2.3, 0.6, 5)
    assert examined(train, lambda at: train(at) * (1 - (1 - ratio) * at)) == []


def test_half_and_less_is_a_note():
    (finding,) = examined(falling(2.3, 0.5, 9), falling(0.9, 0.1, 9))
    assert (finding.severity, finding.strength) == (Severity.NOTE, Strength.SUSPECTED)


def test_a_training_loss_that_gives_less_than_half_is_a_note_on_dropout():
    (finding,) = examined(falling(2.3, 1.8, 3), falling(2.3, 1.1, 3))
    assert (finding.severity, finding.causes[0]) == (Severity.NOTE, "dropout_too_high")


def test_the_same_numbers_twice_are_one_number():
    values = [2.0, 1.5, 1.2, 1.1, 1.05]
    rows = [(step, {"train.loss": value, "valid.loss": value}) for step, value in enumerate(values)]
    (finding,) = ValidationAhead().examine(History.of(rows))
    assert (finding.severity, finding.strength) == (Severity.WARNING, Strength.PROVED)
    rows[2][1]["valid.loss"] += 1e-9
    assert list(ValidationAhead().examine(History.of(rows))) == []


def test_losses_below_0_and_few_evaluations_are_not_judged():
    assert examined(falling(1.0, -3.0), falling(0.5, -6.0)) == []
    assert isinstance(examined(falling(), falling(), evaluations=3)[0], Skipped)


def test_the_same_loss_in_other_units_is_a_note():
    (finding,) = examined(falling(147.0, 20.0), falling(2.3, 0.4))
    assert (finding.severity, finding.causes[0]) == (Severity.NOTE, "loss_sum_reduction")


def test_a_training_loss_that_goes_on_to_fall_may_be_another_function():
    (finding,) = examined(lambda at: 4.2 - 2.5 * at**3, lambda at: 1.9 - 1.4 * at)
    assert finding.severity is Severity.NOTE


def test_easier_validation_rows_hide_nothing_in_means_over_epochs():
    assert findings(by_epoch(falling(1.014, 1.008, 4), falling(0.86, 0.858, 4))) == []
    (finding,) = findings(by_epoch(falling(2.3, 2.1, 3), falling(2.25, 1.2, 3)))
    assert finding.causes[0] == "dropout_too_high"


@pytest.mark.parametrize(("noise", "cause"), [(0.0, "dropout_too_high"), (0.1, "bn_tiny_batch")])
def test_a_training_loss_of_which_much_is_left_above_validation_is_disturbed(noise, cause):
    draw = np.random.default_rng(0).normal(size=20)

    def log(valid):
        rows = [
            (50 * at + 50, {"train.loss": 2.0 + 0.8 * math.exp(-at), "valid.loss": valid * (1 + noise * draw[at])})
            for at in range(20)
        ]
        return [said for said in ValidationAhead().examine(History.of(rows)) if not isinstance(said, Skipped)]

    (finding,) = log(1.3)
    assert (finding.severity, finding.causes[0]) == (Severity.NOTE, cause)
    assert log(1.95) == []
