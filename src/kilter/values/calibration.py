"""Calibration: whether probabilities hold what they say, and the thresholds that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from kilter.values.score import Score


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Examples whose confidence lies between two bounds.

    Attributes:
        low: smallest confidence, among them.
        high: largest confidence; among them in the last bin only.
        n: examples.
        confidence: their mean confidence; None where there are none.
        right: the share of right decisions among them, with its Wilson interval; undefined where there are none.
    """

    low: float
    high: float
    n: int
    confidence: float | None
    right: Score


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """An expected calibration error beside what chance alone would make of it.

    Attributes:
        name: by which bins: `ece` of equal width, `ece_equal_mass` of equally many examples.
        value: mean over bins of |share right - mean confidence|, weighted by their examples.
        null_low: quantile .025 of it where each decision is right with exactly its stated confidence.
        null_high: quantile .975.
        p_value: how often such a draw deviates at least as much.
    """

    name: str
    value: float
    null_low: float
    null_high: float
    p_value: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cooled:
    """What becomes of the confidences of one split with a temperature that was fitted on another.

    Attributes:
        temperature: that log-probabilities are divided by before they are normalised; above 1 it makes less sure.
        fitted_on: the split on which it makes the log-loss smallest.
        deviations: calibration errors with it, each beside its null band.
        brier: with it.
        log_loss: with it.
    """

    temperature: float
    fitted_on: str
    deviations: tuple[Deviation, ...]
    brier: Score
    log_loss: Score


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Whether confidences hold what they say on one split.

    Attributes:
        n: examples.
        bins: of equal width, the reliability diagram.
        deviations: calibration errors, each beside its null band.
        brier: mean squared distance between probabilities and the truth.
        log_loss: mean -log of the probability of the true class.
        cooled: with a temperature from validation; None where there is no validation split beside this one, or no
            temperature is best on it.
    """

    n: int
    bins: tuple[Bin, ...]
    deviations: tuple[Deviation, ...]
    brier: Score
    log_loss: Score
    cooled: Cooled | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A threshold that was chosen for a goal on one split, and what it brings on another.

    Attributes:
        goal: in words: `largest f1`, `recall at precision >= 0.9`, `smallest cost`.
        label: the class that is decided where its probability is the threshold or more.
        value: of the threshold; None where the goal cannot be reached.
        chosen_on: the split on which it was chosen.
        scores: on the evaluated split, with this threshold; where decisions have costs, also `mean cost` and
            `mean cost as decided`, the same without a threshold of its own.
        undefined: why there is none.
    """

    goal: str
    label: str
    value: float | None
    chosen_on: str
    scores: tuple[Score, ...] = ()
    undefined: str | None = None
