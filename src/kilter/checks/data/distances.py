"""How far two samples lie apart, and how likely chance alone is to part them so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Distance(NamedTuple):
    """A distance from 0 (the same) to 1 (apart), and the probability of so much from one distribution."""

    size: float
    p_value: float


def between_numbers(left: NDArray[Any], right: NDArray[Any]) -> Distance:
    """The largest gap between two distribution functions (Kolmogorov and Smirnov), of finite numbers (n,) and (m,).

    The probability is the asymptotic one (Smirnov 1948, Annals of Mathematical Statistics 19(2)); ties make it larger
    than it is, so that it errs on the quiet side.

    >>> between_numbers(np.arange(100.0), np.arange(100.0) + 50).size
    0.5
    """
    from scipy.special import kolmogorov

    everything = np.concatenate([left, right])
    left_below = np.searchsorted(np.sort(left), everything, side="right") / len(left)
    right_below = np.searchsorted(np.sort(right), everything, side="right") / len(right)
    gap = float(np.abs(left_below - right_below).max())
    return Distance(gap, float(kolmogorov(gap * math.sqrt(len(left) * len(right) / len(everything)))))


def between_counts(left: Mapping[str, int], right: Mapping[str, int]) -> Distance:
    """The total variation of two frequency tables, with the probability of Pearson's chi-square for homogeneity.

    >>> between_counts({"a": 50, "b": 50}, {"a": 100}).size
    0.5
    """
    from scipy.special import chdtrc

    names = sorted({*left, *right})
    table = np.array([[counts.get(name, 0) for name in names] for counts in (left, right)], np.float64)
    shares = table / table.sum(axis=1, keepdims=True)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    squares = float(((table - expected) ** 2 / expected).sum())
    return Distance(float(np.abs(shares[0] - shares[1]).sum() / 2), float(chdtrc(max(1, len(names) - 1), squares)))
