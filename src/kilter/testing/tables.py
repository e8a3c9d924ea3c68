"""Small tables and data sets, made of generated numbers and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kilter.values.table import Dataset, Field, Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORDS: Final = (
    *("amber", "bridge", "candle", "dragon", "ember", "forest", "garden", "harbour", "island", "jungle", "kettle"),
    *("lantern", "meadow", "needle", "orchard", "pepper", "quarry", "river", "saddle", "timber", "umbrella", "valley"),
    *("willow", "yellow", "zephyr", "anchor", "blossom", "copper", "dinner", "engine", "feather", "granite", "hammer"),
)


def column(cells: Sequence[object] | NDArray[Any]) -> NDArray[np.generic]:
    """Texts and None as an object array; numbers and arrays as they are."""
    if isinstance(cells, np.ndarray):
        return cells
    if any(cell is None or isinstance(cell, str) for cell in cells):
        array = np.empty(len(cells), dtype=object)
        array[:] = list(cells)
        return array
    return np.asarray(cells)


def table(columns: Mapping[str, Sequence[object] | NDArray[Any]], name: str) -> Table:
    """Equally long columns as a table with ids such as `train.csv:2`."""
    arrays = {key: column(cells) for key, cells in columns.items()}
    rows = len(next(iter(arrays.values())))
    return Table(columns=arrays, ids=tuple(f"{name}.csv:{row + 2}" for row in range(rows)))


def dataset(
    columns: Mapping[str, Sequence[object] | NDArray[Any]],
    kinds: Mapping[str, Kind],
    *,
    target: str = "y",
    target_kind: Kind = Kind.CATEGORY,
    shares: Mapping[str, float] | None = None,
    shuffled: bool = True,
    group: str | None = None,
    seed: int = 0,
) -> Dataset:
    """Columns cut into splits, at random or in the order of the rows.

    Args:
        columns: all rows, the target among them.
        kinds: of the input columns.
        target: the name of the target column.
        target_kind: what it holds.
        shares: of the splits; by default train .6, valid .2, test .2.
        shuffled: whether rows are drawn at random.
        group: the column whose values keep rows together, if any; it decides nothing here.
        seed: of the shuffling.
    """
    whole = table(columns, "all")
    rows = len(whole)
    order = np.random.default_rng(seed).permutation(rows) if shuffled else np.arange(rows)
    splits: dict[str, Table] = {}
    start = 0.0
    for split, share in (shares or {"train": 0.6, "valid": 0.2, "test": 0.2}).items():
        chosen = whole.take(order[round(start * rows) : round((start + share) * rows)])
        splits[split] = Table(columns=chosen.columns, ids=tuple(f"{split}.csv:{at + 2}" for at in range(len(chosen))))
        start += share
    fields = tuple(Field(name=name, kind=kind) for name, kind in kinds.items())
    return Dataset(splits=splits, schema=Schema(inputs=fields, target=target, target_kind=target_kind, group=group))


def sentences(draw: np.random.Generator, count: int, *, length: int = 8) -> list[str]:
    """So many sentences of about so many words, hardly any of them twice."""
    sizes = draw.integers(max(3, length - 3), length + 4, count)
    return [" ".join(draw.choice(WORDS, size).tolist()) for size in sizes]


def numbered(columns: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """The columns of a matrix (n, c) as `x0`, `x1`, ..."""
    return {f"x{at}": np.asarray(columns[:, at], np.float64) for at in range(columns.shape[1])}
