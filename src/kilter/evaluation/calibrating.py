"""From predictions to their calibration, and to what a temperature from another split makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.evaluation.probabilities import as_score, class_probabilities
from kilter.metrics.calibration import brier, edges_of, errors_against_chance, reliability
from kilter.metrics.classification import log_loss
from kilter.metrics.temperature import cool, fit_temperature
from kilter.values.calibration import Bin, Calibration, Cooled, Deviation
from kilter.values.predictions import Predictions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.score import Score

NAMES: Final = ("ece", "ece_equal_mass")


def calibrate(
    predictions: Predictions, *, validation: Predictions | None = None, fitted_on: str = "valid"
) -> Calibration | None:
    """Whether the probabilities of decisions hold what they say; None where no class is decided by probabilities.

    What is judged is the probability of the class that was decided, against whether it was right.

    Args:
        predictions: those that are judged.
        validation: predictions on another split, to which a temperature is fitted; it is judged on `predictions`.
        fitted_on: the name of that split.
    """
    given = class_probabilities(predictions)
    if given is None:
        return None
    sure, right = _decisions(predictions, given)
    groups = reliability(sure, right, edges_of(sure))
    return Calibration(
        n=len(predictions),
        bins=tuple(
            Bin(
                low=group.low,
                high=group.high,
                n=group.right.n,
                confidence=group.confidence.value,
                right=as_score("share right", group.right),
            )
            for group in groups
        ),
        deviations=_deviations(sure, right),
        brier=_brier(predictions, given),
        log_loss=_log_loss(predictions, given),
        cooled=None if validation is None else _cooled(predictions, given, validation, fitted_on),
    )


def _cooled(
    predictions: Predictions, given: NDArray[np.float64], validation: Predictions, fitted_on: str
) -> Cooled | None:
    others = class_probabilities(validation)
    if others is None or others.shape[1] != given.shape[1]:
        return None
    temperature = fit_temperature(validation.target, others)
    if temperature is None:
        return None
    cooled = cool(given, temperature, into=np.float32)  # a table as large as the given one, for a while
    return Cooled(
        temperature=temperature,
        fitted_on=fitted_on,
        deviations=_deviations(*_decisions(predictions, cooled)),
        brier=_brier(predictions, cooled),
        log_loss=_log_loss(predictions, cooled),
    )


def _decisions(predictions: Predictions, given: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The probability of each decision, and whether it was right, (n,) each."""
    decided = predictions.decided.astype(np.int64)
    sure: NDArray[np.float64] = np.clip(given[np.arange(len(given)), decided].astype(np.float64), 0.0, 1.0)
    return sure, decided == predictions.target


def _deviations(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[Deviation, ...]:
    return tuple(
        Deviation(name=name, value=error.value, null_low=error.low, null_high=error.high, p_value=error.p_value)
        for name, error in zip(NAMES, errors_against_chance(sure, right), strict=True)
    )


def _brier(predictions: Predictions, given: NDArray[np.floating]) -> Score:
    return as_score("brier", brier(predictions.target, given), larger_is_better=False)


def _log_loss(predictions: Predictions, given: NDArray[np.floating]) -> Score:
    return as_score("log_loss", log_loss(predictions.target, given), larger_is_better=False)
