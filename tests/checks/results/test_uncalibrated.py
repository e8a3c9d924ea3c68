"""Probabilities that do not hold what they say."""

from dataclasses import replace

import numpy as np
import pytest

from kilter.checks.results.surer_than_right import SurerThanRight
from kilter.checks.results.uncalibrated import Uncalibrated
from kilter.evaluation.calibrating import calibrate
from kilter.testing.healthy.outcomes import of_amounts, of_classes
from kilter.values.calibration import Calibration, Deviation
from kilter.values.finding import Severity, Skipped, in_order
from kilter.values.score import Score


def examined(subject):
    return list(Uncalibrated().examine(subject))


def tempered(subject, seed):
    """The same with a temperature from other examples of the same model."""
    draw = np.random.default_rng(seed)
    rows = draw.permutation(len(subject.predictions))
    validation, test = subject.predictions.take(rows[:300]), subject.predictions.take(rows[300:])
    calibration = calibrate(test, validation=validation)
    return replace(subject, predictions=test, evaluation=replace(subject.evaluation, calibration=calibration))


def test_too_sure_is_told_with_the_band_and_the_temperature():
    (finding,) = examined(tempered(of_classes(0.7, linear=0.5, confidence=0.97), 0))
    assert finding.severity is Severity.NOTE
    assert "surer than right. With a temperature of" in finding.seen
    assert finding.evidence["mean confidence minus share right"] == pytest.approx(0.27, abs=0.05)
    assert finding.evidence["temperature"] > 1.5
    assert "where chance alone makes" in finding.seen
    assert finding.advice.startswith("Divide the logits by")


def test_too_little_sure_is_told_too():
    (finding,) = examined(of_classes(0.95, confidence=0.6))
    assert "less sure than right" in finding.seen
    assert "fit a temperature on a validation split" in finding.advice
    assert finding.causes[0] == "too_few_epochs"


def test_it_stays_out_of_the_list_where_the_other_check_has_said_it():
    subject = of_classes(0.7, linear=0.5, confidence=0.97)
    found = [*SurerThanRight().examine(subject), *examined(subject)]
    assert [finding.name for finding in in_order(found)] == ["surer-than-right"]


def deviating(value, *, high=0.05, p=0.001):
    return Deviation(name="ece", value=value, null_low=0.01, null_high=high, p_value=p)


@pytest.mark.parametrize(
    "deviations",
    [
        (deviating(0.2), deviating(0.04)),  # by one way of cutting only
        (deviating(0.055), deviating(0.055)),  # little above
        (deviating(0.2, p=0.02), deviating(0.2, p=0.02)),
    ],
)
def test_what_chance_may_make_is_silent(deviations):
    made = of_classes()
    score = Score(name="brier", value=0.1, low=0.0, high=0.2, n=600)
    calibration = Calibration(n=600, bins=(), deviations=deviations, brier=score, log_loss=score)
    assert examined(replace(made, evaluation=replace(made.evaluation, calibration=calibration))) == []


def test_a_temperature_that_does_not_mend_is_told():
    subject = tempered(of_classes(0.7, linear=0.5, confidence=0.97), 0)
    calibration = subject.evaluation.calibration
    broken = replace(calibration, cooled=replace(calibration.cooled, deviations=calibration.deviations))
    (finding,) = examined(replace(subject, evaluation=replace(subject.evaluation, calibration=broken)))
    assert "one temperature for all does not mend them" in finding.advice


def test_amounts_have_no_confidence():
    assert isinstance(examined(of_amounts())[0], Skipped)
