"""Plans: which rows stand in which batch, made ahead for a whole epoch."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kilter.values.source import Plan

Rows = NDArray[np.int64]


def shuffled(rows: int, *, size: int, seed: int, epoch: int) -> Plan:
    """Every row once, in random order, `size` a batch; the last batch holds what is left."""
    order = _generator(seed, epoch).permutation(rows)
    return _parted(order, range(0, rows, size))


def bucketed(lengths: Rows, *, size: int | None, tokens: int | None, pool: int, seed: int, epoch: int) -> Plan:
    """Every row once, rows of like length together, batches in random order.

    The whole set is shuffled and cut into pools of about `pool` batches; within a pool rows are sorted by length and
    cut into batches of `size` rows, or of at most `tokens` tokens, padding included. A row that is longer than the
    budget stands alone.

    Args:
        lengths: (n,) tokens of each row.
        size: rows a batch, or None.
        tokens: the budget of a batch, where size is None.
        pool: batches a pool; 1 is random batches, more waste less padding.
        seed: of the run.
        epoch: from 0.
    """
    generator = _generator(seed, epoch)
    order = generator.permutation(len(lengths))
    batches: list[Sequence[int]] = []
    for start, stop in pairwise([*range(0, len(order), _pool_rows(lengths, size, tokens, pool)), len(order)]):
        rows = order[start:stop]
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        batches += _parted(rows, _starts(lengths[rows], size=size, tokens=tokens))
    return [batches[number] for number in generator.permutation(len(batches)).tolist()]


def swept(rows: int, *, size: int) -> Plan:
    """Every row once, in order, `size` a batch."""
    return _parted(np.arange(rows), range(0, rows, size))


def swept_by_length(lengths: Rows, *, size: int | None, tokens: int | None) -> Plan:
    """Every row once, the longest first, so that a batch that does not fit says so at once."""
    rows = np.argsort(lengths, kind="stable")
    return list(reversed(_parted(rows, _starts(lengths[rows], size=size, tokens=tokens))))


def _generator(seed: int, epoch: int) -> np.random.Generator:
    return np.random.default_rng([seed, epoch])


def _pool_rows(lengths: Rows, size: int | None, tokens: int | None, pool: int) -> int:
    if size is not None:
        return pool * size
    return max(1, round(pool * (tokens or 1) / max(float(lengths.mean()), 1.0))) if len(lengths) else 1


def _starts(ascending: Rows, *, size: int | None, tokens: int | None) -> Iterable[int]:
    """Where batches of rows begin whose lengths ascend: as many rows as the size or the budget holds."""
    if size is not None:
        return range(0, len(ascending), size)
    lengths = ascending.tolist()
    starts: list[int] = []
    start = 0
    while start < len(lengths):
        starts.append(start)
        start = _end(lengths, start, tokens or 0)
    return starts


def _end(lengths: Sequence[int], start: int, budget: int) -> int:
    """Where the batch ends that begins here: rows × longest grows with its end, so the last legal one is bisected."""
    within = bisect_right(range(start, len(lengths)), budget, key=lambda last: (last - start + 1) * lengths[last])
    return start + max(within, 1)


def _parted(order: Rows, starts: Iterable[int]) -> list[Sequence[int]]:
    rows = order.tolist()
    return [rows[start:stop] for start, stop in pairwise([*starts, len(rows)])]
