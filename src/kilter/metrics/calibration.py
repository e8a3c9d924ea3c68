"""Whether probabilities hold what they say: reliability by bins, expected calibration error, Brier's score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import (
    Integers,
    Reals,
    as_answers,
    as_reals,
    as_vector,
    refuse_resamples,
    refuse_unequal_lengths,
    row_chunks,
)
from kilter.metrics.intervals import bootstrap_mean, proportion
from kilter.metrics.measure import Measure
from kilter.metrics.resampling import ENTRIES_AT_ONCE, Seed

Cut = Literal["width", "mass"]

BINS = 15  # as Guo et al. 2017
CELLS = 1_000  # distinct confidences; neighbours are put together until about that many remain, for the null band only


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Examples whose confidence lies from `low` up to `high`, which is among them in the last group only.

    Attributes:
        low: the lower bound.
        high: the upper bound.
        confidence: the mean confidence, or why there is none.
        right: the share of right decisions with its Wilson interval, or why there is none.
    """

    low: float
    high: float
    confidence: Measure
    right: Measure


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAgainstChance:
    """An expected calibration error, and what it is where confidences hold what they say.

    Attributes:
        value: the error.
        low: quantile .025 of the error where each decision is right with exactly its stated confidence.
        high: quantile .975.
        p_value: how often it is then at least as large as was seen.
    """

    value: float
    low: float
    high: float
    p_value: float


def edges_of(confidence: npt.ArrayLike, *, bins: int = BINS, cut: Cut = "width") -> Reals:
    """The bounds of bins, rising, one more than there are bins: of equal width from 0 to 1, or of equal mass.

    Bins of equal mass hold about equally many of the confidences (n,). Equal confidences are never parted, so that
    there may be fewer bins, down to a single one where all are the same.

    >>> edges_of([0.1, 0.2, 0.6, 0.9], bins=2, cut="mass").tolist()
    [0.1, 0.6, 0.9]

    Raises ValueError for no confidences, confidences outside 0 to 1, or fewer than one bin.
    """
    sure = _as_confidence(confidence)
    if bins < 1:
        raise ValueError(f"bins = {bins!r}: 1 or more is legal; 15 is usual.")
    if cut == "width":
        return np.arange(bins + 1) / bins
    if sure.size == 0:
        raise ValueError("no examples: one or more are legal for bins of equal mass; leave an empty split out.")
    return _edges_of_mass(np.sort(sure), bins)


def reliability(
    confidence: npt.ArrayLike, right: npt.ArrayLike, edges: npt.ArrayLike, *, level: float = 0.95
) -> tuple[Group, ...]:
    """The reliability diagram: for each bin its mean confidence and its share of right decisions.

    `confidence` (n,) is the probability that each decision was given, `right` (n,) whether it was right, `edges` are
    those of `edges_of`; `level` is the confidence of the intervals.

    >>> last = reliability([0.6, 1.0], [True, True], [0.0, 0.5, 1.0])[-1]
    >>> last.confidence.value, last.right.n
    (0.8, 2)

    Raises ValueError for confidences outside 0 to 1 or outside the edges, and for unequal lengths.
    """
    sure, hit = _pair(confidence, right)
    bounds, place = _placed(sure, edges)
    many = len(bounds) - 1
    count = np.bincount(place, minlength=many)
    hits = np.bincount(place[hit], minlength=many)
    sums = np.bincount(place, weights=sure, minlength=many)
    empty = "no example has such a confidence"
    return tuple(
        Group(
            low=float(bounds[at]),
            high=float(bounds[at + 1]),
            confidence=Measure(value=float(sums[at] / n), n=n) if n else Measure(undefined=empty, n=0),
            right=proportion(int(hits[at]), n, undefined=empty, confidence=level),
        )
        for at, n in enumerate(count.tolist())
    )


