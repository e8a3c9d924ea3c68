"""The bootstrap without touching examples twice: resample counts of cells, or means of per-example numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Integers, Reals, refuse_resamples

Seed = int | np.random.Generator

ENTRIES_AT_ONCE = 250_000  # numbers in one chunk of resamples, 2 MB an array: larger ones fall out of the cache
DRAWN_AT_ONCE = 64_000  # examples drawn at once, for the same reason: three times the speed of 2,000,000
DRAWN_ONE_BY_ONE = 10_000  # examples; a resample costs about 10 ns an example
DRAWN_FROM_TAIL = 1_000  # examples; beyond the limit above, that many extreme ones are still drawn one by one
CELL_NS = 100.0  # what drawing the count of one cell after another takes
CELL_COST = 8  # drawing the count of one cell takes about that many times the drawing of one example


def as_counts(counts: npt.ArrayLike) -> Integers:
    """Whole numbers of 0 or more, of any shape; raises ValueError for anything else."""
    table = np.asarray(counts)
    if table.dtype.kind not in "iu" or (table.size and table.min() < 0):
        met = f"type {table.dtype}" if table.dtype.kind not in "iu" else f"a negative entry, {table.min()}"
        raise ValueError(
            f"counts have {met}: whole numbers of 0 or more are legal; pass the table that `joint_counts` returns."
        )
    return table.astype(np.int64, copy=False)


def resample_cells(counts: npt.ArrayLike, *, resamples: int, seed: Seed = 0, beside: int = 0) -> Iterator[Integers]:
    """Chunks (r, cells) of bootstrap resamples of counts (cells,), r adding up to `resamples`.

    Resampling n examples with replacement and counting them is one multinomial draw with the observed shares (Efron
    and Tibshirani 1993, An Introduction to the Bootstrap), so that the cost depends on the cells, not on the examples;
    where there are few examples a cell, drawing them one by one gives the same and is quicker. The draws do not
    depend on how they are cut into chunks; `beside` is the number of further values that the caller holds for each
    resample, so that the chunk is made that much smaller.

    Raises ValueError for counts that are not whole, negative or not of shape (cells,), and for less than 1 resample.
    """
    refuse_resamples(resamples)
    cells = as_counts(counts)
    if cells.ndim != 1:
        raise ValueError(f"counts have shape {cells.shape}: shape (cells,) is legal; flatten the table first.")
    total = int(cells.sum())
    generator = np.random.default_rng(seed)
    at_once = max(1, ENTRIES_AT_ONCE // max(1, cells.size + beside))
    one_by_one = 0 < total <= CELL_COST * cells.size
    cell_of = np.repeat(np.arange(cells.size), cells) if one_by_one else cells
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        if one_by_one:
            yield _times_drawn(cell_of, cells.size, rows, generator)
        elif total:
            yield generator.multinomial(total, cells / total, size=rows)
        else:
            yield np.zeros((rows, cells.size), dtype=np.int64)


def resample_counts(counts: npt.ArrayLike, *, resamples: int = 10_000, seed: Seed = 0) -> Integers:
    """Bootstrap resamples of a table of joint counts, shape (resamples, *counts.shape); each has the table's total.

    All resamples are in memory at once, 8 bytes a cell; `resample_cells` gives them in chunks.

    >>> resample_counts([[5, 0], [0, 5]], resamples=3).sum(axis=(1, 2)).tolist()
    [10, 10, 10]

    Raises ValueError for counts that are not whole or negative, and for less than 1 resample.
    """
    refuse_resamples(resamples)
    table = as_counts(counts)
    seen = np.flatnonzero(table)
    drawn = np.zeros((resamples, table.size), dtype=np.int64)
    drawn[:, seen] = np.concatenate(list(resample_cells(table.reshape(-1)[seen], resamples=resamples, seed=seed)))
    return drawn.reshape(resamples, *table.shape)


def resample_means(values: Reals, *, resamples: int, seed: Seed = 0) -> Reals:
    """Means over bootstrap resamples of n examples' values (n, s): shape (resamples, s), one pass for all s columns.

    Up to 10,000 examples, and for any number of them in a single column of few distinct values, these are draws of
    the bootstrap itself, and the order of the examples makes no difference. Beyond, the 1,000 examples that lie
    farthest out are still drawn one by one, while the sum over those drawn from the rest, thousands of terms none of
    which stands out, is drawn from the normal distribution with its mean and covariance (central limit theorem). The
    cost of a resample is then that of 1,000 examples, whatever n is.

    Raises ValueError for no examples or less than 1 resample.
    """
    refuse_resamples(resamples)
    if values.ndim != 2 or values.shape[0] == 0:
        raise ValueError(f"values have shape {values.shape}: (n, s) with n of 1 or more is legal; pass some examples.")
    generator = np.random.default_rng(seed)
    n, columns = values.shape
    if n > DRAWN_ONE_BY_ONE and columns > 1:
        return _resample_tail(values, resamples, generator)
    rows, counts = _distinct_rows(values)
    if n > DRAWN_ONE_BY_ONE and rows.shape[0] * CELL_COST > DRAWN_ONE_BY_ONE:
        return _resample_tail(values, resamples, generator)
    means = np.empty((resamples, columns))
    start = 0
    for times in resample_cells(counts, resamples=resamples, seed=generator):
        means[start : start + len(times)] = times @ rows / n
        start += len(times)
    return means


def _times_drawn(cell_of: Integers, cells: int, resamples: int, generator: np.random.Generator) -> Integers:
    """How often each cell is drawn, (resamples, cells), where example i of n lies in `cell_of[i]`."""
    n = cell_of.size
    times = np.empty((resamples, cells), dtype=np.int64)
    at_once = max(1, DRAWN_AT_ONCE // n)
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        drawn = cell_of[generator.integers(0, n, size=(rows, n))]
        drawn += np.arange(rows)[:, None] * cells
        times[start : start + rows] = np.bincount(drawn.reshape(-1), minlength=rows * cells).reshape(rows, cells)
    return times


def _resample_tail(values: Reals, resamples: int, generator: np.random.Generator) -> Reals:
    n = values.shape[0]
    scaled = np.array(values.T, order="C")  # a column at a time is a multiple quicker than a row of a few numbers
    center = scaled.mean(axis=1)
    scaled -= center[:, None]
    spread = np.sqrt(np.einsum("ij,ij->i", scaled, scaled) / n)
    spread[spread == 0] = 1.0
    scaled /= spread[:, None]
    farthest = np.abs(scaled[0])
    for column in scaled[1:]:
        np.maximum(farthest, np.abs(column), out=farthest)
    drawn_singly = np.zeros(n, dtype=np.bool_)
    drawn_singly[np.argpartition(farthest, n - DRAWN_FROM_TAIL)[-DRAWN_FROM_TAIL:]] = True
    tail, bulk = scaled[:, drawn_singly].T, scaled[:, ~drawn_singly]
    bulk_mean = bulk.mean(axis=1)
    bulk -= bulk_mean[:, None]
    eigenvalues, eigenvectors = np.linalg.eigh(bulk @ bulk.T / bulk.shape[1])
    root = eigenvectors * np.sqrt(np.maximum(eigenvalues, 0))  # the covariance is singular where columns are dependent
    from_tail = generator.binomial(n, DRAWN_FROM_TAIL / n, size=resamples)
    from_bulk = (n - from_tail)[:, None].astype(np.float64)
    noise = generator.standard_normal((resamples, values.shape[1])) @ root.T
    sums = from_bulk * bulk_mean + np.sqrt(from_bulk) * noise
    at_once = DRAWN_AT_ONCE // DRAWN_FROM_TAIL
    for start in range(0, resamples, at_once):
        many = from_tail[start : start + at_once]
        place = np.repeat(np.arange(many.size) * DRAWN_FROM_TAIL, many)
        place += generator.integers(0, DRAWN_FROM_TAIL, size=place.size)
        times = np.bincount(place, minlength=many.size * DRAWN_FROM_TAIL).reshape(many.size, DRAWN_FROM_TAIL)
        sums[start : start + at_once] += times @ tail
    means: Reals = center + spread * sums / n
    return means


def _distinct_rows(values: Reals) -> tuple[Reals, Integers]:
    """The distinct rows in lexical order, and how often each occurs."""
    if values.shape[1] == 1:
        distinct, counts = np.unique(values[:, 0], return_counts=True)
        return distinct[:, None], counts
    order = np.lexsort(values.T[::-1])
    ordered = values[order]
    first = np.flatnonzero(np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)])
    return ordered[first], np.diff(np.append(first, values.shape[0]))
