"""How well a score puts positives before negatives: ROC-AUC, average precision, and the curves behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import (
    Integers,
    Reals,
    as_answers,
    as_classes,
    as_reals,
    refuse_unequal_lengths,
)
from kilter.metrics.intervals import Interval, percentile_interval, quantile_of_normal, wilson
from kilter.metrics.measure import Measure
from kilter.metrics.resampling import Seed, resample_cells
from kilter.metrics.significance import Difference

FEW = 30  # examples of a class; with fewer, and areas near 1, DeLong's interval holds 87 to 92 % instead of 95
RARE = 20  # positives; average precision of fewer is told from that of more
GROUPS = 500  # distinct scores; neighbours are put together until about that many remain, for resampling only


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What each threshold lets through, from the highest score down; arrays of shape (distinct scores,).

    Attributes:
        threshold: the distinct scores, falling; an example is let through where its score is this or higher.
        hits: positives let through.
        false_alarms: negatives let through.
    """

    threshold: Reals
    hits: Integers
    false_alarms: Integers

    @property
    def precision(self) -> Reals:
        """The share of positives among those let through."""
        return self.hits / (self.hits + self.false_alarms)

    @property
    def recall(self) -> Reals:
        """The share of positives that are let through; not-a-number without positives."""
        return self.hits / self.hits[-1] if self.hits[-1] else np.full(self.hits.shape, np.nan)

    @property
    def false_alarm_rate(self) -> Reals:
        """The share of negatives that are let through; not-a-number without negatives."""
        alarms = self.false_alarms
        return alarms / alarms[-1] if alarms[-1] else np.full(alarms.shape, np.nan)


def rank(target: npt.ArrayLike, score: npt.ArrayLike) -> Ranking:
    """The ranking of examples (n,) of class 0 or 1 by a score (n,) that is higher where class 1 is likelier.

    >>> rank([0, 1, 1], [0.2, 0.2, 0.9]).false_alarms.tolist()
    [0, 1]

    Raises ValueError for targets other than 0 and 1, scores that are not finite, unequal lengths, or no examples.
    """
    positive, scores = _binary(target, score)
    if positive.size == 0:
        raise ValueError("no examples: one or more are legal; leave the curve out of an empty split.")
    distinct, tables = _tables(positive, scores)
    false_alarms, hits = np.cumsum(tables[::-1], axis=0).T
    return Ranking(threshold=distinct[::-1], hits=hits, false_alarms=false_alarms)


def thinned(ranking: Ranking, *, keep: Sequence[float] = (), most: int = 150) -> Integers:
    """Places in a ranking, rising, whose points draw its curves as all would: at most twice `most`, and the kept ones.

    Along the ROC curve, and along that of precision and recall, they lie equally far apart, distances taken as the sum
    of both axes' changes; first and last are among them.

    >>> thinned(rank([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4]), keep=[0.25], most=2).tolist()
    [0, 1, 3]

    Args:
        ranking: of examples of which some are positive and some are not.
        keep: thresholds; the lowest score that each lets through is among them.
        most: places along one curve.
    """
    last = len(ranking.threshold) - 1
    if last < most:
        return np.arange(last + 1)
    let_through = np.searchsorted(-ranking.threshold, -np.asarray(keep, np.float64), side="right") - 1
    found = [let_through[let_through >= 0]]
    for across in (ranking.false_alarm_rate, ranking.precision):
        changed = np.abs(np.diff(ranking.recall)) + np.abs(np.diff(across))
        length = np.concatenate([[0.0], np.cumsum(changed)])
        found.append(np.minimum(np.searchsorted(length, np.linspace(0.0, length[-1], most)), last))
    return np.unique(np.concatenate([*found, [0, last]])).astype(np.int64)


