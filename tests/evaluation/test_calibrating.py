"""Calibration, and what a temperature from another split makes of it."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import brier_score_loss, log_loss

from kilter.evaluation.calibrating import calibrate
from kilter.metrics.calibration import calibration_error, edges_of


def drawn(classified, sharpness, seed, rows=1500, classes=3):
    """Predictions whose logits are `sharpness` times too sure."""
    draw = np.random.default_rng(seed)
    logits = 1.5 * draw.normal(size=(rows, classes))
    truth = np.array([draw.choice(classes, p=row) for row in softmax(logits, axis=1)])
    return classified(truth, softmax(sharpness * logits, axis=1))


def test_its_numbers_are_those_of_the_metrics(classified):
    predictions = drawn(classified, 1.0, 0)
    found = calibrate(predictions)
    sure, right = predictions.answer.max(axis=1), predictions.decided == predictions.target
    assert found.n == sum(each.n for each in found.bins) == 1500
    assert [deviation.name for deviation in found.deviations] == ["ece", "ece_equal_mass"]
    assert found.deviations[0].value == calibration_error(sure, right, edges_of(sure))
    assert found.brier.value == pytest.approx(brier_score_loss(predictions.target, predictions.answer))
    assert found.log_loss.value == pytest.approx(log_loss(predictions.target, predictions.answer))
    assert not found.brier.larger_is_better
    assert found.bins[0].confidence is None
    assert found.bins[0].right.undefined
    assert found.bins[-1].right.low < found.bins[-1].right.value < found.bins[-1].right.high
    assert found.cooled is None


def test_probabilities_that_hold_their_word_lie_in_the_null_band(classified):
    for deviation in calibrate(drawn(classified, 1.0, 1)).deviations:
        assert deviation.null_low <= deviation.value <= deviation.null_high
        assert deviation.p_value > 0.05


def test_a_temperature_from_validation_brings_the_test_back(classified):
    test, validation = drawn(classified, 2.5, 2), drawn(classified, 2.5, 3)
    found = calibrate(test, validation=validation)
    assert found.deviations[0].value > found.deviations[0].null_high
    assert found.cooled.temperature == pytest.approx(2.5, rel=0.1)
    assert found.cooled.fitted_on == "valid"
    assert found.cooled.deviations[0].value < found.cooled.deviations[0].null_high
    assert found.cooled.log_loss.value < found.log_loss.value
    assert found.cooled.brier.value < found.brier.value
    other = calibrate(test, validation=drawn(classified, 0.5, 3))  # fitted there, whatever the test would like
    assert other.cooled.temperature < 1
    assert other.cooled.log_loss.value > found.log_loss.value


def test_where_no_temperature_is_best_there_is_none(classified):
    perfect = classified([0, 1], [[0.9, 0.1], [0.2, 0.8]])
    assert calibrate(drawn(classified, 1.0, 0), validation=perfect).cooled is None
    two = classified([0, 1], [[0.4, 0.6], [0.2, 0.8]])
    assert calibrate(two, validation=two).cooled is not None
    assert calibrate(drawn(classified, 1.0, 0), validation=two).cooled is None  # of other classes


def test_amounts_have_no_calibration(estimated):
    assert calibrate(estimated([0.1, 0.2], [0.1, 0.3])) is None


def test_a_class_that_was_thought_impossible_leaves_the_log_loss_undefined(classified):
    with np.errstate(divide="ignore"):
        predictions = classified([0, 1, 1], [[0.9, 0.1], [1.0, 0.0], [0.3, 0.7]])
    found = calibrate(predictions)
    assert found.log_loss.value is None
    assert "the loss is infinite" in found.log_loss.undefined
    assert found.brier.value == pytest.approx((0.01 + 1 + 0.09) / 3)
