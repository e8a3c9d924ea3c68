"""The bootstrap without touching examples twice: resample counts of cells, or means of per-example numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Integers, Reals, refuse_resamples

Seed = int | np.random.Generator

ENTRIES_AT_ONCE = 2_000_000  # numbers held by one chunk of resamples: 16 MB an array
DRAWN_ONE_BY_ONE = 10_000  # examples; a resample costs about 20 ns an example
DRAWN_FROM_TAIL = 1_000  # examples; beyond the limit above, that many extreme ones are still drawn one by one
MULTINOMIAL_COST = 4  # a multinomial draw of one cell takes about that many times the draw of one example


def resample_cells(counts: npt.ArrayLike, *, resamples: int, seed: Seed = 0, beside: int = 0) -> Iterator[Integers]:
    """Chunks (r, cells) of bootstrap resamples of counts (cells,), r adding up to `resamples`.

    Resampling n examples with replacement and counting them is one multinomial draw with the observed shares (Efron
    and Tibshirani 1993, An Introduction to the Bootstrap, section 5.2), so that the cost depends on the cells, not on
    the examples. The draws do not depend on how they are cut into chunks; `beside` is the number of further values
    that the caller holds for each resample, so that the chunk is made that much smaller.

    Raises ValueError for counts that are not whole, negative or not of shape (cells,), and for less than 1 resample.
    """
    refuse_resamples(resamples)
    cells = _as_counts(counts)
    if cells.ndim != 1:
        raise ValueError(f"counts have shape {cells.shape}: shape (cells,) is legal; flatten the table first.")
    total = int(cells.sum())
    generator = np.random.default_rng(seed)
    at_once = max(1, ENTRIES_AT_ONCE // max(1, cells.size + beside))
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        yield generator.multinomial(total, cells / total, size=rows) if total else np.zeros((rows, cells.size), np.int64)


def resample_counts(counts: npt.ArrayLike, *, resamples: int = 10_000, seed: Seed = 0) -> Integers:
    """Bootstrap resamples of a table of joint counts, shape (resamples, *counts.shape); each has the table's total.

    All resamples are in memory at once, 8 bytes a cell; `resample_cells` gives them in chunks.

    >>> resample_counts([[5, 0], [0, 5]], resamples=3).sum(axis=(1, 2)).tolist()
    [10, 10, 10]
    """
    table = _as_counts(counts)
    seen = np.flatnonzero(table)
    drawn = np.zeros((resamples, table.size), dtype=np.int64)
    drawn[:, seen] = np.concatenate(list(resample_cells(table.reshape(-1)[seen], resamples=resamples, seed=seed)))
    return drawn.reshape(resamples, *table.shape)


def resample_means(values: Reals, *, resamples: int, seed: Seed = 0) -> Reals:
    """Means over bootstrap resamples of n examples' values (n, s): shape (resamples, s), one pass for all s columns.

    Up to 10,000 examples, and for any number of examples with few distinct rows, these are draws of the bootstrap
    itself, and the order of the examples makes no difference. Beyond, the 1,000 examples that lie farthest out are
    still drawn one by one, while the sum over those drawn from the rest, thousands of terms none of which stands out,
    is drawn from the normal distribution with its mean and covariance (central limit theorem). The cost of a resample
    is then that of 1,000 examples, whatever n is.

    Raises ValueError for no examples or less than 1 resample.
    """
    refuse_resamples(resamples)
    if values.ndim != 2 or values.shape[0] == 0:
        raise ValueError(f"values have shape {values.shape}: (n, s) with n of 1 or more is legal; pass some examples.")
    generator = np.random.default_rng(seed)
    n, columns = values.shape
    if n <= DRAWN_ONE_BY_ONE or columns == 1:
        rows, counts = _distinct_rows(values)
        if rows.shape[0] * MULTINOMIAL_COST <= min(n, 4 * DRAWN_ONE_BY_ONE):
            chunks = resample_cells(counts, resamples=resamples, seed=generator)
            return np.concatenate([chunk @ rows for chunk in chunks]) / n
        values = np.repeat(rows, counts, axis=0)
    return _resample_each(values, resamples, generator) if n <= DRAWN_ONE_BY_ONE else _resample_tail(values, resamples, generator)


def _resample_each(values: Reals, resamples: int, generator: np.random.Generator) -> Reals:
    n = values.shape[0]
    at_once = max(1, ENTRIES_AT_ONCE // n)
    means = np.empty((resamples, values.shape[1]))
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        drawn = generator.integers(0, n, size=(rows, n))
        drawn += np.arange(rows)[:, None] * n
        times = np.bincount(drawn.reshape(-1), minlength=rows * n).reshape(rows, n)
        means[start : start + rows] = times.astype(np.float64) @ values / n
    return means


def _resample_tail(values: Reals, resamples: int, generator: np.random.Generator) -> Reals:
    n = values.shape[0]
    center = values.mean(axis=0)
    spread = values.std(axis=0)
    spread[spread == 0] = 1.0
    scaled = (values - center) / spread
    order = np.argpartition(np.abs(scaled).max(axis=1), n - DRAWN_FROM_TAIL)
    bulk, tail = scaled[order[:-DRAWN_FROM_TAIL]], scaled[order[-DRAWN_FROM_TAIL:]]
    bulk_mean = bulk.mean(axis=0)
    eigenvalues, eigenvectors = np.linalg.eigh(np.atleast_2d(np.cov(bulk, rowvar=False, bias=True)))
    root = eigenvectors * np.sqrt(np.maximum(eigenvalues, 0))  # the covariance is singular where columns are dependent
    counts = np.append(np.ones(DRAWN_FROM_TAIL, dtype=np.int64), n - DRAWN_FROM_TAIL)
    sums = []
    for times in resample_cells(counts, resamples=resamples, seed=generator):
        from_bulk = times[:, -1:].astype(np.float64)
        noise = generator.standard_normal((times.shape[0], values.shape[1])) @ root.T
        sums.append(times[:, :-1] @ tail + from_bulk * bulk_mean + np.sqrt(from_bulk) * noise)
    return np.concatenate(sums) / n * spread + center


def _distinct_rows(values: Reals) -> tuple[Reals, Integers]:
    """The distinct rows in lexical order, and how often each occurs."""
    order = np.lexsort(values.T[::-1])
    ordered = values[order]
    first = np.flatnonzero(np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)])
    return ordered[first], np.diff(np.append(first, values.shape[0]))


def _as_counts(counts: npt.ArrayLike) -> Integers:
    table = np.asarray(counts)
    if table.dtype.kind not in "iu" or (table.size and table.min() < 0):
        raise ValueError(
            f"counts of type {table.dtype}{' with negative entries' if table.dtype.kind in 'if' else ''}:"
            " whole numbers of 0 or more are legal; pass the table that `joint_counts` returns."
        )
    return table.astype(np.int64, copy=False)
