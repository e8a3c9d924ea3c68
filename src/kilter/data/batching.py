"""Plans: which rows stand in which batch, made ahead for a whole epoch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from kilter.values.errors import RecipeError
from kilter.values.source import Plan

if TYPE_CHECKING:
    from kilter.values.recipe import BatchSize

Rows = NDArray[np.int64]

EVENINGS: Final = 5
"""Halvings of the range in which the even budget of a pool is looked for: to a thirtieth of what there is to gain."""


def shuffled(rows: int, *, size: int, seed: int, epoch: int, complete: bool = False) -> Plan:
    """Every row once, in random order, `size` a batch; the last batch holds what is left, unless batches are complete.

    With `complete`, rows that do not fill a batch are left out, others in each epoch.
    """
    order = _generator(seed, epoch).permutation(rows)[: _whole(rows, size, complete=complete)]
    return _parted(order, range(0, len(order), size))


def bucketed(
    lengths: Rows, *, size: int | None, tokens: int | None, pool: int, seed: int, epoch: int, complete: bool = False
) -> Plan:
    """Every row once, rows of like length together, batches in random order.

    The whole set is shuffled and cut into pools of about `pool` batches; within a pool rows are sorted by length and
    cut into batches of `size` rows, or of at most `tokens` tokens, padding included. A row that is longer than the
    budget stands alone. A budget is evened out, so that no batch of a pool is a small rest: it is lowered as far as
    the pool needs no batch more.

    Args:
        lengths: (n,) tokens of each row.
        size: rows a batch, or None.
        tokens: the budget of a batch, where size is None.
        pool: batches a pool; 1 is random batches, more waste less padding.
        seed: of the run.
        epoch: from 0.
        complete: whether rows that do not fill a batch of `size` are left out, others in each epoch.
    """
    generator = _generator(seed, epoch)
    order = generator.permutation(len(lengths))
    if size is not None:
        order = order[: _whole(len(order), size, complete=complete)]
        pools = [order[start : start + pool * size] for start in range(0, len(order), pool * size)]
    else:
        pools = np.array_split(order, _pools(lengths, tokens or 1, pool))
    batches: list[Sequence[int]] = []
    for drawn in pools:
        rows = drawn[np.argsort(lengths[drawn], kind="stable")]
        starts = range(0, len(rows), size) if size is not None else _even_starts(lengths[rows].tolist(), tokens or 1)
        batches += _parted(rows, starts)
    return [batches[number] for number in generator.permutation(len(batches)).tolist()]


def of_rows(plan: Plan, rows: Rows) -> list[list[int]]:
    """A plan of places among some rows as one of the rows themselves.

    >>> of_rows([[0, 2], [1]], np.array([5, 6, 7]))
    [[5, 7], [6]]
    """
    return [rows[np.asarray(batch, dtype=np.int64)].tolist() for batch in plan]


def refuse_rest(batch: BatchSize, rows: int) -> None:
    """Raise where batches are to be complete and there is none.

    Raises:
        RecipeError: fewer rows than a batch.
    """
    if batch.complete and rows < (batch.size or 0):
        raise RecipeError(
            f"batch.complete with batch.size = {batch.size} and {rows} rows",
            legal="rows fill one batch at least",
            remedy=f"set batch.size to {max(1, rows)} or less, or leave batch.complete out",
        )


def swept(rows: int, *, size: int) -> Plan:
    """Every row once, in order, `size` a batch."""
    return _parted(np.arange(rows), range(0, rows, size))


def swept_by_length(lengths: Rows, *, size: int | None, tokens: int | None) -> Plan:
    """Every row once, the longest first, so that a batch that does not fit says so at once."""
    rows = np.argsort(lengths, kind="stable")
    return list(reversed(_parted(rows, _starts(lengths[rows], size=size, tokens=tokens))))


def _generator(seed: int, epoch: int) -> np.random.Generator:
    return np.random.default_rng([seed, epoch])


def _whole(rows: int, size: int, *, complete: bool) -> int:
    """How many rows stand in batches."""
    return rows - rows % size if complete else rows


def _pools(lengths: Rows, tokens: int, pool: int) -> int:
    """How many pools of about so many batches the rows make."""
    return max(1, round(float(lengths.sum()) / (pool * tokens)))


def _starts(ascending: Rows, *, size: int | None, tokens: int | None) -> Iterable[int]:
    """Where batches of rows begin whose lengths ascend: as many rows as the size or the budget holds."""
    return range(0, len(ascending), size) if size is not None else _filled_starts(ascending.tolist(), tokens or 0)


def _filled_starts(ascending: Sequence[int], budget: int) -> list[int]:
    starts: list[int] = []
    start = 0
    while start < len(ascending):
        starts.append(start)
        start = _end(ascending, start, budget)
    return starts


def _even_starts(ascending: Sequence[int], budget: int) -> list[int]:
    """As `_filled_starts`, by about the least budget that makes as few batches."""
    starts = _filled_starts(ascending, budget)
    least, most = sum(ascending) // max(1, len(starts)), budget
    for _ in range(EVENINGS):
        if least >= most:
            break
        middle = (least + most) // 2
        tried = _filled_starts(ascending, middle)
        if len(tried) > len(starts):
            least = middle + 1
        else:
            starts, most = tried, middle
    if (
        len(starts) > 1
    ):  # of rows that are all as long, the last batch may still be a rest: it shares with the one before
        halfway = (starts[-2] + len(ascending)) // 2
        if (halfway - starts[-2]) * ascending[halfway - 1] <= budget >= (len(ascending) - halfway) * ascending[-1]:
            starts[-1] = halfway
    return starts


def _end(ascending: Sequence[int], start: int, budget: int) -> int:
    """Where the batch ends that begins here: rows × longest grows with its end, so the last legal one is bisected."""
    shortest = ascending[start]
    last = len(ascending) if shortest == 0 else min(len(ascending), max(start + budget // shortest, start + 1))
    first = start + budget // max(1, ascending[last - 1])  # as many would fit if all were as long as the longest
    first = min(max(first, start + 1), last)
    while first < last:
        middle = (first + last + 1) // 2
        if (middle - start) * ascending[middle - 1] <= budget:
            first = middle
        else:
            last = middle - 1
    return first


def _parted(order: Rows, starts: Iterable[int]) -> list[Sequence[int]]:
    rows = order.tolist()
    return [rows[start:stop] for start, stop in pairwise([*starts, len(rows)])]
