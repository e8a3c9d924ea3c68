"""What a comparison can show at all: the power of its test, and the smallest difference that it establishes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import optimize, special

from kilter.metrics.inputs import Integers, Reals, refuse_confidence

POWER = 0.8  # Cohen 1988, Statistical Power Analysis, section 2.4: the usual compromise
LEVEL = 0.05
CLOSE = 1e-6  # relative; a difference is found to that
COUNTED = 10_000  # examples that only one gets right; of more the normal approximation is right to 1e-3 of a power
TAIL = 9.0  # standard deviations of a count that are summed over; what lies beyond is below 1e-17
NORMAL_FROM = 10_000  # degrees of freedom, from which the t distribution is the normal one to 1e-4 of a power


def mcnemar_power(difference: float, n: int, disagreement: float, *, level: float = LEVEL) -> float:
    """How often the exact McNemar test of n examples rejects, two models that differ so much in accuracy.

    `disagreement` is the share of examples that only one of both gets right; it is taken to be as large as the
    difference at least. The number of these examples is binomial, and given it the number that the first gets right is,
    too: both are summed over. Of more than 10,000 such examples it is the normal approximation (Connor 1987, Sample
    size for testing differences in proportions for the paired-sample design).

    >>> round(mcnemar_power(0.05, 1000, 0.1), 3)
    0.999

    Raises ValueError for a difference or a disagreement outside 0 to 1, no examples, or a level outside 0 to 1.
    """
    _refuse(n, level)
    if not 0 <= difference <= 1 or not 0 <= disagreement <= 1:
        raise ValueError(
            f"a difference of {difference!r} at a disagreement of {disagreement!r}: shares from 0 to 1 are legal;"
            " divide counts by the number of examples."
        )
    share = max(difference, disagreement)
    if share == 0:
        return 0.0
    if n * share > COUNTED:
        critical = float(special.ndtri(1 - level / 2))
        error = math.sqrt(max(share - difference**2, 0.0))
        return _beyond(difference * math.sqrt(n), critical * math.sqrt(share), error)
    spread = TAIL * math.sqrt(n * share * (1 - share)) + TAIL
    fewest, most = max(0, math.floor(n * share - spread)), min(n, math.ceil(n * share + spread))
    discordant = np.arange(fewest, most + 1, dtype=np.int64)
    last = _critical(discordant, level)
    better = min(1.0, (share + difference) / (2 * share))  # of these, the share that the first gets right
    either_way = special.bdtr(np.maximum(last, 0), discordant, [[better], [1 - better]]).sum(axis=0)
    return min(1.0, float(_binomial(discordant, n, share) @ np.where(last >= 0, either_way, 0.0)))


def detectable_in_accuracy(n: int, disagreement: float, *, power: float = POWER, level: float = LEVEL) -> float | None:
    """The smallest true difference in accuracy that the exact McNemar test of n examples establishes at that power.

    None where it establishes none, however large: of fewer than six examples no test at 5 % rejects.

    >>> round(detectable_in_accuracy(540, 0.1), 3)
    0.039
    >>> detectable_in_accuracy(5, 0.1) is None
    True

    Raises ValueError for a power or level outside 0 to 1, no examples, or a disagreement outside 0 to 1.
    """
    refuse_confidence(power)
    return _smallest(lambda difference: mcnemar_power(difference, n, disagreement, level=level), 1.0, power)


def mean_power(difference: float, n: int, deviation: float, *, level: float = LEVEL) -> float:
    """How often the t test of n paired differences, of that mean and standard deviation, rejects.

    The paired permutation test has nearly the same power for means (Hoeffding 1952, The large-sample power of tests
    based on permutations of observations); with groups of examples, n is their number.

    >>> round(mean_power(0.5, 34, 1.0), 3)
    0.808

    Raises ValueError for fewer than two examples, a negative deviation, or a level outside 0 to 1.
    """
    _refuse(n, level)
    if deviation < 0:
        raise ValueError(f"a standard deviation of {deviation!r}: 0 or more is legal; take the root of the variance.")
    if deviation == 0:
        return float(difference != 0 and n > 1)
    return _t_power(abs(difference) / deviation * math.sqrt(n), n - 1, level)


def detectable_in_mean(n: int, deviation: float, *, power: float = POWER, level: float = LEVEL) -> float | None:
    """The smallest true mean of n paired differences that their t test establishes at that power.

    None for fewer than two examples, of which nobody knows how much they vary.

    >>> round(detectable_in_mean(540, 1.0), 4)
    0.1208

    Raises ValueError for a power or level outside 0 to 1, no examples, or a negative deviation.
    """
    refuse_confidence(power)
    _refuse(n, level)
    if deviation < 0:
        raise ValueError(f"a standard deviation of {deviation!r}: 0 or more is legal; take the root of the variance.")
    return detectable_by_t(deviation / math.sqrt(n), n - 1, power=power, level=level) if n > 1 else None


def detectable_by_t(error: float, freedom: float, *, power: float = POWER, level: float = LEVEL) -> float | None:
    """The smallest true difference that a t test with this standard error and degrees of freedom establishes.

    Five trainings on each side whose scores have the standard deviation .01:

    >>> round(detectable_by_t(0.01 * (2 / 5) ** 0.5, 8), 4)
    0.0202

    Raises ValueError for a power or level outside 0 to 1, a negative error, or no degree of freedom.
    """
    refuse_confidence(power)
    refuse_confidence(level)
    if error < 0 or freedom <= 0:
        raise ValueError(
            f"a standard error of {error!r} with {freedom!r} degrees of freedom: 0 or more, and more than 0, are legal;"
            " take two examples or seeds at least."
        )
    if error == 0:
        return 0.0
    found = _smallest(lambda shift: _t_power(shift, freedom, level), _enough(freedom, level), power)
    return None if found is None else error * found


def detectable_over_trainings(
    n: int, seeds: int, *, deviation: float, between: float, power: float = POWER, level: float = LEVEL
) -> float | None:
    """The smallest true difference between two ways of training, each trained so many times, that is established.

    The test is `seeds.difference_over_seeds`, on the same n examples. The variance is the sum of its three parts, with
    Satterthwaite's degrees of freedom: between² / seeds for each side, and deviation² / n for the examples, which no
    number of trainings makes smaller. None for fewer than two trainings or examples, of which nobody knows how much
    they vary.

    >>> [round(detectable_over_trainings(540, k, deviation=0.1**0.5, between=0.01), 3) for k in (2, 5, 100)]
    [0.05, 0.042, 0.038]

    Args:
        n: examples.
        seeds: trainings on each side.
        deviation: standard deviation of what two trainings differ by from example to example.
        between: standard deviation of a score from training to training of one way.
        power: how often a difference of that size is established.
        level: of the test, two-sided.

    Raises ValueError for a power or level outside 0 to 1, no examples, less than one training, or a negative deviation.
    """
    refuse_confidence(power)
    _refuse(n, level)
    if seeds < 1 or deviation < 0 or between < 0:
        raise ValueError(
            f"{seeds} trainings a side with standard deviations of {deviation!r} and {between!r}: 1 or more, and"
            " 0 or more, are legal; take the root of a variance."
        )
    if min(n, seeds) < 2:
        return None
    parts = [(between**2 / seeds, seeds - 1), (between**2 / seeds, seeds - 1), (deviation**2 / n, n - 1)]
    variance = math.fsum(part for part, _ in parts)
    squares = math.fsum(part**2 / freedom for part, freedom in parts)
    if squares == 0:
        return 0.0
    return detectable_by_t(math.sqrt(variance), variance**2 / squares, power=power, level=level)


def _critical(discordant: Integers, level: float) -> Reals:
    """The largest count (m,) at which the two-sided exact test of so many pairs (m,) rejects; -1 where none does."""
    guess = np.floor(special.bdtrik(level / 2, discordant, 0.5))
    guess = np.where(np.isfinite(guess), guess, 0.0)
    last = np.full(discordant.shape, -1.0)
    for step in (-1.0, 0.0, 1.0):  # the inverse may round either way
        tried = np.maximum(guess + step, 0.0)
        last = np.where(2 * special.bdtr(tried, discordant, 0.5) <= level, np.maximum(tried, last), last)
    return last


def _binomial(counts: Integers, n: int, share: float) -> Reals:
    if share == 1:
        certain: Reals = (counts == n).astype(np.float64)
        return certain
    log = special.gammaln(n + 1) - special.gammaln(counts + 1) - special.gammaln(n - counts + 1)
    chances: Reals = np.exp(log + counts * math.log(share) + (n - counts) * math.log1p(-share))
    return chances


def _t_power(shift: float, freedom: float, level: float) -> float:
    if freedom >= NORMAL_FROM:
        return _beyond(shift, float(special.ndtri(1 - level / 2)), 1.0)
    critical = float(special.stdtrit(freedom, 1 - level / 2))
    below = special.nctdtr(freedom, shift, [critical, -critical])
    inside, lower = np.nan_to_num(below, nan=0.0)  # it has no number where a shift is so large that it is 0
    return float(1 - inside + lower)


def _enough(freedom: float, level: float) -> float:
    """A shift, in standard errors, that is established nearly always."""
    return 4 * float(special.stdtrit(freedom, 1 - level / 2)) + 8


def _smallest(rejects: Callable[[float], float], largest: float, power: float) -> float | None:
    """The root of a power that rises with the difference."""
    if rejects(largest) < power:
        return None
    if rejects(0.0) >= power:
        return 0.0
    return float(optimize.brentq(lambda difference: rejects(difference) - power, 0.0, largest, rtol=CLOSE, xtol=1e-300))


def _beyond(shift: float, critical: float, deviation: float) -> float:
    """How often a normal number lies beyond the critical one on either side."""
    if deviation == 0:
        return float(abs(shift) > critical)
    upper, lower = special.ndtr([(shift - critical) / deviation, (-shift - critical) / deviation])
    return float(upper + lower)


def _refuse(n: int, level: float) -> None:
    refuse_confidence(level)
    if n < 1:
        raise ValueError(f"{n} examples: 1 or more are legal; leave the question out where there is nothing.")