def roc_auc(target: npt.ArrayLike, score: npt.ArrayLike, *, confidence: float = 0.95) -> Measure:
    """The chance that a positive is scored above a negative, ties counting half, with DeLong's interval.

    `target` (n,) holds 0 and 1. The variance is that of DeLong et al. (1988, Comparing the areas under two or more
    correlated ROC curves), found in O(n log n) from ranks (Sun and Xu 2014, Fast implementation of DeLong's
    algorithm); the interval is symmetric on the scale of log-odds, so that it stays within 0 and 1. With fewer than
    30 examples of a class, where that interval is too narrow, and with perfect separation, where the variance is 0,
    it is the pseudo-score interval of Newcombe (2006, Confidence intervals for an effect size measure based on the
    Mann-Whitney statistic, part 2, method 5).

    >>> print(roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value)
    0.75

    Raises ValueError for targets other than 0 and 1, scores that are not finite, and unequal lengths.
    """
    positive, scores = _binary(target, score)
    undefined = _one_sided(positive)
    if undefined:
        return Measure(undefined=undefined, n=positive.size, confidence=confidence)
    area, influence = auc_influence(positive, scores)
    positives = int(positive.sum())
    negatives = positive.size - positives
    bounds, method = _delong(area, influence, confidence), "delong"
    if bounds is None or min(positives, negatives) < FEW:
        bounds, method = _newcombe(area, positives, negatives, confidence), "newcombe"
    return Measure(value=area, low=bounds.low, high=bounds.high, n=positive.size, confidence=confidence, method=method)


def one_vs_rest_auc(target: npt.ArrayLike, probabilities: npt.ArrayLike, *, confidence: float = 0.95) -> Measure:
    """The mean over classes of the ROC-AUC of each class against the rest, with DeLong's interval.

    `target` holds class indices (n,), `probabilities` has shape (n, classes). Each example bears on the areas of all
    classes; the variance of their mean is that of the sum of what it brings to each, which takes their correlation in.
    With fewer than 30 examples of a class, or all areas perfect, the interval is at least as wide as Newcombe's of the
    classes put together as those of independent areas.

    Raises ValueError for targets out of range, and probabilities that are none or of another shape.
    """
    true, table = as_answers(target, probabilities)
    classes = table.shape[1]
    support = np.bincount(true, minlength=classes)
    if not support.all() or (support == true.size).any():
        missing = np.count_nonzero(support == 0)
        reason = f"{missing} of {classes} classes do not occur in truth" if true.size else "no examples"
        return Measure(undefined=reason, n=true.size, confidence=confidence)
    areas, influences, below, above = [], np.zeros(true.size), 0.0, 0.0
    for each, many in enumerate(support.tolist()):
        area, influence = auc_influence(true == each, table[:, each].astype(np.float64))
        bounds = _newcombe(area, many, true.size - many, confidence)
        areas.append(area)
        influences += influence / classes
        below += ((area - bounds.low) / classes) ** 2
        above += ((bounds.high - area) / classes) ** 2
    mean = math.fsum(areas) / classes
    interval, method = _delong(mean, influences, confidence), "delong"
    if interval is None or support.min() < FEW:
        low, high = max(0.0, mean - math.sqrt(below)), min(1.0, mean + math.sqrt(above))
        wider = Interval(low=low, high=high).including(mean)
        interval = wider if interval is None else wider.including(interval.low).including(interval.high)
        method = "newcombe"
    return Measure(value=mean, low=interval.low, high=interval.high, n=true.size, confidence=confidence, method=method)


