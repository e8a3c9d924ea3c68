"""The same validation loss, every time."""

import math

import pytest

from kilter.checks.curves.validation_constant import ValidationConstant
from kilter.testing.healthy.histories import falling, recorded, series
from kilter.testing.healthy.histories_of_evaluations import scheduled
from kilter.values.curve_names import GRADIENT_NORM, TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Severity, Skipped, Strength
from kilter.values.history import History


def examined(train, value, evaluations=10, **options):
    history = recorded(train, valid=lambda _: value, noise=0.0, evaluations=evaluations, **options)
    return list(ValidationConstant().examine(history))


def test_what_is_evaluated_is_not_what_is_trained():
    (finding,) = examined(falling(), 2.3025851)
    assert (finding.severity, finding.strength) == (Severity.FAILURE, Strength.PROVED)
    assert finding.causes[0] == "ema_never_updated"
    assert finding.evidence["training loss came down"] is True


def test_nothing_is_trained():
    (finding,) = examined(lambda at: 2.3 + 0.01 * math.sin(99 * at), 2.3025851)
    assert finding.causes[0] == "no_optimizer_step"


@pytest.mark.parametrize(("norm", "cause"), [(0.0, "loss_detached"), (math.nan, "loss_scale_overflow")])
def test_the_gradient_tells_more(norm, cause):
    rows = [(at, {TRAIN_LOSS: 2.3 + 0.01 * (at % 3), GRADIENT_NORM: norm}) for at in range(1, 60)]
    rows += [(60 + at, {VALID_LOSS: 2.3025851}) for at in range(4)]
    (finding,) = ValidationConstant().examine(History.of(rows))
    assert finding.causes[0] == cause


def test_a_training_loss_that_is_constant_was_clipped():
    rows = [(at, {TRAIN_LOSS: 1.0, VALID_LOSS: 2.3025851}) for at in range(1, 9)]
    (finding,) = ValidationConstant().examine(History.of(rows))
    assert finding.causes[0] == "loss_clipped"


def test_few_digits_repeat_themselves():
    assert examined(falling(), 0.693, evaluations=5) == []
    (finding,) = examined(falling(), 0.693, evaluations=9)
    assert finding.severity is Severity.WARNING


def test_one_other_value_or_nothing_left_is_silent():
    assert list(ValidationConstant().examine(series([0.12345678] * 8 + [0.12345679], VALID_LOSS))) == []
    assert examined(falling(), 0.0) == []


@pytest.mark.parametrize("value", [-1.0, 3.0, 0.25])
def test_a_count_or_a_reward_may_repeat_itself(value):
    assert examined(falling(), value, evaluations=12) == []


def test_a_rate_of_0_is_told_by_another_check():
    history = scheduled(lambda at: 1e-3 * (at < 0.05), lambda _: 2.3, noise=0.0)
    assert list(ValidationConstant().examine(history)) == []


def test_few_evaluations_are_skipped():
    assert isinstance(examined(falling(), 1.0, evaluations=2)[0], Skipped)
