"""Scores of predicted amounts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Reals, as_reals, refuse_unequal_lengths
from kilter.metrics.intervals import resampled_measure
from kilter.metrics.measure import Measure
from kilter.metrics.resampling import Seed, resample_means


def regression_scores(
    target: npt.ArrayLike,
    predicted: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: Seed = 0,
) -> dict[str, Measure]:
    """`mae`, `mse`, `rmse`, `r2` and `mape` of predictions (n,) of targets (n,), each with its bootstrap interval.

    All five are functions of means of per-example numbers (absolute and squared error, target and its square,
    relative error), so that one resampling of these means serves all; `resample_means` says how it is done for many
    examples. `mae` and `rmse` are in the target's unit, `mse` in its square, `r2` and `mape` have none (0.1 is 10 %).

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
    parts, unit = _parts(true, given)
    finite = np.where(np.isfinite(parts), parts, 0.0)
    values = _scores(finite.mean(axis=0)[None, :], unit)
    drawn = _scores(resample_means(finite, resamples=resamples, seed=seed), unit)
    reasons = {}
    if true.min() == true.max():
        reasons["r2"] = f"all {n} targets are equal, there is no variation to explain"
    zeros = n - np.count_nonzero(true)
    if zeros:
        reasons["mape"] = f"{zeros} of {n} targets are 0, where a relative error has no value"
    elif not np.isfinite(parts[:, -1]).all():
        reasons["mape"] = "a target is so near to 0 that its relative error exceeds the range of a double"
    return {
        name: Measure(undefined=reasons[name], n=n, confidence=confidence)
        if name in reasons
        else resampled_measure(float(value[0]), drawn[name], n=n, confidence=confidence)
        for name, value in values.items()
    }


def _parts(true: Reals, given: Reals) -> tuple[Reals, float]:
    """What the scores are means of, (n, 5), and the unit it is in.

    The unit is the power of 2 below the largest number, so that no square overflows and nothing is rounded; targets
    are centred, so that the variance of a resample is not lost in the square of its mean. The relative error, last,
    may be infinite or not-a-number.
    """
    unit = float(np.ldexp(1.0, np.frexp(max(np.abs(true).max(), np.abs(given).max()))[1] - 1))
    scaled = true / unit
    error = given / unit - scaled
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative = np.abs(error / scaled)
    centered = scaled - scaled.mean()
    return np.stack([np.abs(error), error**2, centered, centered**2, relative], axis=1), unit


def _scores(means: Reals, unit: float) -> dict[str, Reals]:
    """The scores of rows of means of parts, each of shape (rows,)."""
    absolute, squared, centered, center_squared, relative = means.T
    variance = np.maximum(center_squared - centered**2, 0)
    squared = np.maximum(squared, 0)
    unexplained = np.divide(squared, variance, out=np.full(squared.shape, np.nan), where=variance > 0)
    with np.errstate(over="ignore"):
        return {
            "mae": absolute * unit,
            "mse": squared * unit * unit,
            "rmse": np.sqrt(squared) * unit,
            "r2": 1 - unexplained,
            "mape": relative,
        }
