"""Parquet files, read by pyarrow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from kilter.data.faults import gathered
from kilter.data.objects import as_column
from kilter.values.errors import DataError, Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetColumns:
    """Typed columns and what was noticed."""

    columns: Mapping[str, NDArray[np.generic]]
    notes: tuple[str, ...]


def read_columns(data: bytes, *, name: str) -> ParquetColumns:
    """The columns of a Parquet file: numbers float64 with NaN for null, everything else as text.

    Raises:
        DataError: the bytes are no Parquet file, are damaged, or hold no rows or columns of one name.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    broken = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, KeyError, TypeError)
    try:
        table = pq.ParquetFile(pa.BufferReader(data)).read()
        plain = {column: _as_read(table.column(number)) for number, column in enumerate(table.column_names)}
    except broken as error:
        said = str(error).splitlines() or [type(error).__name__]
        raise DataError(
            f"{name} cannot be read as Parquet: {said[0]}",
            legal="a whole Parquet file is needed",
            remedy="copy or write the file again",
        ) from error
    names = table.column_names
    if faults := [
        Fault(met=f"column {column!r} stands twice") for column in sorted(set(names)) if names.count(column) > 1
    ]:
        raise gathered(f"{name} has columns of one name", faults, remedy="rename them")
    if not table.num_rows or not names:
        raise DataError(f"{name} has no rows", legal="at least one row is needed", remedy="write the file again")
    columns: dict[str, NDArray[np.generic]] = {}
    notes: list[str] = []
    wrong: list[Fault] = []
    for column in names:
        given = plain[column]
        if isinstance(given, np.ndarray):
            columns[column] = given
        else:
            typed = as_column(given, name=column, place=lambda row: f"{name}#{row}")
            columns[column] = typed.column
            notes += typed.notes
            wrong += typed.faults
    if wrong:
        raise gathered(f"{name} cannot be read", wrong)
    return ParquetColumns(columns=columns, notes=tuple(notes))


def _as_read(column: Any) -> NDArray[np.float64] | list[object]:
    """Numbers as float64 with NaN for null, everything else as Python's own values."""
    import pyarrow as pa

    if not _fits_double(column.type):
        return _plain(column)
    numbers: NDArray[np.float64] = column.cast(pa.float64()).to_numpy()
    return numbers


def _fits_double(kind: Any) -> bool:
    """Floats, and whole numbers of at most 32 bits; longer ones may be identifiers that a double would merge."""
    from pyarrow import types

    return bool(types.is_floating(kind) or (types.is_integer(kind) and kind.bit_width <= 32))


def _plain(column: Any) -> list[object]:
    """Values as Python's own; decimals as floats, bytes as text where they are UTF-8."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_decimal(column.type):
        return list(column.cast(pa.float64()).to_pylist())
    if types.is_binary(column.type) or types.is_large_binary(column.type):
        return [
            None if value is None else value.decode("utf-8", errors="backslashreplace") for value in column.to_pylist()
        ]
    if types.is_timestamp(column.type) or types.is_duration(column.type):
        return list(column.cast(pa.string()).to_pylist())
    return list(column.to_pylist())
