"""How far the best of several looks above its worth, on the examples by which it was chosen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Integers, Reals, refuse_resamples
from kilter.metrics.resampling import Seed, resample_means

REACH = 4.0  # standard errors of a paired difference; what lies farther behind is hardly ever chosen (3e-5)


def contenders(values: npt.ArrayLike) -> Integers:
    """Which of k models (n, k) might have come out as the best: not clearly behind it, in their order.

    Clearly is more than 4 standard errors of the paired difference from the best mean.

    >>> contenders([[0.9, 0.8, 0.1], [0.7, 0.9, 0.2], [0.8, 0.6, 0.0], [0.9, 0.8, 0.1]]).tolist()
    [0, 1]

    Raises ValueError for values that are not finite or of another shape, and no examples or no models.
    """
    table = _as_table(values)
    behind = table[:, [int(table.mean(axis=0).argmax())]] - table
    error = behind.std(axis=0) / np.sqrt(len(table))
    return np.flatnonzero(behind.mean(axis=0) <= REACH * error)


def optimism_of_best(values: npt.ArrayLike, *, resamples: int = 2_000, seed: Seed = 0) -> float:
    """What choosing the best of k by the mean of n examples' values (n, k) adds to its mean at the most.

    Each mean errs, and the best of k is the one that errs upwards: the expected largest error of k. It is taken over
    bootstrap resamples of the examples, so that models which err on the same ones count for less, and as if all were
    equally good, in which case it is largest: give it the `contenders`. Of independent means with the standard error s
    it is s times the expected maximum of k normal numbers: 0.56 for 2, 0.85 for 3, 1.54 for 10 (Smith and Winkler 2006,
    The optimizer's curse, section 2.1).

    >>> optimism_of_best([[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]])  # they err alike: nothing is chosen
    0.0

    Raises ValueError for values that are not finite or of another shape, no examples or no models, and less than 1
    resample.
    """
    refuse_resamples(resamples)
    table = _as_table(values)
    centred = table - table.mean(axis=0)
    centred -= centred.mean(axis=1, keepdims=True)  # what all have in common moves no choice, and nothing on average
    best = resample_means(centred, resamples=resamples, seed=seed).max(axis=1)
    return max(0.0, float(best.mean()))


def _as_table(values: npt.ArrayLike) -> Reals:
    table: Reals = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        raise ValueError(f"values have shape {table.shape}: (examples, models) is legal, with one of each at least.")
    if not np.isfinite(table).all():
        raise ValueError("values hold what is not-a-number or infinite: finite numbers are legal; mend or drop them.")
    return table
