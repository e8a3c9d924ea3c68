"""A validation loss that never comes down."""

import pytest

from kilter.checks.curves.validation_apart import ValidationApart
from kilter.testing.healthy.histories import falling, recorded
from kilter.testing.healthy.histories_of_evaluations import by_epoch
from kilter.values.finding import Severity, Skipped

LEARNT = falling(2.3, 0.1, 8)


def findings(history):
    return [said for said in ValidationApart().examine(history) if not isinstance(said, Skipped)]


def examined(train, valid, evaluations=20, **options):
    return list(ValidationApart().examine(recorded(train, valid=valid, evaluations=evaluations, **options)))


@pytest.mark.parametrize(
    ("first", "cause"), [(40.0, "val_preprocess_mismatch"), (5.0, "unshuffled_split"), (2.4, "label_misaligned")]
)
def test_how_far_it_lies_tells_causes_apart(first, cause):
    train = falling(2.3, 0.1, 2) if first < 3 else LEARNT
    (finding,) = examined(train, lambda at: first * (1 + at))
    assert finding.severity is Severity.WARNING
    assert finding.causes[0] == cause
    assert finding.evidence["start"] == pytest.approx(2.3, abs=0.15)


def test_a_model_that_learnt_before_it_failed_saw_other_rows():
    (finding,) = examined(falling(2.3, 0.1, 40), lambda at: 2.8 + at)
    assert finding.causes[0] == "unshuffled_split"


def test_having_been_lower_once_is_overfitting():
    assert examined(LEARNT, lambda at: 1.5 if 0.2 < at < 0.4 else 3.0 + at) == []


def test_having_come_down_at_the_end_is_silent():
    assert examined(LEARNT, lambda at: 4.0 if at < 0.8 else 0.5) == []


def test_a_training_loss_that_stays_says_nothing():
    assert examined(lambda at: 2.3 - 0.1 * at, lambda at: 5.0 + at) == []


def test_means_over_epochs_hide_the_start():
    (finding,) = ValidationApart().examine(by_epoch(LEARNT, lambda at: 30.0 + at))
    assert finding.causes[0] == "val_preprocess_mismatch"
    # the first mean is 0.77; the loss that it began with was above 2
    assert list(ValidationApart().examine(by_epoch(falling(2.3, 0.0, 40), lambda at: 0.9 + 0.1 * at))) == []


def test_few_evaluations_are_skipped():
    assert isinstance(examined(LEARNT, LEARNT, evaluations=3)[0], Skipped)


def test_the_same_loss_in_other_units_is_a_note():
    (finding,) = examined(LEARNT, lambda at: 64 * falling(2.3, 0.2, 8)(at))
    assert (finding.severity, finding.causes[0]) == (Severity.NOTE, "wrong_metric")


@pytest.mark.parametrize(("factor", "known"), [(16.0, "grad_accum_unscaled"), (500.0, "val_preprocess_mismatch")])
def test_a_factor_that_no_accumulation_has_may_be_another_form_of_the_rows(factor, known):
    history = recorded(falling(1.0, 0.1, 3), valid=falling(factor, 0.1 * factor, 3), evaluations=20)
    (finding,) = findings(history)
    assert finding.severity is Severity.NOTE
    assert known in finding.causes[:3]


def test_absolute_errors_beside_squared_ones_are_the_same_loss_in_other_units():
    squares = falling(1.0, 0.05, 6)
    history = recorded(squares, valid=lambda at: 12 * squares(at) ** 0.5, noise=0.01, evaluations=20)
    (finding,) = findings(history)
    assert finding.severity is Severity.NOTE
