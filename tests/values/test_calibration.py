"""Calibration and thresholds as values: they come back from JSON as they were."""

from dataclasses import FrozenInstanceError, replace

import pytest

from kilter.values.calibration import Bin, Calibration, Cooled, Deviation, Threshold
from kilter.values.evaluation import Evaluation, Measures
from kilter.values.json_form import from_json, to_json
from kilter.values.score import Score

SCORE = Score(name="brier", value=0.2, low=0.1, high=0.3, n=9, larger_is_better=False)
NONE = Score(name="share right", value=None, low=None, high=None, n=0, undefined="no example has such a confidence")
OFF = Deviation(name="ece", value=0.1, null_low=0.01, null_high=0.05, p_value=0.001)
CALIBRATION = Calibration(
    n=9,
    bins=(
        Bin(low=0.0, high=0.5, n=0, confidence=None, right=NONE),
        Bin(low=0.5, high=1.0, n=9, confidence=0.8, right=SCORE),
    ),
    deviations=(OFF,),
    brier=SCORE,
    log_loss=SCORE,
    cooled=Cooled(temperature=1.5, fitted_on="valid", deviations=(OFF,), brier=SCORE, log_loss=SCORE),
)
THRESHOLDS = (
    Threshold(goal="largest f1", label="rare", value=0.2, chosen_on="valid", scores=(SCORE,)),
    Threshold(goal="smallest cost", label="rare", value=None, chosen_on="valid", undefined="why"),
)


@pytest.mark.parametrize("calibration", [CALIBRATION, replace(CALIBRATION, cooled=None), None])
def test_an_evaluation_brings_them_back_from_json(calibration):
    evaluation = Evaluation(
        model="model",
        split="test",
        measures=Measures(scores=(SCORE,)),
        calibration=calibration,
        thresholds=THRESHOLDS,
    )
    assert from_json(Evaluation, to_json(evaluation)) == evaluation


def test_they_are_frozen():
    with pytest.raises(FrozenInstanceError):
        CALIBRATION.n = 3
