"""Scores of several amounts predicted together, some of which may be unknown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Reals
from kilter.metrics.intervals import resampled_measure
from kilter.metrics.measure import Measure
from kilter.metrics.regression import regression_scores
from kilter.metrics.resampling import Seed, resample_means


def column_scores(
    target: npt.ArrayLike, predicted: npt.ArrayLike, *, confidence: float = 0.95, resamples: int = 2_000, seed: Seed = 0
) -> tuple[Mapping[str, Measure], ...]:
    """The scores of `regression_scores` for each column of targets (n, k), over the rows where it is known.

    Targets that are not-a-number are unknown.

    Raises ValueError for other shapes than (n, k), and as `regression_scores` does.
    """
    true, given = _as_tables(target, predicted)
    known = ~np.isnan(true)
    return tuple(
        regression_scores(
            true[known[:, at], at], given[known[:, at], at], confidence=confidence, resamples=resamples, seed=seed
        )
        for at in range(true.shape[1])
    )


def mean_r2(
    target: npt.ArrayLike, predicted: npt.ArrayLike, *, confidence: float = 0.95, resamples: int = 2_000, seed: Seed = 0
) -> Measure:
    """The mean over columns of R², each over the rows where its target (n, k) is known, with its bootstrap interval.

    All columns of a row are resampled together. Every column counts the same, whatever its unit and however many of
    its targets are known (`uniform_average` of scikit-learn).

    >>> print(mean_r2([[1.0, 1.0], [2.0, 3.0], [3.0, float("nan")]], [[1.0, 1.0], [2.0, 3.0], [3.0, 0.0]]).value)
    1.0

    Raises ValueError for other shapes than (n, k), and for numbers that are not finite, unknown targets apart.
    """
    true, given = _as_tables(target, predicted)
    known = ~np.isnan(true)
    n = int(known.any(axis=1).sum())
    if not n:
        return Measure(undefined="no examples", n=0, confidence=confidence)
    filled = np.where(known, true, 0.0)
    center = filled.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    size = np.where(known, np.abs(true - center), 0.0).max(axis=0)
    if not size.all():
        reason = f"the known targets of {np.count_nonzero(size == 0)} of {len(size)} columns are all equal"
        return Measure(undefined=reason, n=n, confidence=confidence)
    centered = np.where(known, (true - center) / size, 0.0)  # in units of its own, so that no square overflows
    error = np.where(known, (given - true) / size, 0.0)
    parts = np.hstack([error**2, centered, centered**2, known.astype(np.float64)])
    value = float(_mean_r2(parts.mean(axis=0)[None, :])[0])
    drawn = _mean_r2(resample_means(parts, resamples=resamples, seed=seed))
    return resampled_measure(value, drawn, n=n, confidence=confidence)


def _mean_r2(means: Reals) -> Reals:
    """Mean R² (rows,) of rows of means of parts; over the columns that vary, in resamples where some may not."""
    squared, centered, center_squared, known = np.split(means, 4, axis=1)
    there = known > 0
    error, mean, square = (
        np.divide(part, known, out=np.zeros(part.shape), where=there) for part in (squared, centered, center_squared)
    )
    variance = square - mean**2
    varies = variance > 1e-12  # of the largest square; less is what rounding leaves of a resample without variation
    explained = 1 - np.divide(error, variance, out=np.zeros(error.shape), where=varies)
    many = varies.sum(axis=1)
    total = np.where(varies, explained, 0.0).sum(axis=1)
    over_columns: Reals = np.divide(total, many, out=np.full(total.shape, np.nan), where=many > 0)
    return over_columns


def _as_tables(target: npt.ArrayLike, predicted: npt.ArrayLike) -> tuple[Reals, Reals]:
    true, given = np.asarray(target, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if true.ndim != 2 or true.shape != given.shape:
        raise ValueError(
            f"targets of shape {true.shape} and predictions of shape {given.shape}: both (n, k) are legal;"
            " pass one column an amount."
        )
    wrong = int(np.count_nonzero(np.isinf(true) | ~(np.isfinite(given) | np.isnan(true))))
    if wrong:
        raise ValueError(
            f"{wrong} values are infinite, or predictions that are not-a-number: finite numbers, and targets that are"
            " not-a-number where they are unknown, are legal; find the examples they come from."
        )
    return true, given
