"""Differences between two models where examples come in groups that depend on each other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Integers, Reals, as_reals, as_vector, refuse_unequal_lengths
from kilter.metrics.intervals import bootstrap_mean
from kilter.metrics.significance import Difference, mean_difference, permutation_p_value

FEWEST = 2  # clusters; one says nothing of how much they vary


class Clustered(NamedTuple):
    """Differences of examples, added up by their groups.

    Attributes:
        sums: (g,) of the differences in a group.
        sizes: (g,) examples in a group.
    """

    sums: Reals
    sizes: Integers

    @property
    def deviation(self) -> float:
        """Standard deviation of a group's share in the mean difference, so that the mean's is this over the root of g.

        The mean difference is a ratio of sums, whose error is linearised (Cochran 1977, Sampling Techniques, section
        6.3).
        """
        examples = int(self.sizes.sum())
        residuals = (self.sums - self.sums.sum() / examples * self.sizes) * (self.sizes.size / examples)
        return float(np.sqrt((residuals @ residuals) / (self.sizes.size - 1)))


def clustered(differences: npt.ArrayLike, groups: npt.ArrayLike) -> Clustered:
    """Differences (n,) added up by groups (n,), whose values tell them apart.

    >>> clustered([1.0, 0.0, -1.0], ["a", "b", "a"]).sums.tolist()
    [0.0, 0.0]

    Raises ValueError for arrays of unequal length, differences that are not finite, and fewer than 2 groups.
    """
    column = as_reals("differences", differences)
    names = as_vector("groups", groups)
    refuse_unequal_lengths(differences=column, groups=names)
    _, place = np.unique(names, return_inverse=True)
    sizes = np.bincount(place)
    if sizes.size < FEWEST:
        raise ValueError(
            f"{sizes.size} groups to compare on: {FEWEST} or more are legal; leave the groups out,"
            " or gather examples of others."
        )
    sums: Reals = np.bincount(place, weights=column).astype(np.float64)
    return Clustered(sums=sums, sizes=sizes.astype(np.int64))


def clustered_difference(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    groups: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Difference:
    """The mean difference of two models' per-example values (n,), of which those of a group (n,) depend on each other.

    Sentences of one text or visits of one person repeat each other, so that n examples say less than n independent ones
    would. Whole groups are therefore resampled for the interval (Davison and Hinkley 1997, Bootstrap Methods and their
    Application, section 3.8), and in whole groups the models are swapped for the p-value (see `permutation_p_value`).
    Each example counts once. With one example a group this is the paired permutation test.

    >>> apart = clustered_difference([1.0] * 12, [0.0] * 12, [0, 1, 2, 3] * 3)
    >>> apart.value, apart.p_value, apart.n, apart.clusters
    (1.0, 0.125, 12, 4)

    Raises ValueError for values that are not finite, of unequal length, fewer than two groups, or less than 1 resample.
    """
    left = as_reals("first", first)
    right = as_reals("second", second)
    refuse_unequal_lengths(first=left, second=right)
    parts = clustered(left - right, groups)
    mean = bootstrap_mean(
        parts.sums / parts.sizes, parts.sizes, signed=True, confidence=confidence, resamples=resamples, seed=seed
    )
    p_value = permutation_p_value(parts.sums, resamples=resamples, seed=seed)
    return mean_difference(mean, n=left.size, p_value=p_value, test="cluster permutation", clusters=parts.sizes.size)
