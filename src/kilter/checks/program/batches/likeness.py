"""How training and validation differ: in the frequency of classes, and in the columns of their inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, final

import numpy as np

from kilter.checks.program.batches.answers import Answers, answers
from kilter.checks.program.batches.columns import columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.checks.program.bench import Bench

    Matrix: TypeAlias = NDArray[np.float64]

FEWEST: Final = 30
"""Rows of a split below which means and spreads say little."""

FEW_VALUES: Final = 5
"""Values up to which a column has no shape to speak of."""

PIECES: Final = np.linspace(0.1, 0.9, 9)
"""Quantiles by which shapes are compared."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Columns of numbers of the two splits, among rows with the same shares of classes.

    Attributes:
        names: of the columns that have a spread in either split.
        moved: distance of the means, in units of the larger spread.
        stretched: logarithm of the spread of validation over that of training.
        shape: mean distance of quantiles after each split was standardised by itself; 0 for the same shape.
        body: which columns have more than one value in the middle 80 % of both splits; the others are rare events.
        covariance: how much of validation's covariances between columns training has: 1 for all of it.
        variance: the same of the variances.
        noise: what these numbers may differ by for rows of one source.
        rows: that were compared, of each split.
    """

    names: tuple[str, ...]
    moved: Matrix
    stretched: Matrix
    shape: Matrix
    body: NDArray[np.bool_]
    covariance: float
    variance: float
    noise: float
    rows: tuple[int, int]


def class_counts(target: Answers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of each class in training and validation."""
    return tuple(  # type: ignore[return-value]
        np.bincount(part[part >= 0].astype(np.int64), minlength=target.classes) for part in (target.train, target.valid)
    )


def class_gap(bench: Bench) -> float | None:
    """The share of rows that would have to change their class for both splits to have the same shares."""
    target = answers(bench)
    if target is None or not target.classes:
        return None
    left, right = class_counts(target)
    if not left.sum() or not right.sum():
        return None
    return float(np.abs(left / left.sum() - right / right.sum()).sum() / 2)


def likeness(bench: Bench) -> Likeness | None:
    """How the columns of the splits compare; None where there are no numbers or too few rows."""
    return bench.once(("likeness",), lambda: _likeness(bench))


def _likeness(bench: Bench) -> Likeness | None:
    found = columns(bench)
    if found is None or not found.numbers.any():
        return None
    left, right = matched(bench, found.train, found.valid)
    if min(len(left), len(right)) < FEWEST:
        return None
    left, right = left[:, found.numbers], right[:, found.numbers]
    names = [name for name, number in zip(found.names, found.numbers, strict=True) if number]
    spreads, middles = (left.std(0), right.std(0)), (left.mean(0), right.mean(0))
    largest = np.maximum(*spreads)
    alive = largest > 1e-6 * (1e-9 + np.maximum(np.abs(middles[0]), np.abs(middles[1])))  # rounding
    if not alive.any():
        return None
    left, right = left[:, alive], right[:, alive]
    a, b, largest = spreads[0][alive], spreads[1][alive], largest[alive]
    floor = 1e-3 * largest
    standing = [(part - part.mean(0)) / np.maximum(part.std(0), floor) for part in (left, right)]
    quantiles = [np.quantile(part, PIECES, axis=0) for part in standing]
    some = np.unique(np.linspace(0, left.shape[1] - 1, min(150, left.shape[1])).astype(int))
    covariance, variance = _shares(left[:, some], right[:, some])
    return Likeness(
        names=tuple(name for name, keep in zip(names, alive, strict=True) if keep),
        moved=np.abs(middles[0] - middles[1])[alive] / largest,
        stretched=np.log(np.maximum(b, floor) / np.maximum(a, floor)),
        shape=np.abs(quantiles[0] - quantiles[1]).mean(0),
        body=np.all([np.ptp(np.quantile(part, (0.1, 0.9), axis=0), axis=0) > 0 for part in (left, right)], axis=0),
        covariance=covariance,
        variance=variance,
        noise=float(np.sqrt(1 / len(left) + 1 / len(right))),
        rows=(len(left), len(right)),
    )


def _shares(left: Matrix, right: Matrix) -> tuple[float, float]:
    a, b = np.cov(left.T, ddof=0).reshape(left.shape[1], -1), np.cov(right.T, ddof=0).reshape(left.shape[1], -1)
    off = ~np.eye(len(a), dtype=bool)
    own = float((b[off] ** 2).sum())
    return (
        float((a[off] * b[off]).sum()) / own if own > 0 else 1.0,
        float(np.diag(a).sum() / max(np.diag(b).sum(), 1e-30)),
    )


def matched(bench: Bench, left: Matrix, right: Matrix) -> tuple[Matrix, Matrix]:
    """Finite rows of both splits, as many of each class in one as in the other where there are classes."""
    target = answers(bench)
    sides = []
    for rows, truth in (
        (left, None if target is None else target.train),
        (right, None if target is None else target.valid),
    ):
        finite = np.isfinite(rows).all(1)
        sides.append((rows[finite], truth[finite] if truth is not None and len(truth) == len(rows) else None))
    (a, a_truth), (b, b_truth) = sides
    if target is None or not target.classes or a_truth is None or b_truth is None:
        return a, b
    gap = class_gap(bench)
    if gap is None or gap < 0.1:  # of the rows: nothing to mend
        return a, b
    keep_a, keep_b = [], []
    for label in range(target.classes):
        at, there = np.flatnonzero(a_truth == label), np.flatnonzero(b_truth == label)
        both = min(len(at), len(there))
        keep_a.append(at[:both])
        keep_b.append(there[:both])
    return a[np.concatenate(keep_a)], b[np.concatenate(keep_b)]
