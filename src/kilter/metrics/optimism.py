"""How far the best of several looks above its worth, on the examples by which it was chosen."""

from __future__ import annotations

from typing import NamedTuple, final

import numpy as np
import numpy.typing as npt
from scipy import integrate, special

from kilter.metrics.inputs import Integers, Reals, refuse_resamples
from kilter.metrics.resampling import Seed, resample_means

APART = 1.96 * 2**0.5  # standard errors of one mean, by which two that err independently differ in 5 % of cases
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


@final
class Flattered(NamedTuple):
    """What choosing the best of several means added to it at the most, and how many were close to it."""

    optimism: float
    close: int


def flattery_of_best(means: npt.ArrayLike, error: float) -> Flattered:
    """The same where nothing but the k means on the same examples is known, and the standard error of one of them.

    Such as the evaluations of one training, of which the best decides. Those that stand no more than 2.77 standard
    errors below the best are close. As if all close ones were equally good, the best one has from luck what it stands
    above their mean; it has no more than the largest error of so many independent ones, and errors on the same examples
    go together, which makes the largest smaller (Slepian 1962, The one-sided barrier problem for Gaussian noise). The
    smaller of the two is taken. Nothing is known of which of the close ones is really better, so that it is too much
    rather than too little.

    >>> flattery_of_best([0.50, 0.80, 0.81, 0.82], 0.02)
    Flattered(optimism=0.01, close=3)

    Args:
        means: (k,) larger is better.
        error: of one of them, as the examples were drawn.

    Raises ValueError for means that are not finite or of another shape, none of them, or a negative error.
    """
    line: Reals = np.asarray(means, dtype=np.float64)
    if line.ndim != 1 or not line.size or not np.isfinite(line).all() or not 0 <= error < np.inf:
        raise ValueError(
            f"means of shape {line.shape} with the error {error!r}: (k,) finite numbers, one at least, and 0 or more"
            " are legal; leave evaluations out that gave no number."
        )
    close = line[line >= line.max() - APART * error]
    ahead = float(line.max() - close.mean())
    return Flattered(round(min(ahead, error * largest_of(len(close))), 12), len(close))


def largest_of(k: int) -> float:
    """The expected largest of k independent standard normal numbers (Harter 1961, Biometrika 48).

    >>> [round(largest_of(k), 3) for k in (1, 2, 3, 10)]
    [0.0, 0.564, 0.846, 1.539]
    """
    if k == 1:
        return 0.0
    density = lambda x: x * k * np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * special.ndtr(x) ** (k - 1)  # noqa: E731
    return float(integrate.quad(density, -10, 10, limit=200)[0])


def _as_table(values: npt.ArrayLike) -> Reals:
    table: Reals = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        raise ValueError(f"values have shape {table.shape}: (examples, models) is legal, with one of each at least.")
    if not np.isfinite(table).all():
        raise ValueError("values hold what is not-a-number or infinite: finite numbers are legal; mend or drop them.")
    return table
