"""Differences between two ways of training, each trained several times, on the same examples."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from kilter.metrics.inputs import Reals, refuse_confidence
from kilter.metrics.significance import Difference

FEWEST = 2  # seeds a side, and examples: one says nothing of how much they vary


def difference_over_seeds(first: npt.ArrayLike, second: npt.ArrayLike, *, confidence: float = 0.95) -> Difference:
    """The difference in mean between values (j, n) of j trainings and (k, n) of k others, on the same n examples.

    It errs by the seeds and by the examples. The variance is the sum of three: of the trainings' means on the one side,
    on the other, and of the differences of examples' means; what a training and an example have in common is counted
    twice by that, so that it is too large rather than too small (Owen 2007, The pigeonhole bootstrap, section 4). The
    degrees of freedom are those of Satterthwaite (1946, An approximate distribution of estimates of variance
    components), the test is Student's.

    >>> first = [[1.0, 0.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]]
    >>> print(difference_over_seeds(first, [[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]]).value)
    0.625

    Raises ValueError for values that are not finite or not of these shapes, and fewer than two seeds or examples.
    """
    refuse_confidence(confidence)
    error, freedom = error_over_seeds(first, second)
    left, right = _table("first", first), _table("second", second)
    value = float(left.mean() - right.mean())
    if error == 0:
        low, high, p_value = value, value, float(value == 0)
    else:
        reach = error * float(special.stdtrit(freedom, (1 + confidence) / 2))
        low, high = value - reach, value + reach
        p_value = float(2 * special.stdtr(freedom, -abs(value) / error))
    return Difference(
        value=value,
        low=low,
        high=high,
        n=left.shape[1],
        p_value=p_value,
        test="t test over seeds and examples",
        confidence=confidence,
        method="t",
    )


def error_over_seeds(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[float, float]:
    """The standard error of that difference, and its degrees of freedom; without any variance one.

    Raises ValueError as `difference_over_seeds` does.
    """
    left, right = _table("first", first), _table("second", second)
    if left.shape[1] != right.shape[1]:
        raise ValueError(
            f"unequal numbers of examples (first {left.shape[1]}, second {right.shape[1]}): the same examples in the"
            " same order are legal; join the arrays by example id."
        )
    parts = [_error(left.mean(axis=1)), _error(right.mean(axis=1)), _error(left.mean(axis=0) - right.mean(axis=0))]
    variance = math.fsum(part for part, _ in parts)
    squares = math.fsum(part**2 / freedom for part, freedom in parts)
    return math.sqrt(variance), variance**2 / squares if squares > 0 else 1.0


def _error(values: Reals) -> tuple[float, int]:
    """The variance of a mean, and its degrees of freedom."""
    return float(np.var(values, ddof=1)) / values.size, values.size - 1


def _table(name: str, values: npt.ArrayLike) -> Reals:
    table: Reals = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < FEWEST:
        raise ValueError(
            f"{name} has shape {table.shape}: (seeds, examples) is legal, {FEWEST} or more of each; train with more"
            " seeds, or compare single trainings."
        )
    if not np.isfinite(table).all():
        raise ValueError(f"{name} holds what is not-a-number or infinite: finite numbers are legal; mend or drop them.")
    return table
