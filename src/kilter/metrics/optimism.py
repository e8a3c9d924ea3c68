"""How far the best of several looks above its worth, on the examples by which it was chosen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Reals, refuse_resamples
from kilter.metrics.resampling import Seed, resample_means


def optimism_of_best(values: npt.ArrayLike, *, resamples: int = 2_000, seed: Seed = 0) -> float:
    """What choosing the best of k by the mean of n examples' values (n, k) adds to its mean at the most.

    Each mean errs, and the best of k is the one that errs upwards: the expected largest error of k. It is taken over
    bootstrap resamples of the examples, so that models which err on the same ones count for less, and as if all were
    equally good, in which case it is largest. Of independent means with the standard error s it is s times the expected
    maximum of k normal numbers: 0.56 for 2, 0.85 for 3, 1.54 for 10 (Smith and Winkler 2006, The optimizer's curse,
    section 2.1).

    >>> optimism_of_best([[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]])  # they err alike: nothing is chosen
    0.0

    Raises ValueError for values that are not finite or of another shape, no examples or no models, and less than 1
    resample.
    """
    refuse_resamples(resamples)
    table: Reals = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        raise ValueError(f"values have shape {table.shape}: (examples, models) is legal, with one of each at least.")
    if not np.isfinite(table).all():
        raise ValueError("values hold what is not-a-number or infinite: finite numbers are legal; mend or drop them.")
    centred = table - table.mean(axis=0)
    centred -= centred.mean(axis=1, keepdims=True)  # what all have in common moves no choice, and nothing on average
    best = resample_means(centred, resamples=resamples, seed=seed).max(axis=1)
    return max(0.0, float(best.mean()))
