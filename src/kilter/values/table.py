"""Data as it was read: columns with their kinds, rows with their ids, splits of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, final

from kilter.values.frozen_map import FrozenMap

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"  # object array of str, None where missing
    NUMBER = "number"  # float64, NaN where missing
    CATEGORY = "category"  # object array of str, None where missing
    IMAGE = "image"  # uint8 or float, (n, height, width) or (n, height, width, channels)
    TOKENS = "tokens"  # object array of tuples of str: words that were cut already, or a tag for each of them
    LABELS = "labels"  # object array of tuples of str: several classes at once; None where missing
    AMOUNTS = "amounts"  # float64 (n, k): several columns of numbers as one, NaN where missing
    RECORD = "record"  # object array of tuples: several columns of any kind as one, None where missing


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """An input column and what it holds."""

    name: str
    kind: Kind


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """Which columns are inputs, which one is learnt, and which ones only say something about a row.

    Attributes:
        inputs: the columns to learn from.
        target: the column to learn.
        target_kind: category where it is one of several classes, number where it is an amount, and so on.
        joined: the columns of which the target was made, where they are several.
        weight: what each row counts for.
        group: rows of one group stand in one split, and resample together.
        ignored: columns that are left out.
        stream: whether the rows are one text, each going on where the last one ended.
    """

    inputs: tuple[Field, ...]
    target: str
    target_kind: Kind
    joined: tuple[Field, ...] = ()
    weight: str | None = None
    group: str | None = None
    ignored: tuple[str, ...] = ()
    stream: bool = False

    def of_kind(self, *kinds: Kind) -> tuple[str, ...]:
        """Names of the inputs of these kinds, in order."""
        return tuple(field.name for field in self.inputs if field.kind in kinds)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of one split: equally long columns, and an id a row that leads back to file and line.

    Attributes:
        columns: name to array, first dimension the rows.
        ids: such as `train.jsonl:17`.
    """

    columns: Mapping[str, NDArray[np.generic]]
    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", FrozenMap(self.columns))
        for name, column in self.columns.items():
            if len(column) != len(self.ids):
                message = f"column {name!r} has {len(column)} rows and there are {len(self.ids)} ids; they must agree"
                raise ValueError(message)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"Table({len(self)} rows: {', '.join(self.columns)})"

    def take(self, rows: Sequence[int] | NDArray[np.integer]) -> Table:
        """These rows, in this order."""
        import numpy as np

        index = np.asarray(rows, dtype=np.int64)
        columns = {name: column[index] for name, column in self.columns.items()}
        return Table(columns=columns, ids=tuple(self.ids[row] for row in index))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The splits of one data set (`train`, `valid`, `test`) and the schema they share.

    Attributes:
        splits: name to rows.
        schema: what their columns are.
        notes: what was noticed while their files were read, each with the file's name.
    """

    splits: Mapping[str, Table]
    schema: Schema
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "splits", FrozenMap(self.splits))

    def __getitem__(self, split: str) -> Table:
        return self.splits[split]

    def __iter__(self) -> Iterator[str]:
        return iter(self.splits)

    @property
    def sizes(self) -> Mapping[str, int]:
        """Rows a split."""
        return FrozenMap({name: len(table) for name, table in self.splits.items()})
