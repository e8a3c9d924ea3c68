"""Several target columns as one: what is learnt together stands in one column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kilter.data.conforming import converted
from kilter.data.faults import gathered
from kilter.values.table import Field, Kind, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


def joined_name(names: Sequence[str]) -> str:
    """The name of the column that several make together."""
    return ", ".join(names)


def join(table: Table, fields: Sequence[Field], kind: Kind, *, name: str) -> Table:
    """The table with one more column that holds these together; they stay beside it.

    Args:
        table: as it was read.
        fields: the columns to join, and what each holds.
        kind: `amounts`, an array (n, k) of numbers, or `record`, a tuple a row with None where a value is missing.
        name: the table's, for messages.

    Raises:
        DataError: columns that are not there, or hold something else; all of it, with ids.
    """
    columns, faults = converted(table, {field.name: field.kind for field in fields})
    if faults:
        raise gathered(f"{name} does not have the targets", faults)
    parts = [columns[field.name] for field in fields]
    whole = np.stack(parts, axis=1).astype(np.float64) if kind is Kind.AMOUNTS else _records(parts)
    return Table(
        columns={**table.columns, joined_name([field.name for field in fields]): whole},
        ids=table.ids,
    )


def _records(parts: Sequence[NDArray[Any]]) -> NDArray[np.object_]:
    plain = [[_present(value) for value in part.tolist()] for part in parts]
    return np.fromiter(zip(*plain, strict=True), dtype=object, count=len(parts[0]))


def _present(value: object) -> object:
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - not a number
