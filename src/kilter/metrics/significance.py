"""Whether a difference between two models on the same examples may be believed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Reals, as_reals, as_vector, refuse_resamples, refuse_unequal_lengths
from kilter.metrics.intervals import Interval, bootstrap_mean, wilson
from kilter.metrics.measure import Measure
from kilter.metrics.resampling import DRAWN_AT_ONCE, Seed

FLIPPED_EXACTLY = 16  # differences other than 0; 2^16 sign patterns are all looked at
FLIPPED_ONE_BY_ONE = 10_000  # distinct sizes; a pattern costs about 3 ns each
FLIPPED_FROM_TAIL = 1_000  # of more than that, the largest are still flipped one by one
ROUNDING = 1e-12  # relative; sums in another order may differ by so much and are the same sum


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much a first model is above a second on the same examples.

    >>> print(Difference(value=0.02, low=0.01, high=0.03, n=900, p_value=0.001, test="exact McNemar",
    ...                  method="newcombe"))
    0.02 [0.01, 0.03], p = 0.001 (exact McNemar), n = 900

    Attributes:
        value: first minus second.
        low: the lower bound of its interval.
        high: the upper bound of its interval.
        n: the number of examples.
        p_value: two-sided; how often no difference would look as large.
        test: the test that gave the p-value.
        method: how the interval was found, as `Measure.method`.
        clusters: groups of examples that were resampled as wholes; None where examples stand for themselves.
    """

    value: float
    low: float
    high: float
    n: int
    p_value: float
    test: str
    confidence: float = 0.95
    method: str
    clusters: int | None = None

    def __str__(self) -> str:
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}], p = {self.p_value:.3g} ({self.test}), n = {self.n}"


def mcnemar(
    first: npt.ArrayLike, second: npt.ArrayLike, *, mid_p: bool = False, confidence: float = 0.95
) -> Difference:
    """The difference in accuracy of two models, from which examples each got right: booleans (n,) in one order.

    The p-value is that of the exact test (McNemar 1947): two-sided binomial, given the examples that only one model
    got right. The mid-p variant counts half the chance of what was seen; it is less conservative and hardly ever
    exceeds its level (Fagerland, Lydersen and Laake 2013, The McNemar test for binary matched-pairs data). The
    interval is method 10 of Newcombe (1998, Improved confidence intervals for the difference between binomial
    proportions based on paired data): Wilson's intervals of the two accuracies, put together with their correlation.

    >>> difference = mcnemar([True] * 8 + [False] * 2, [True] * 2 + [False] * 8)
    >>> print(round(difference.value, 2), difference.p_value)
    0.6 0.03125

    Raises ValueError for arrays that are not boolean, of unequal length, or empty.
    """
    right = _as_right("first", first)
    other = _as_right("second", second)
    refuse_unequal_lengths(first=right, second=other)
    _refuse_fewer(right.size, 1)
    both = int(np.count_nonzero(right & other))
    only_first, only_second = int(right.sum()) - both, int(other.sum()) - both
    neither = right.size - both - only_first - only_second
    interval = _newcombe_paired(both, only_first, only_second, neither, confidence)
    value = (only_first - only_second) / right.size
    interval = interval.including(value)
    return Difference(
        value=value,
        low=interval.low,
        high=interval.high,
        n=right.size,
        p_value=mcnemar_p_value(only_first, only_second, mid_p=mid_p),
        test="mid-p McNemar" if mid_p else "exact McNemar",
        confidence=confidence,
        method="newcombe",
    )


