"""Data in memory as tables: mappings of columns, rows as mappings, frames, data sets of PyTorch and Hugging Face."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kilter.data.archives import flat_column
from kilter.data.faults import gathered, listed
from kilter.data.items import columns_of_items, columns_of_named, is_item, without_graph
from kilter.data.objects import as_column
from kilter.values.errors import DataError, Fault
from kilter.values.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


def table_of(given: object, name: str = "table") -> Table:
    """A table of what is given.

    That is a Table, a mapping of columns, a list of mappings, a frame (pandas, Polars), a PyTorch data set or the one
    of a DataLoader, or a Hugging Face data set; see `items` for what their columns are called.

    Columns are typed as in a file: float64 with NaN for numbers, object arrays of str and None for texts; arrays of
    three and four dimensions are images. Ids are `<name>#<row>`, from 0.

    >>> table_of({"text": ["one", None], "count": [1, 2]})
    Table(2 rows: text, count)
    >>> table_of([{"text": "one"}, {"text": "two", "count": 2}], "mine").ids
    ('mine#0', 'mine#1')

    Raises:
        DataError: it is none of these, columns are of unequal length, there are no rows, or values of a column do not
            fit together.
    """
    if isinstance(given, Table):
        return given
    columns = _columns(given, name)
    lengths = {column: len(values) for column, values in columns.items()}
    if len(set(lengths.values())) > 1:
        met = ", ".join(f"{column} {length:,}" for column, length in lengths.items())
        raise DataError(
            f"{name} has columns of unequal length ({met})", legal="one value a row in each column is legal"
        )
    if not any(lengths.values()):
        raise DataError(f"{name} has no rows", legal="at least one row is needed")
    faults: list[Fault] = []
    typed: dict[str, NDArray[np.generic]] = {}
    for column, values in columns.items():
        made, wrong = _typed(values, column, name)
        typed[column] = made
        faults += wrong
    if faults:
        raise gathered(f"{name} cannot be a table", faults)
    return Table(columns=typed, ids=tuple(f"{name}#{row}" for row in range(max(lengths.values()))))


def _columns(given: Any, name: str) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        return _of_mapping(given, name)
    if hasattr(given, "column_names") and hasattr(given, "__getitem__"):
        return columns_of_named(given)
    if hasattr(given, "columns") and hasattr(given, "__getitem__"):  # a frame, whose library need not be installed
        names = list(given.columns)
        if len(set(map(str, names))) < len(names):
            raise DataError(f"{name} has two columns of one name", legal="each has its own", remedy="rename them")
        return {str(column): given[column] for column in names}
    if hasattr(given, "dataset") and hasattr(given, "collate_fn"):  # a DataLoader
        given = given.dataset
    if isinstance(given, str | bytes | np.ndarray) or not (
        hasattr(given, "__getitem__") or isinstance(given, Iterable)
    ):
        raise _no_table(given, name)
    if hasattr(given, "__len__") and not isinstance(given, list | tuple | set):
        return columns_of_items(given, name)
    rows = list(given)
    if rows and all(isinstance(row, Mapping) for row in rows):
        names = list(dict.fromkeys(key for row in rows for key in row))
        return {str(column): [row.get(column) for row in rows] for column in names}
    if rows and not all(map(is_item, rows)):
        raise _no_table(given, name)
    return columns_of_items(rows, name)


def _of_mapping(given: Mapping[Any, Any], name: str) -> Mapping[str, Any]:
    inner = [str(split) for split, value in given.items() if hasattr(value, "column_names")]
    if inner:
        raise DataError(
            f"{name} holds several data sets ({listed(inner)})",
            legal="one table a split",
            remedy=f"give each by itself: train=data[{inner[0]!r}]",
        )
    return {str(column): values for column, values in given.items()}


def _no_table(given: object, name: str) -> DataError:
    return DataError(
        f"{name} is {type(given).__name__}",
        legal="a mapping of columns, a list of mappings (one a row), a pandas or Polars frame, a PyTorch or Hugging"
        " Face data set",
        remedy="give one of these, for instance {'text': texts, 'label': labels}",
    )


def _typed(values: Any, column: str, name: str) -> tuple[NDArray[np.generic], tuple[Fault, ...]]:
    values = without_graph(values)
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    if isinstance(values, np.ndarray) and values.dtype.kind in "biufUS":
        if values.ndim == 1:
            return flat_column(values), ()
        if values.ndim in {3, 4} and values.dtype.kind in "iuf":
            return values, ()
        fault = Fault(
            where=name,
            met=f"column {column!r} has shape {values.shape}",
            legal="(n,), or images (n, h, w) and (n, h, w, c), are legal",
            remedy="give each column of a matrix its own name",
        )
        return values, (fault,)
    if isinstance(values, np.ndarray) and values.dtype.kind in "mM":
        values = [None if text == "NaT" else text for text in np.datetime_as_string(values).tolist()]
    elif isinstance(values, np.ndarray):
        values = values.tolist()
    plain = _without_not_a_number([_as_list(value) for value in values])
    typed = as_column(plain, name=column, place=lambda row: f"{name}#{row}")
    return typed.column, typed.faults


def _as_list(value: object) -> object:
    """A frame's cell that holds a list: an array of texts."""
    return value.tolist() if isinstance(value, np.ndarray) and value.dtype.kind in "OUT" else value


def _without_not_a_number(values: Sequence[object]) -> Sequence[object]:
    """Among texts, a frame's missing cell is a float that is not a number; there it is None."""
    if any(isinstance(value, str) for value in values):
        return [None if isinstance(value, float) and value != value else value for value in values]  # noqa: PLR0124
    return values
