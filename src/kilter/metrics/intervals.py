"""How far a number may be off: intervals in closed form, and from resamples."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import final

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Reals, as_reals, refuse_confidence, refuse_resamples, refuse_unequal_lengths
from kilter.metrics.measure import Measure
from kilter.metrics.resampling import Seed, resample_means

FEWEST_STUDENTISED = 5  # examples; resamples of fewer hardly tell how much they vary


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A closed range of numbers.

    >>> 0.5 in Interval(low=0.4, high=0.6)
    True
    """

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def including(self, value: float) -> Interval:
        """The interval, widened where it does not hold the value."""
        return Interval(low=min(self.low, value), high=max(self.high, value))


def quantile_of_normal(confidence: float) -> float:
    """How many standard deviations either side hold that share of a normal distribution; 1.96 for 0.95.

    Raises ValueError for a confidence outside 0 to 1.
    """
    refuse_confidence(confidence)
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(successes: float, n: float, *, confidence: float = 0.95) -> Interval:
    """The score interval of a share of successes (Wilson 1927, Probable inference, JASA 22).

    It keeps close to its confidence down to a handful of trials, and says something where all of them went one way,
    which no resampling can (Brown, Cai and DasGupta 2001, Interval estimation for a binomial proportion, section 4).

    >>> interval = wilson(10, 10)
    >>> round(interval.low, 3), interval.high
    (0.722, 1.0)

    Raises ValueError unless 0 <= successes <= n and n > 0, and for a confidence outside 0 to 1.
    """
    if not (n > 0 and 0 <= successes <= n):
        raise ValueError(
            f"{successes} successes of {n}: 0 to n successes of more than 0 trials are legal;"
            " leave the interval out where nothing was tried."
        )
    z = quantile_of_normal(confidence)
    share = successes / n
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # the formula reaches 0 and 1 exactly; floating point only nearly
    low = 0.0 if successes == 0 else max(0.0, center - half)
    high = 1.0 if successes == n else min(1.0, center + half)
    return Interval(low=low, high=high).including(share)


def proportion(successes: int, n: int, *, undefined: str = "no examples", confidence: float = 0.95) -> Measure:
    """The share of successes with its Wilson interval; without trials, the reason `undefined`.

    Raises ValueError unless 0 <= successes <= n.
    """
    if n == 0:
        return Measure(undefined=undefined, n=0, confidence=confidence)
    interval = wilson(successes, n, confidence=confidence)
    return Measure(
        value=successes / n, low=interval.low, high=interval.high, n=n, confidence=confidence, method="wilson"
    )


def percentile_interval(resampled: npt.ArrayLike, *, n: int, confidence: float = 0.95) -> Interval | None:
    """The range that holds the middle `confidence` of a statistic's resamples (resamples,), of n examples each.

    Resamples in which the statistic has no value (not-a-number) are left out; None if nothing remains, or if n is
    below 2. The percentiles lie farther out than the confidence says by the factor t / z * sqrt(n / (n - 1)) that a
    sample of n needs: resamples of few examples vary too little (Hesterberg 2015, What teachers should know about the
    bootstrap, section 5.3, "expanded percentile"). With 100 examples that is 1.8 %, with 10,000 nothing.

    Raises ValueError for a confidence outside 0 to 1.
    """
    from scipy import special

    z = quantile_of_normal(confidence)
    values = np.asarray(resampled, dtype=np.float64)
    values = values[np.isfinite(values)]
    if values.size == 0 or n < 2:
        return None
    needed = float(special.stdtrit(n - 1, NormalDist().cdf(z))) * math.sqrt(n / (n - 1))
    tail = NormalDist().cdf(-needed)
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(low=float(low), high=float(high))


def resampled_measure(
    value: float,
    resampled: npt.ArrayLike,
    *,
    n: int,
    confidence: float = 0.95,
    method: str = "bootstrap",
    at_least: Interval | None = None,
) -> Measure:
    """A value with the interval of its resamples, widened to hold the value where a skewed statistic escapes it.

    It is widened to hold the interval `at_least`, too. A value that is not finite exceeds what a double holds, and
    the measure says so.
    """
    if not math.isfinite(value):
        return Measure(undefined="the value exceeds the range of a double", n=n, confidence=confidence)
    interval = percentile_interval(resampled, n=n, confidence=confidence)
    if at_least is not None:
        interval = at_least if interval is None else interval.including(at_least.low).including(at_least.high)
    if interval is None:
        return Measure(value=value, n=n, confidence=confidence)
    interval = interval.including(value)
    return Measure(value=value, low=interval.low, high=interval.high, n=n, confidence=confidence, method=method)


