"""Splits: disjoint parts of a table, the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from kilter.data.conforming import missing_columns
from kilter.data.faults import counted, gathered
from kilter.data.moments import moments
from kilter.values.errors import DataError, UsageError
from kilter.values.table import Table

By = Literal["random", "stratified", "grouped", "ordered", "temporal"]

BINS: Final = 10  # quantile bins of a column of many numbers, to be stratified by
NEEDED: Final = {"grouped": ", and at least one group", "temporal": ", and at least one moment"}
FEW: Final = 20  # distinct numbers up to which each is a stratum of its own

Rows = NDArray[np.int64]


def split(
    table: Table, *, shares: Mapping[str, float], by: By = "random", column: str | None = None, seed: int = 0
) -> dict[str, Table]:
    """Disjoint parts of a table that hold all its rows, in the order in which they stood.

    `random` draws rows. `stratified` keeps the shares within each value of a column, up to rounding that evens out
    over the values; a value with fewer rows than parts goes to the largest part first (see `rare`); columns of many
    numbers are cut into 10 quantile bins. `grouped` keeps rows of one value together; a row without one is a group
    of its own. `ordered` cuts the rows as they stand, the first part first. `temporal` cuts them in the order of a
    column's dates or numbers, the earliest in the first part; rows of one moment stay together.

    Args:
        table: all rows.
        shares: name to share of the rows; they add up to 1.
        by: how rows are drawn.
        column: by whose values, for `stratified`, `grouped` and `temporal`.
        seed: of the draw.

    Raises:
        DataError: a part would be empty, there is no such column, or it does not say when each row was.
        UsageError: shares that do not add up to 1, a column that is missing or decides nothing.
    """
    _refuse(table, shares, by, column)
    generator = np.random.default_rng([seed, len(table)])
    portions = np.array(list(shares.values()), dtype=np.float64)
    if by == "random":
        parts = _cut(generator.permutation(len(table)), portions)
    elif by == "ordered":
        parts = _cut(np.arange(len(table)), portions)
    elif by == "temporal":
        parts = _temporal(moments(table.columns[str(column)], table.ids, str(column)), portions)
    elif by == "stratified":
        parts = _stratified(_strata(table.columns[str(column)]), portions, generator)
    else:
        parts = _grouped(_groups(table.columns[str(column)]), portions, generator)
    if empty := [name for name, rows in zip(shares, parts, strict=True) if not len(rows)]:
        raise DataError(
            f"split {empty[0]!r} would be empty: {counted(len(table), 'row')}, shares {_said(shares)}, {by}",
            legal="every split needs at least one row" + NEEDED.get(by, ""),
            remedy="give it a larger share, or drop it",
        )
    return {name: table.take(np.sort(rows)) for name, rows in zip(shares, parts, strict=True)}


def rare(table: Table, column: str, *, parts: int) -> dict[str, int]:
    """Values of a column with fewer rows than there are parts, and their rows; no split can be stratified by them.

    >>> labels = np.array(["a", "b", "a", "a"], dtype=object)
    >>> rare(Table(columns={"label": labels}, ids=("1", "2", "3", "4")), "label", parts=3)
    {'b': 1}
    """
    strata = _strata(table.columns[column])
    first = [str(table.columns[column][rows[0]]) for rows in strata]
    return {value: len(rows) for value, rows in zip(first, strata, strict=True) if len(rows) < parts}


def _refuse(table: Table, shares: Mapping[str, float], by: By, column: str | None) -> None:
    if not shares or min(shares.values()) <= 0 or not math.isclose(sum(shares.values()), 1, abs_tol=1e-6):
        raise UsageError(f"shares {_said(shares)}", legal="they are above 0 and add up to 1", remedy="change them")
    if by not in get_args(By):
        raise UsageError(f"a split by {by!r}", legal="random, stratified, grouped, ordered and temporal are legal")
    if (column is None) != (by in {"random", "ordered"}):
        met = f"a {by} split " + ("without a column" if column is None else f"with the column {column!r}")
        raise UsageError(met, legal="stratified, grouped and temporal splits have a column, others none")
    if column is not None and (faults := missing_columns(table, [column])):
        raise gathered(f"the table cannot be split by {column!r}", faults)
    if column is not None and table.columns[column].ndim > 1:
        raise DataError(f"the table cannot be split by images ({column!r})", legal="one value a row is needed")


def _said(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:g}" for name, share in shares.items())


def _cut(rows: Rows, portions: NDArray[np.float64]) -> list[Rows]:
    counts = _rounded(len(rows) * portions, len(rows))
    edges = [0, *np.cumsum(counts).tolist()]
    return [rows[start:stop] for start, stop in pairwise(edges)]


def _rounded(ideal: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Whole numbers that add up to the total, by largest remainder (Hamilton's method of apportionment)."""
    bounded = np.maximum(ideal, 0)
    bounded *= total / bounded.sum()
    counts = np.floor(bounded).astype(np.int64)
    left = total - int(counts.sum())
    counts[np.argsort(counts - bounded, kind="stable")[:left]] += 1
    return counts