def mcnemar_p_value(only_first: int, only_second: int, *, mid_p: bool = False) -> float:
    """The two-sided p-value for so many examples that only the first, and only the second, model got right.

    Without such examples it is 1. Below about 1e-308 it is 0.

    >>> mcnemar_p_value(1, 9)
    0.021484375

    Raises ValueError for negative counts.
    """
    from scipy import special

    fewer, trials = min(only_first, only_second), only_first + only_second
    if fewer < 0:
        raise ValueError(f"counts of {only_first} and {only_second}: 0 or more are legal; count the discordant pairs.")
    up_to = 2 * float(special.bdtr(fewer, trials, 0.5))
    if not mid_p:
        return min(1.0, up_to)
    log_chance = special.gammaln([trials + 1, fewer + 1, trials - fewer + 1]) @ [1, -1, -1] - trials * math.log(2)
    return min(1.0, max(0.0, up_to - math.exp(log_chance)))


def paired_difference(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Difference:
    """The mean difference of two models' per-example values (n,), such as losses or absolute errors, in one order.

    The interval is the paired bootstrap's (see `bootstrap_mean`), the p-value that of `permutation_p_value`.

    Raises ValueError for values that are not finite, of unequal length, fewer than two examples, or less than 1
    resample.
    """
    left = as_reals("first", first)
    right = as_reals("second", second)
    refuse_unequal_lengths(first=left, second=right)
    _refuse_fewer(left.size, 2)
    differences = left - right
    mean = bootstrap_mean(differences, signed=True, confidence=confidence, resamples=resamples, seed=seed)
    p_value = permutation_p_value(differences, resamples=resamples, seed=seed)
    return mean_difference(mean, n=left.size, p_value=p_value, test="paired permutation")


def mean_difference(mean: Measure, *, n: int, p_value: float, test: str, clusters: int | None = None) -> Difference:
    """A mean of differences with its interval, as the difference that a test judged.

    Raises ValueError for a mean without a value or an interval.
    """
    if mean.value is None or mean.low is None or mean.high is None:
        raise ValueError(f"differences whose mean is {mean.undefined}: a finite mean is legal; rescale the values.")
    return Difference(
        value=mean.value,
        low=mean.low,
        high=mean.high,
        n=n,
        p_value=p_value,
        test=test,
        confidence=mean.confidence,
        method=mean.method,
        clusters=clusters,
    )


def permutation_p_value(differences: npt.ArrayLike, *, resamples: int = 10_000, seed: Seed = 0) -> float:
    """The two-sided p-value of a mean of paired differences (n,), by swapping the models on random examples.

    If the models are exchangeable, each difference might as well have the other sign. Up to 16 differences other
    than 0 all sign patterns are looked at (Fisher 1935, The Design of Experiments, section 21). Beyond, `resamples`
    random patterns are, and the seen one counts among them, so that the p-value is never 0 (Phipson and Smyth 2010,
    Permutation p-values should never be zero). Equal sizes are flipped together by a binomial draw; of more than
    10,000 distinct sizes the 1,000 largest are flipped one by one, and the sum of the rest is drawn from the normal
    distribution of its variance.

    >>> permutation_p_value([1.0, 1.0, 1.0, 1.0])
    0.125

    Raises ValueError for values that are not finite or not of shape (n,), and for less than 1 resample.
    """
    refuse_resamples(resamples)
    column = as_reals("differences", differences)
    sizes, counts = np.unique(np.abs(column[column != 0]), return_counts=True)
    if sizes.size == 0:
        return 1.0
    sizes, column = sizes / sizes[-1], np.sort(column) / sizes[-1]
    seen = abs(float(column.sum())) * (1 - ROUNDING)
    n = int(counts.sum())
    if n <= FLIPPED_EXACTLY:
        each = np.repeat(sizes, counts)
        sums = np.zeros(1)
        for size in each:
            sums = np.concatenate([sums - size, sums + size])
        return float(np.mean(np.abs(sums) >= seen - ROUNDING))
    generator = np.random.default_rng(seed)
    as_large = sum(
        int(np.count_nonzero(np.abs(sums) >= seen)) for sums in _flipped_sums(sizes, counts, resamples, generator)
    )
    return (as_large + 1) / (resamples + 1)


def holm(p_values: npt.ArrayLike) -> Reals:
    """P-values (m,) of m comparisons made together, adjusted so that the chance of any false claim is bounded.

    Holm (1979, A simple sequentially rejective multiple test procedure); valid however the tests depend on each other.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]

    Raises ValueError for values outside 0 to 1 or not of shape (m,).
    """
    p = _as_p_values(p_values)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def benjamini_hochberg(p_values: npt.ArrayLike) -> Reals:
    """P-values (m,) of m comparisons made together, adjusted so that the share of false among claims is bounded.

    Benjamini and Hochberg (1995, Controlling the false discovery rate); valid for independent or positively dependent
    tests.

    >>> benjamini_hochberg([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.04, 0.04]

    Raises ValueError for values outside 0 to 1 or not of shape (m,).
    """
    p = _as_p_values(p_values)
    order = np.argsort(p, kind="stable")[::-1]
    stepped = np.minimum.accumulate(p[order] * (p.size / np.arange(p.size, 0, -1)))
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _newcombe_paired(both: int, only_first: int, only_second: int, neither: int, confidence: float) -> Interval:
    n = both + only_first + only_second + neither
    right, other = both + only_first, both + only_second
    own, others = wilson(right, n, confidence=confidence), wilson(other, n, confidence=confidence)
    together = both * neither - only_first * only_second
    corrected = max(together - n / 2, 0.0) if together > 0 else float(together)
    spread = math.sqrt(right) * math.sqrt(n - right) * math.sqrt(other) * math.sqrt(n - other)
    correlation = corrected / spread if spread else 0.0
    value = (only_first - only_second) / n

    def reach(here: float, there: float) -> float:
        return math.sqrt(max(here * here - 2 * correlation * here * there + there * there, 0.0))

    low = value - reach(right / n - own.low, others.high - other / n)
    high = value + reach(own.high - right / n, other / n - others.low)
    return Interval(low=max(low, -1.0), high=min(high, 1.0))


def _flipped_sums(
    sizes: Reals, counts: npt.NDArray[np.intp], resamples: int, generator: np.random.Generator
) -> Iterator[Reals]:
    """Chunks (r,) of sums of the sizes (m,), each counted so often, with random signs; sizes rise."""
    rest = 0.0
    if sizes.size > FLIPPED_ONE_BY_ONE:
        bulk = slice(None, -FLIPPED_FROM_TAIL)
        rest = math.sqrt(float((sizes[bulk] ** 2) @ counts[bulk]))
        sizes, counts = sizes[-FLIPPED_FROM_TAIL:], counts[-FLIPPED_FROM_TAIL:]
    single, several = sizes[counts == 1], sizes[counts > 1]
    repeats = counts[counts > 1]
    at_once = max(1, DRAWN_AT_ONCE // sizes.size)
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        signs = generator.integers(0, 2, size=(rows, single.size), dtype=np.int8)
        sums = 2 * (signs.astype(np.float64) @ single) - single.sum()
        sums += (2 * generator.binomial(repeats, 0.5, size=(rows, repeats.size)) - repeats) @ several
        yield sums + rest * generator.standard_normal(rows)


def _as_right(name: str, values: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    array = as_vector(name, values)
    if array.size and array.dtype != np.bool_:
        raise ValueError(
            f"{name} holds {array.dtype} values: booleans, whether each example was right, are legal;"
            " compare the predictions with the targets first."
        )
    return array.astype(np.bool_)


def _refuse_fewer(n: int, legal: int) -> None:
    if n < legal:
        raise ValueError(f"{n} examples to compare on: {legal} or more are legal; leave the comparison out.")


def _as_p_values(values: npt.ArrayLike) -> Reals:
    p = as_reals("p_values", values)
    if p.size and (p.min() < 0 or p.max() > 1):
        raise ValueError(
            f"p_values from {p.min():.4g} to {p.max():.4g}: 0 to 1 is legal; pass p-values, not statistics."
        )
    return p
