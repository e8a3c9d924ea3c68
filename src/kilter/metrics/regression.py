"""Scores of predicted amounts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Reals, as_reals, refuse_unequal_lengths
from kilter.metrics.intervals import studentised_measure
from kilter.metrics.measure import Measure
from kilter.metrics.resampling import Seed, resample_means

HEAVY = 10.0  # kurtosis of the errors; it is 3 for normal ones, 6 for Laplace's


def regression_scores(
    target: npt.ArrayLike,
    predicted: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: Seed = 0,
) -> dict[str, Measure]:
    """`mae`, `mse`, `rmse`, `r2` and `mape` of predictions (n,) of targets (n,), each with its bootstrap interval.

    All five, and their standard deviations, are functions of means of per-example numbers (powers of the error and of
    the centred target, relative error), so that one resampling of these means serves all; `resample_means` says how it
    is done for many examples. Intervals are those of `studentised_measure`: errors are skewed, and of 200
    examples with Laplace's errors percentiles of RMSE would hold the true value in 89 % of cases instead of 95 %.

    `mae` and `rmse` are in the target's unit, `mse` in its square, `r2` and `mape` have none (0.1 is 10 %).
    R² compares with always answering the mean of these targets, and is undefined where they do not vary. MAPE is
    undefined where a target is 0.

    >>> scores = regression_scores([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    >>> round(scores["r2"].value, 3), round(scores["mape"].value, 3)
    (0.5, 0.111)
    >>> print(regression_scores([0.0, 2.0], [1.0, 2.0])["mape"])
    undefined: 1 of 2 targets are 0, where a relative error has no value

    Raises ValueError for shapes other than (n,), (n, 1) against (n,) included, for unequal lengths, values that are
    not finite, less than 1 resample, or a confidence outside 0 to 1.
    """
    true = as_reals("target", target)
    given = as_reals("predicted", predicted)
    refuse_unequal_lengths(target=true, predicted=given)
    n = true.size
    if n == 0:
        return {
            name: Measure(undefined="no examples", n=0, confidence=confidence)
            for name in ("mae", "mse", "rmse", "r2", "mape")
        }
    parts, units = _parts(true, given)
    values, deviations = _scores(parts.mean(axis=0)[None, :], units, n)
    drawn, drawn_deviations = _scores(resample_means(parts, resamples=resamples, seed=seed), units, n)
    reasons = {}
    if true.min() == true.max():
        reasons["r2"] = f"all {n} targets are equal, there is no variation to explain"
    zeros = n - np.count_nonzero(true)
    if zeros:
        reasons["mape"] = f"{zeros} of {n} targets are 0, where a relative error has no value"
    elif not math.isfinite(units.relative):
        reasons["mape"] = "a target is so near to 0 that its relative error exceeds the range of a double"
    scores: dict[str, Measure] = {}
    for name in ("mae", "mse", "rmse", "r2", "mape"):
        if name in reasons:
            scores[name] = Measure(undefined=reasons[name], n=n, confidence=confidence)
            continue
        of = "unexplained" if name == "r2" else name
        scores[name] = studentised_measure(
            float(values[of][0]), float(deviations[of][0]), drawn[of], drawn_deviations[of], n=n, confidence=confidence
        )
    if scores["r2"].undefined is None:
        scores["r2"] = _explained(scores["r2"])
    fourth, second = parts[:, 2].mean(), parts[:, 1].mean()
    if second and fourth > HEAVY * second**2:
        return {name: replace(score, strained="heavy tails") for name, score in scores.items()}
    return scores


class _Units(NamedTuple):
    """Powers of 2 by which numbers are divided, so that no fourth power overflows and nothing is rounded."""

    amount: float  # of targets and predictions
    error: float  # of errors, in units of amounts
    spread: float  # of centred targets, in units of amounts
    relative: float  # of relative errors; infinite where one has no value


def _parts(true: Reals, given: Reals) -> tuple[Reals, _Units]:
    """What the scores and their deviations are functions of the means of, (n, 11), and their units.

    Targets are centred, so that the variance of a resample is not lost in the square of its mean. Relative errors are
    0 where one of them has no value.
    """
    amount = _unit(max(np.abs(true).max(), np.abs(given).max()))
    scaled = true / amount
    error = given / amount - scaled
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative = np.abs(error / scaled)
    centered = scaled - scaled.mean()
    known = bool(np.isfinite(relative).all())
    units = _Units(
        amount=amount,
        error=_unit(np.abs(error).max()),
        spread=_unit(np.abs(centered).max()),
        relative=_unit(relative.max()) if known else math.inf,
    )
    e, c = error / units.error, centered / units.spread
    r = relative / units.relative if known else np.zeros(true.size)
    return np.stack([np.abs(e), e**2, e**4, c, c**2, c**3, c**4, e**2 * c, e**2 * c**2, r, r**2], axis=1), units


def _scores(means: Reals, units: _Units, n: int) -> tuple[dict[str, Reals], dict[str, Reals]]:
    """The scores of rows of means of parts, and their standard deviations (delta method), each of shape (rows,).

    `unexplained` is 1 - R², a ratio of two positive numbers.
    """
    e1, e2, e4, c1, c2, c3, c4, e2c, e2c2, r1, r2 = means.T
    variance = np.maximum(c2 - c1**2, 0)
    fourth = c4 - 4 * c1 * c3 + 6 * c1**2 * c2 - 3 * c1**4  # the central moment of this row
    mixed = e2c2 - 2 * c1 * e2c + c1**2 * e2
    inverse = np.divide(1.0, variance, out=np.full(variance.shape, np.nan), where=variance > 0)
    share = e2 * inverse
    squared = _root(e4 - e2**2, n)
    root = np.sqrt(e2)
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = (units.error / units.spread) ** 2
        relative = 0.0 if math.isinf(units.relative) else units.relative
        values = {
            "mae": e1 * units.error * units.amount,
            "mse": e2 * units.error**2 * units.amount * units.amount,
            "rmse": root * units.error * units.amount,
            "unexplained": share * ratio,
            "mape": r1 * relative,
        }
        half = np.divide(squared, 2 * root, out=np.zeros(root.shape), where=root > 0)
        varied = _root(e4 - 2 * share * mixed + share**2 * fourth, n) * inverse
        deviations = {
            "mae": _root(e2 - e1**2, n) * units.error * units.amount,
            "mse": squared * units.error**2 * units.amount * units.amount,
            "rmse": half * units.error * units.amount,
            "unexplained": varied * ratio,
            "mape": _root(r2 - r1**2, n) * relative,
        }
    return values, deviations


def _explained(unexplained: Measure) -> Measure:
    """R² of 1 - R²."""
    low, high = unexplained.low, unexplained.high
    return replace(
        unexplained,
        value=1 - (unexplained.value or 0.0),
        low=None if high is None else 1 - high,
        high=None if low is None else 1 - low,
    )


def _root(variance: Reals, n: int) -> Reals:
    """The standard deviation of a mean; 0 where rounding leaves a variance below it."""
    deviation: Reals = np.sqrt(np.maximum(variance, 0) / n)
    return deviation


def _unit(largest: float) -> float:
    """The power of 2 below a number; 1 for 0."""
    return float(np.ldexp(1.0, np.frexp(largest)[1] - 1)) if largest > 0 else 1.0