def _temporal(when: NDArray[np.float64], portions: NDArray[np.float64]) -> list[Rows]:
    """Rows in the order of time, cut where the moment changes, as near to the shares as that allows."""
    order = np.argsort(when, kind="stable")
    changes = np.flatnonzero(np.diff(when[order])) + 1
    cuts: list[int] = []
    for number, ideal in enumerate(np.cumsum(portions)[:-1] * len(order)):
        later = changes[changes > (cuts[-1] if cuts else 0)]
        able = later[: len(later) - (len(portions) - 2 - number)]  # one change is left for each cut to come
        if not len(able):
            return [order, *([order[:0]] * (len(portions) - 1))]
        cuts.append(int(able[np.argmin(np.abs(able - ideal))]))
    return np.split(order, cuts)


def _stratified(strata: Sequence[Rows], portions: NDArray[np.float64], generator: np.random.Generator) -> list[Rows]:
    """Each stratum cut by the shares; what rounding owes a part is carried to the next stratum."""
    largest = int(np.argmax(portions))
    parts: list[list[Rows]] = [[] for _ in portions]
    owed = np.zeros(len(portions))
    for number in generator.permutation(len(strata)):
        rows = generator.permutation(strata[number])
        ideal = len(rows) * portions + owed
        counts = _rounded(ideal, len(rows))
        if not counts[largest]:  # a class that is not in training cannot be learnt
            counts[int(np.argmax(counts))] -= 1
            counts[largest] = 1
        owed = ideal - counts
        for part, piece in zip(parts, np.split(rows, np.cumsum(counts)[:-1]), strict=True):
            part.append(piece)
    return [np.concatenate(part) for part in parts]


def _grouped(groups: Sequence[Rows], portions: NDArray[np.float64], generator: np.random.Generator) -> list[Rows]:
    """Groups from the largest down, each to the part that lacks most rows; equal ones in random order."""
    order = generator.permutation(len(groups))
    order = order[np.argsort([-len(groups[number]) for number in order], kind="stable")]
    total = sum(len(group) for group in groups)
    lacking = portions * total
    parts: list[list[Rows]] = [[] for _ in portions]
    left = len(groups)
    for number in order:
        empty = [place for place, part in enumerate(parts) if not part]
        choices = empty if left <= len(empty) else range(len(parts))  # the last groups fill what is still empty
        chosen = max(choices, key=lambda place: lacking[place])
        parts[chosen].append(groups[number])
        lacking[chosen] -= len(groups[number])
        left -= 1
    return [np.concatenate(part) if part else np.zeros(0, dtype=np.int64) for part in parts]


def _strata(column: NDArray[Any]) -> list[Rows]:
    if column.dtype.kind == "f":
        present = column[np.isfinite(column)]
        if len(np.unique(present)) > FEW:
            edges = np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1])
            column = np.where(np.isnan(column), -1, np.searchsorted(edges, column))
    return list(_by_value(column).values())


def _groups(column: NDArray[Any]) -> list[Rows]:
    groups = _by_value(column)
    alone = groups.pop(None, np.zeros(0, dtype=np.int64))
    return [*groups.values(), *(np.array([row]) for row in alone)]


def _by_value(column: NDArray[Any]) -> dict[Hashable, Rows]:
    """Rows of each value, in the order of first appearance; missing ones under None."""
    rows: dict[Hashable, list[int]] = {}
    for row, value in enumerate(column.tolist()):
        rows.setdefault(None if value != value else value, []).append(row)  # noqa: PLR0124 - not a number
    return {value: np.array(found, dtype=np.int64) for value, found in rows.items()}