def auc_difference(
    target: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike, *, confidence: float = 0.95
) -> Difference:
    """The difference in ROC-AUC of two scores (n,) of the same examples, tested as DeLong et al. (1988) do.

    Interval and p-value rest on the normal distribution, and on what each example brings to the difference, so that
    the two areas' correlation is taken in. Scores that rank alike differ by 0 with a p-value of 1.

    >>> auc_difference([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], [0.1, 0.3, 0.35, 0.8]).value
    -0.25

    Raises ValueError for targets other than 0 and 1 or with fewer than two of either, scores that are not finite, and
    unequal lengths.
    """
    from scipy import special

    positive, scores = _binary(target, first)
    others = _binary(target, second)[1]
    fewest = min(np.count_nonzero(positive), np.count_nonzero(~positive))
    if fewest < 2:
        raise ValueError(
            f"{fewest} examples of a class: two or more of either are legal; without them no area has a known variance."
        )
    (area, influence), (other_area, other_influence) = auc_influence(positive, scores), auc_influence(positive, others)
    value = area - other_area
    deviation = float(np.linalg.norm(influence - other_influence))
    reach = quantile_of_normal(confidence) * deviation
    p_value = 2 * float(special.ndtr(-abs(value) / deviation)) if deviation else float(value == 0)
    return Difference(
        value=value,
        low=max(-1.0, value - reach),
        high=min(1.0, value + reach),
        n=positive.size,
        p_value=p_value,
        test="DeLong",
        confidence=confidence,
        method="delong",
    )


def auc_influence(positive: npt.NDArray[np.bool_], score: Reals) -> tuple[float, Reals]:
    """The ROC-AUC and what each example moves it by, shape (n,): the sum of squares is DeLong's variance.

    Both classes must occur. Not-a-number for the examples of a class that has only one.
    """
    _, place = np.unique(score, return_inverse=True)
    positives = np.bincount(place[positive], minlength=int(place.max()) + 1)
    negatives = np.bincount(place[~positive], minlength=positives.size)
    count, others = int(positives.sum()), int(negatives.sum())
    beaten = (np.cumsum(negatives) - negatives / 2) / others  # the share of negatives below, for each distinct score
    beating = (count - np.cumsum(positives) + positives / 2) / count  # the share of positives above
    area = float(beaten @ positives) / count
    own = np.where(positive, beaten[place], beating[place]) - area
    size = np.where(positive, count, others).astype(np.float64)
    unbiased = np.sqrt(np.divide(1.0, size * (size - 1), out=np.full(size.shape, np.nan), where=size > 1))
    return area, own * unbiased


def average_precision(
    target: npt.ArrayLike,
    score: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: Seed = 0,
) -> Measure:
    """The precision at each threshold, averaged by the recall it adds, with its bootstrap interval.

    There is no interpolation. `target` (n,) holds 0 and 1. Examples are resampled as counts of positives and
    negatives at each distinct score; beyond some 500 distinct scores neighbours are first put together into groups
    that hold equal parts of either class, and the percentiles are shifted by the little that this changes the value.
    With perfect separation, where resamples cannot differ, the lower bound is Wilson's for the share of positives
    that are above all negatives, which average precision cannot fall below.

    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value, 4)
    0.8333

    Raises ValueError for targets other than 0 and 1, scores that are not finite, unequal lengths, less than 1
    resample.
    """
    positive, scores = _binary(target, score)
    if not positive.any():
        reason = "there are no positives" if positive.size else "no examples"
        return Measure(undefined=reason, n=positive.size, confidence=confidence)
    tables = _tables(positive, scores)[1][::-1]
    value = float(_precision_of(tables))
    if value == 1.0:
        bound = wilson(int(positive.sum()), int(positive.sum()), confidence=confidence)
        return Measure(value=1.0, low=bound.low, high=1.0, n=positive.size, confidence=confidence, method="wilson")
    grouped = _grouped(tables)
    cells = np.flatnonzero(grouped)
    drawn = []
    for times in resample_cells(grouped.reshape(-1)[cells], resamples=resamples, seed=seed, beside=4 * grouped.size):
        resampled = np.zeros((len(times), grouped.size))
        resampled[:, cells] = times
        drawn.append(_precision_of(resampled.reshape(len(times), *grouped.shape)))
    shifted = np.clip(np.concatenate(drawn) + (value - _precision_of(grouped)), 0.0, 1.0)
    found = percentile_interval(shifted, n=positive.size, confidence=confidence)
    if found is None:
        return Measure(value=value, n=positive.size, confidence=confidence)
    found = found.including(value)
    return Measure(
        value=value,
        low=found.low,
        high=found.high,
        n=positive.size,
        confidence=confidence,
        method="bootstrap",
        strained="rare classes" if np.count_nonzero(positive) < RARE else "",
    )