def calibration_error(confidence: npt.ArrayLike, right: npt.ArrayLike, edges: npt.ArrayLike) -> float:
    """The expected calibration error: the mean over bins of |share right - mean confidence|, weighted by examples.

    Naeini, Cooper and Hauskrecht 2015, Obtaining well calibrated probabilities using Bayesian binning (AAAI).

    >>> round(calibration_error([0.9, 0.9, 0.6, 0.6], [True, True, True, False], [0.0, 0.5, 0.75, 1.0]), 3)
    0.1

    Raises ValueError for no examples, and as `reliability` does.
    """
    sure, hit = _pair(confidence, right)
    if sure.size == 0:
        raise ValueError("no examples: one or more are legal; leave the error of an empty split out.")
    bounds, place = _placed(sure, edges)
    sums = np.bincount(place, weights=hit - sure, minlength=len(bounds) - 1)
    return float(np.abs(sums).sum() / sure.size)


def errors_against_chance(
    confidence: npt.ArrayLike,
    right: npt.ArrayLike,
    *,
    cuts: tuple[Cut, ...] = ("width", "mass"),
    bins: int = BINS,
    draws: int = 1_000,
    seed: Seed = 0,
) -> tuple[ErrorAgainstChance, ...]:
    """The expected calibration error by each way of cutting bins, beside its null band.

    Even confidences that hold what they say have an error above 0, the larger the fewer examples a bin holds. So the
    null band is drawn: each decision is right with exactly its stated confidence, `draws` times over, and the same
    error is taken (the consistency resampling of Bröcker and Smith 2007, Increasing the reliability of reliability
    diagrams, Weather and Forecasting 22; Vaicenavicius et al. 2019, Evaluating model calibration in classification,
    AISTATS). Decisions of equal confidence are drawn as one binomial number; beyond some 1,000 distinct confidences
    neighbours are drawn together with their mean, which leaves the mean of each bin as it is and widens its variance
    by what they differ.

    >>> (error,) = errors_against_chance([0.9] * 50, [True] * 45 + [False] * 5, cuts=("width",))
    >>> error.value < error.high
    True

    Raises ValueError for no examples, less than one draw, and as `reliability` does.
    """
    sure, hit = _pair(confidence, right)
    refuse_resamples(draws)
    edges = [edges_of(sure, bins=bins, cut=cut) for cut in cuts]
    values = [calibration_error(sure, hit, each) for each in edges]
    means, counts = _cells(np.sort(sure), edges)
    membership = [_placed(means, each)[1] for each in edges]
    generator = np.random.default_rng(seed)
    drawn = np.empty((len(cuts), draws))
    at_once = max(1, ENTRIES_AT_ONCE // len(counts))
    stated = counts * means
    for start in range(0, draws, at_once):
        rows = min(at_once, draws - start)
        excess = generator.binomial(counts, means, size=(rows, len(counts))) - stated
        for number, place in enumerate(membership):
            starts = np.flatnonzero(np.r_[True, place[1:] != place[:-1]])  # cells rise, so that a bin's are neighbours
            sums = np.add.reduceat(excess, starts, axis=1)
            drawn[number, start : start + rows] = np.abs(sums).sum(axis=1) / sure.size
    return tuple(_against(value, null) for value, null in zip(values, drawn, strict=True))


def brier(target: npt.ArrayLike, probabilities: npt.ArrayLike, *, confidence: float = 0.95, seed: Seed = 0) -> Measure:
    """Brier's score with its bootstrap interval: the mean squared distance between probabilities and the truth.

    Of two classes it is (p - y)^2 of one of them, 0 to 1; of more, the sum over classes, 0 to 2 (Brier 1950,
    Verification of forecasts expressed in terms of probability, Monthly Weather Review 78). `target` holds class
    indices (n,), `probabilities` has shape (n, classes).

    >>> round(brier([0, 1], [[0.8, 0.2], [0.4, 0.6]]).value, 3)
    0.1

    Raises ValueError for targets out of range, and probabilities that are none or of another shape.
    """
    true, table = as_answers(target, probabilities)
    squares = np.empty(true.size)
    for rows in row_chunks(*table.shape):
        part, own = table[rows].astype(np.float64, copy=False), true[rows]
        given = part[np.arange(own.size), own]
        squares[rows] = np.einsum("ij,ij->i", part, part) - given**2 + (1 - given) ** 2
    two = table.shape[1] == 2
    found = bootstrap_mean(squares / 2 if two else squares, confidence=confidence, seed=seed)
    return found if found.high is None else replace(found, high=min(found.high, 1.0 if two else 2.0))


def _against(value: float, null: Reals) -> ErrorAgainstChance:
    low, high = np.quantile(null, [0.025, 0.975])
    reached = int(np.count_nonzero(null >= value - 1e-12))  # sums in another order may differ by that
    return ErrorAgainstChance(value=value, low=float(low), high=float(high), p_value=(reached + 1) / (null.size + 1))


def _edges_of_mass(rising: Reals, bins: int) -> Reals:
    lower = np.unique(rising[np.arange(bins) * rising.size // bins])
    return np.append(lower, rising[-1])


def _cells(rising: Reals, edges: list[Reals]) -> tuple[Reals, Integers]:
    """Mean confidence and count of cells, rising, none of which crosses an edge; few enough to be drawn often."""
    starts = np.flatnonzero(np.r_[True, rising[1:] != rising[:-1]])
    if starts.size > CELLS:
        cuts = np.unique(np.concatenate([_edges_of_mass(rising, CELLS)[:-1], *edges]))
        starts = np.unique(np.append(0, np.searchsorted(rising, cuts)))
        starts = starts[starts < rising.size]
    counts = np.diff(np.append(starts, rising.size))
    means = np.add.reduceat(rising, starts) / counts  # rounding may put a mean beyond what it is the mean of
    return np.clip(means, rising[starts], rising[np.append(starts[1:], rising.size) - 1]), counts


def _placed(sure: Reals, edges: npt.ArrayLike) -> tuple[Reals, Integers]:
    """The bounds, and the bin of each confidence: its lower bound is in it, its upper one in the last bin only."""
    bounds = as_reals("edges", edges)
    if bounds.size < 2 or (np.diff(bounds) < 0).any():
        raise ValueError(f"{bounds.size} edges: two or more that rise are legal; take those that `edges_of` returns.")
    if sure.size and not (bounds[0] <= sure.min() and sure.max() <= bounds[-1]):
        raise ValueError(
            f"edges from {bounds[0]:.4g} to {bounds[-1]:.4g} leave out confidences from {sure.min():.4g} to"
            f" {sure.max():.4g}: edges around all confidences are legal; take those that `edges_of` returns."
        )
    return bounds, np.minimum(np.searchsorted(bounds, sure, side="right") - 1, bounds.size - 2)


def _pair(confidence: npt.ArrayLike, right: npt.ArrayLike) -> tuple[Reals, npt.NDArray[np.bool_]]:
    sure, hit = _as_confidence(confidence), as_vector("right", right)
    if hit.size == 0:
        hit = hit.astype(np.bool_)
    if hit.dtype != np.bool_:
        raise ValueError(f"right holds {hit.dtype} values: booleans are legal; compare decisions with targets first.")
    refuse_unequal_lengths(confidence=sure, right=hit)
    return sure, hit.astype(np.bool_, copy=False)


def _as_confidence(confidence: npt.ArrayLike) -> Reals:
    sure = as_reals("confidence", confidence)
    if sure.size and not (sure.min() >= 0 and sure.max() <= 1):
        raise ValueError(
            f"confidence holds values from {sure.min():.4g} to {sure.max():.4g}: 0 to 1 is legal;"
            " pass the probability of each decision."
        )
    return sure