def bootstrap_mean(
    values: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    signed: bool = False,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: Seed = 0,
) -> Measure:
    """The mean of per-example values (n,), weighted if weights (n,) are given, with its bootstrap interval.

    A weighted mean is the ratio of two sums, and examples are resampled with their weights. The interval is that of
    `studentised_measure`, on the scale of the logarithm where no value is below 0, unless values are `signed`, such as
    differences, which may be below 0 though none of these is. For many examples see `resample_means`; bounds from
    2,000 resamples move by some 3 % of the interval's half-width from seed to seed.

    >>> round(bootstrap_mean([0.0, 1.0, 1.0, 1.0], weights=[1.0, 1.0, 1.0, 3.0]).value, 9)
    0.833333333

    Raises ValueError for values or weights that are not finite or not of one shape (n,), and for negative weights.
    """
    column = as_reals("values", values)
    weight = np.ones(column.size) if weights is None else as_reals("weights", weights)
    refuse_unequal_lengths(values=column, weights=weight)
    if column.size and weight.min() < 0:
        raise ValueError(f"a weight of {weight.min():.4g}: 0 or more is legal; drop examples by a weight of 0.")
    if column.size == 0:
        return Measure(undefined="no examples", n=0, confidence=confidence)
    if not weight.any():
        return Measure(undefined="no example has a weight above 0", n=column.size, confidence=confidence)
    weight = weight / weight.max()
    with np.errstate(over="ignore"):
        value = _mean(weight * column) / _mean(weight)
    n = int(np.count_nonzero(weight))
    if not math.isfinite(value):
        return resampled_measure(value, (), n=n, confidence=confidence)
    unit = float(np.abs(column).max()) or 1.0
    off = column / unit - value / unit
    if weights is None:
        first, second = resample_means(np.stack([off, off**2], axis=1), resamples=resamples, seed=seed).T
        there, variance, spread = np.ones(len(first)), second - first**2, float(np.sort(off**2).mean())
    else:
        squares = weight**2
        columns = np.stack([weight * off, weight, squares * off**2, squares * off, squares], axis=1)
        first, there, second, mixed, weighed = resample_means(columns, resamples=resamples, seed=seed).T
        first = np.divide(first, there, out=np.full(first.shape, np.nan), where=there > 0)
        variance = second - 2 * first * mixed + first**2 * weighed
        spread = float(np.sort(columns[:, 2]).mean())
    deviations = np.sqrt(np.maximum(variance, 0) / column.size)
    own = np.divide(deviations, there, out=np.zeros(deviations.shape), where=there > 0)
    return studentised_measure(
        value,
        math.sqrt(spread / column.size) / _mean(weight) * unit,
        value + unit * first,
        unit * own,
        n=n,
        confidence=confidence,
        positive=not signed and bool(column.min() >= 0),
    )


def bootstrap(
    values: npt.ArrayLike,
    statistic: Callable[[npt.NDArray[np.generic]], float],
    *,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: Seed = 0,
) -> Measure:
    """Any statistic of rows of values (n, ...), with its percentile bootstrap interval.

    The statistic is called once for each resample, with as many rows as were given; it may return not-a-number where
    it has no value. `bootstrap_mean` is far quicker for means.

    Raises ValueError for less than 1 resample.
    """
    refuse_resamples(resamples)
    rows = np.asarray(values)
    n = rows.shape[0]
    if n == 0:
        return Measure(undefined="no examples", n=0, confidence=confidence)
    value = float(statistic(rows))
    if math.isnan(value):
        return Measure(undefined="the statistic has no value on these examples", n=n, confidence=confidence)
    generator = np.random.default_rng(seed)
    drawn = [float(statistic(rows[generator.integers(0, n, size=n)])) for _ in range(resamples)]
    return resampled_measure(value, drawn, n=n, confidence=confidence)


def studentised_measure(
    value: float,
    deviation: float,
    resampled: Reals,
    deviations: Reals,
    *,
    n: int,
    confidence: float = 0.95,
    positive: bool = True,
) -> Measure:
    """A value with the interval of its resamples, each measured in standard deviations of its own.

    The bootstrap-t of Efron and Tibshirani (1993, An Introduction to the Bootstrap, section 12.5): what resamples
    (r,) are off, divided by the deviation that each of them estimates, tells how many estimated deviations the value
    may be off. For skewed values it holds what it says far sooner than percentiles do. A positive value is taken on
    the scale of its logarithm, on which deviations depend less on the value (the same, section 12.6).

    With a deviation of 0, in the sample or in one of ten resamples, this is no measure, and percentiles take its
    place.

    Args:
        value: the statistic of all n examples.
        deviation: its standard deviation, estimated from them.
        resampled: the statistic of each resample.
        deviations: the standard deviation of each, estimated from it alone.
        n: examples.
        confidence: of the interval.
        positive: whether the statistic is above 0 unless all examples are 0.
    """
    refuse_confidence(confidence)
    tail = (1 - confidence) / 2
    if math.isfinite(value) and n >= FEWEST_STUDENTISED and deviation > 0 and not (positive and value <= 0):
        off, own = resampled - value, deviations
        if positive:
            with np.errstate(divide="ignore", invalid="ignore"):
                off, own = np.log(resampled / value), deviations / resampled
            deviation /= value
        held = np.isfinite(off) & np.isfinite(own) & (own > 0)
        if math.isfinite(deviation) and np.count_nonzero(held) >= 0.9 * held.size:
            # Weibull's places, k / (r + 1): others leave out more than the tail says, the fewer resamples the more
            few, many = np.quantile(off[held] / own[held], [tail, 1 - tail], method="weibull").tolist()
            low, high = -many * deviation, -few * deviation
            with np.errstate(over="ignore"):
                low, high = (value * np.exp([low, high])).tolist() if positive else (value + low, value + high)
            if math.isfinite(low) and math.isfinite(high):
                found = Interval(low=low, high=high).including(value)
                return Measure(
                    value=value, low=found.low, high=found.high, n=n, confidence=confidence, method="bootstrap-t"
                )
    return resampled_measure(value, resampled, n=n, confidence=confidence)


def _mean(column: Reals) -> float:
    """The mean, summed in one order whatever order the examples came in; infinite where a double overflows."""
    with np.errstate(over="ignore"):
        return float(np.sort(column).mean())