def _delong(area: float, influence: Reals, confidence: float) -> Interval | None:
    """The interval on the scale of log-odds; None where the variance is 0 or unknown, or the area 0 or 1."""
    from scipy import special

    deviation = math.sqrt(float(influence @ influence))
    if not (math.isfinite(deviation) and deviation > 0 and 0 < area < 1):
        return None
    reach = quantile_of_normal(confidence) * deviation / (area * (1 - area))
    log_odds = math.log(area / (1 - area))
    low, high = special.expit([log_odds - reach, log_odds + reach]).tolist()
    return Interval(low=low, high=high).including(area)


def _newcombe(area: float, positives: int, negatives: int, confidence: float) -> Interval:
    """All areas t from which the seen one is at most z standard deviations away, as they would be if t were true."""
    z = quantile_of_normal(confidence)
    half = (positives + negatives) / 2 - 1

    def below(seen: float) -> float:
        low, high = 0.0, seen
        for _ in range(60):  # halvings, down to the precision of a double
            t = (low + high) / 2
            variance = t * (1 - t) * (1 + half * (1 - t) / (2 - t) + half * t / (1 + t)) / (positives * negatives)
            low, high = (t, high) if (seen - t) ** 2 > z * z * variance else (low, t)
        return low

    return Interval(low=below(area), high=1 - below(1 - area)).including(area)


def _precision_of(tables: npt.NDArray[np.generic]) -> Reals:
    """Average precision of counts (..., groups, 2) of negatives and positives, from the highest score down."""
    through = np.cumsum(tables, axis=-2, dtype=np.float64)
    hits, everyone = through[..., 1], through.sum(axis=-1)
    precision = np.divide(hits, everyone, out=np.zeros(hits.shape), where=everyone > 0)
    added = (precision * tables[..., 1]).sum(axis=-1)
    total = hits[..., -1]
    average: Reals = np.divide(added, total, out=np.full(total.shape, np.nan), where=total > 0)
    return average


def _grouped(tables: Integers) -> Integers:
    """Counts (groups, 2) with neighbours added up, so that at most about `GROUPS` remain.

    A group holds the same part of positives plus part of negatives, so that rare positives still get half the groups.
    """
    if len(tables) <= GROUPS:
        return tables
    parts = (tables / np.maximum(tables.sum(axis=0), 1)).sum(axis=1)
    group = np.minimum((np.cumsum(parts) / parts.sum() * GROUPS).astype(np.int64), GROUPS - 1)
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    return np.add.reduceat(tables, starts, axis=0)


def _tables(positive: npt.NDArray[np.bool_], score: Reals) -> tuple[Reals, Integers]:
    """The distinct scores, rising, and how many negatives and positives have each, shape (distinct scores, 2)."""
    distinct, place = np.unique(score, return_inverse=True)
    return distinct, np.bincount(place * 2 + positive, minlength=2 * distinct.size).reshape(-1, 2)


def _binary(target: npt.ArrayLike, score: npt.ArrayLike) -> tuple[npt.NDArray[np.bool_], Reals]:
    true = as_classes("target", target, 2)
    scores = as_reals("score", score)
    refuse_unequal_lengths(target=true, score=scores)
    return true == 1, scores


def _one_sided(positive: npt.NDArray[np.bool_]) -> str | None:
    if positive.size == 0:
        return "no examples"
    if positive.all():
        return "there are no negatives"
    return None if positive.any() else "there are no positives"
