"""Tables made to fit a schema: its columns are there, and each holds what it is said to hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kilter.data.faults import gathered
from kilter.data.kinds import converted_or_faults
from kilter.values.errors import Fault
from kilter.values.table import Kind, Schema, Table
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray


def conform(table: Table, schema: Schema, *, name: str, target: bool = True) -> Table:
    """The table with each column of the schema as its kind; other columns stay as they are.

    Args:
        table: as it was read.
        schema: what its columns are.
        name: the table's, for messages.
        target: whether the target must be there; at prediction it need not be, and is converted where it is.

    Raises:
        DataError: columns that are not there, values that are not of their column's kind, weights that are missing,
            negative or infinite; all of them, with ids.
    """
    kinds = {field.name: field.kind for field in schema.inputs}
    if target or schema.target in table.columns:
        kinds[schema.target] = schema.target_kind
    if schema.group is not None and (target or schema.group in table.columns):
        kinds[schema.group] = Kind.CATEGORY
    if schema.weight is not None and (target or schema.weight in table.columns):
        kinds[schema.weight] = Kind.NUMBER
    columns, faults = converted(table, kinds)
    if schema.weight is not None and not faults and schema.weight in columns:
        faults += _weights(columns[schema.weight], table, schema.weight)
    if faults:
        raise gathered(f"{name} does not fit its schema", faults)
    return Table(columns=columns, ids=table.ids)


def converted(table: Table, kinds: Mapping[str, Kind]) -> tuple[dict[str, NDArray[np.generic]], list[Fault]]:
    """All columns of the table, those named here as their kind, and what keeps some from being that."""
    columns = dict(table.columns)
    faults = missing_columns(table, kinds)
    for name, kind in kinds.items():
        if name in columns:
            made = converted_or_faults(columns[name], kind, table.ids, name)
            if isinstance(made, np.ndarray):
                columns[name] = made
            else:
                faults += made
    return columns, faults


def missing_columns(table: Table, names: Iterable[str]) -> list[Fault]:
    """A fault for each of these columns that the table does not have, with the name that was probably meant."""
    return [
        Fault(met=f"there is no column {name!r}", legal=nearest(name, table.columns))
        for name in names
        if name not in table.columns
    ]


def _weights(column: NDArray[Any], table: Table, name: str) -> list[Fault]:
    wrong = np.flatnonzero(~(np.isfinite(column) & (column >= 0)))
    faults = [
        Fault(where=table.ids[row], met=f"weight {name!r} is {column[row]:g}", legal="finite numbers of 0 and more")
        for row in wrong
    ]
    if not faults and not column.any():
        return [Fault(met=f"weight {name!r} is 0 in every row", legal="at least one row must count")]
    return faults
