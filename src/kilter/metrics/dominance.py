"""Almost stochastic order: whether one model's scores over seeds lie above another's, as whole distributions."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from kilter.metrics.inputs import Reals, as_reals, refuse_confidence, refuse_resamples

FEWEST = 2  # seeds a side; resampling one says nothing of how much it varies
REPETITIONS = 10  # of the Monte-Carlo draw, by which its spread is told
UNDECIDED = 0.5  # the ratio of distributions that are the same


class Order(NamedTuple):
    """How far the order of two distributions is violated.

    Attributes:
        ratio: of violation in what was seen: 0 where the first is above throughout, 1 where the second is.
        bound: the smallest ratio that is established at the level; below .5 the first dominates.
        spread: the standard deviation of the bound over repetitions of its draw.
    """

    ratio: float
    bound: float
    spread: float


def violation_ratio(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """The share of the squared Wasserstein distance of two samples (n,) and (m,) that speaks against the first.

    That is the integral of (G⁻¹ - F⁻¹)² where G⁻¹ > F⁻¹, over the integral of it all (del Barrio, Cuesta-Albertos and
    Matran 2018, An optimal transportation approach for assessing almost stochastic order, eq. 4). Quantile functions
    of samples are steps, so that the integrals are sums, and exact. Two samples that are the same give .5.

    >>> violation_ratio([2.0, 3.0], [1.0, 2.0]), violation_ratio([1.0, 4.0], [2.0, 2.0])
    (0.0, 0.2)

    Raises ValueError for scores that are not finite, and for none.
    """
    left, right = _scores("first", first, 1), _scores("second", second, 1)
    return float(_ratios(left[None], right[None])[0])


def almost_stochastic_order(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    level: float = 0.05,
    resamples: int = 1_000,
    seed: int = 0,
) -> Order:
    """Whether scores (n,) of a first model over seeds almost dominate those (m,) of a second; larger is better.

    The bound is ratio - sqrt((n + m) / (n m)) * deviation * z(level), where the deviation is that of the ratio over
    bootstrap resamples of both, times sqrt(n m / (n + m)) (Dror, Shlomov and Reichart 2019, Deep Dominance, eq. 3).
    Since z(.05) is below 0, it lies above the ratio. The draw is repeated, and the bound is the mean over repetitions.

    With few seeds it is no test that keeps its level: how often it calls equal models different is in the benchmarks.

    >>> almost_stochastic_order([0.9, 0.91, 0.92], [0.7, 0.71, 0.72])
    Order(ratio=0.0, bound=0.0, spread=0.0)

    Raises ValueError for fewer than two scores a side, scores that are not finite, or a level outside 0 to 1.
    """
    refuse_confidence(level)
    refuse_resamples(resamples)
    left, right = _scores("first", first, FEWEST), _scores("second", second, FEWEST)
    ratio = float(_ratios(left[None], right[None])[0])
    generator = np.random.default_rng(seed)
    z = float(special.ndtri(level))
    bounds = []
    for _ in range(REPETITIONS):
        drawn = _ratios(_resampled(left, resamples, generator), _resampled(right, resamples, generator))
        # the factor sqrt(n m / (n + m)) of the deviation and its inverse before it cancel
        bounds.append(min(1.0, max(0.0, ratio - float(drawn.std()) * z)))
    return Order(ratio=ratio, bound=math.fsum(bounds) / REPETITIONS, spread=float(np.std(bounds)))


def _resampled(scores: Reals, resamples: int, generator: np.random.Generator) -> Reals:
    return scores[generator.integers(0, scores.size, size=(resamples, scores.size))]


def _ratios(left: Reals, right: Reals) -> Reals:
    """Ratios (r,) of samples (r, n) and (r, m)."""
    n, m = left.shape[1], right.shape[1]
    ends = np.unique(np.concatenate([np.arange(1, n + 1) * m, np.arange(1, m + 1) * n]))  # in units of 1 / (n m)
    widths = np.diff(ends, prepend=0)
    of_left, of_right = (ends - 1) // m, (ends - 1) // n  # which step holds each piece
    above = np.sort(right, axis=1)[:, of_right] - np.sort(left, axis=1)[:, of_left]
    largest = np.abs(above).max(axis=1, keepdims=True)
    scaled = np.divide(above, largest, out=np.zeros_like(above), where=largest > 0)  # tiny squares would vanish
    against, whole = np.maximum(scaled, 0) ** 2 @ widths, scaled**2 @ widths
    ratios: Reals = np.divide(against, whole, out=np.full(len(whole), UNDECIDED), where=whole > 0)
    return ratios


def _scores(name: str, values: npt.ArrayLike, legal: int) -> Reals:
    scores = as_reals(name, values)
    if scores.size < legal:
        raise ValueError(f"{name} holds {scores.size} scores: {legal} or more are legal; train with more seeds.")
    return scores
