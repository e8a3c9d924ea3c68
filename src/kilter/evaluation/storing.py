"""Predictions as JSON lines and back, exact to the bit.

The first line tells the columns and how many rows follow; each further line is one example:

    {"kilter": "predictions 1", "rows": 2, "target": "int64", "answer": "float64", "decided": "int64"}
    {"id": "test.csv:2", "target": 1, "target_name": "de", "decided": 0, "decided_name": "cs", "merit": 0.0, ...}
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kilter.values.errors import DataError
from kilter.values.predictions import Predictions

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORM: Final = "predictions 1"
SEQUENCES: Final = "sequences"  # an object array of one sequence an example; "sequences of int64" are arrays
FREE: Final = ("target", "answer", "decided")  # their types are the task's
REAL: Final = ("cost", "merit", "weight")  # float64


def write_predictions(path: Path, predictions: Predictions, name_of: Callable[[object], str]) -> None:
    """Write predictions as JSON lines; the file is there whole or not at all.

    Args:
        path: the file; its folder exists.
        predictions: what is written.
        name_of: an encoded target or decision as a person reads it (`Task.name_of`).
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in _lines(predictions, name_of))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read_predictions(path: Path) -> Predictions:
    """Read what `write_predictions` wrote: the same values, types and shapes.

    Raises:
        DataError: the file cannot be read, is no such file, or was cut off.
    """
    try:
        with path.open(encoding="utf-8") as file:
            header = json.loads(file.readline() or "null")
            rows = [json.loads(line) for line in file]
        if not isinstance(header, Mapping) or header.get("kilter") != FORM:
            raise _unreadable(path, "its first line does not say that it holds predictions")
        if len(rows) != header["rows"]:
            raise _unreadable(path, f"it tells of {header['rows']} rows and holds {len(rows)}")
        shapes = header["shapes"]
        target, answer, decided = (_column(rows, name, header[name], shapes.get(name, ())) for name in FREE)
        cost, merit, weight = (np.array([float(row[name]) for row in rows], np.float64) for name in REAL)
        return Predictions(
            ids=tuple(row["id"] for row in rows),
            target=target,
            answer=answer,
            decided=decided,
            cost=cost,
            merit=merit,
            weight=weight,
        )
    except OSError as error:
        raise _unreadable(path, str(error.strerror or error)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, f"{type(error).__name__}: {error}") from error


def _lines(predictions: Predictions, name_of: Callable[[object], str]) -> Iterator[str]:
    columns = {name: getattr(predictions, name) for name in FREE}
    header: dict[str, Any] = {"kilter": FORM, "rows": len(predictions)}
    header |= {name: _kind(column) for name, column in columns.items()}
    header["shapes"] = {name: shape for name, column in columns.items() if (shape := _shape(column))}
    yield _dumps(header)
    named: dict[object, str] = {}
    plain = {name: _cells(getattr(predictions, name)) for name in (*FREE, *REAL)}
    for row, example in enumerate(predictions.ids):
        target, decided = predictions.target[row], predictions.decided[row]
        yield _dumps(
            {
                "id": example,
                "target": plain["target"][row],
                "target_name": _named(target, name_of, named),
                "decided": plain["decided"][row],
                "decided_name": _named(decided, name_of, named),
                "cost": plain["cost"][row],
                "merit": plain["merit"][row],
                "weight": plain["weight"][row],
                "answer": plain["answer"][row],
            }
        )


def _kind(column: NDArray[np.generic]) -> str:
    """The type of a column; of sequences that are arrays of one type, that type."""
    if column.dtype != object:
        return column.dtype.name
    kinds = {cell.dtype.name if isinstance(cell, np.ndarray) else "" for cell in column}
    (kind,) = kinds if len(kinds) == 1 else ("",)
    return f"{SEQUENCES} of {kind}" if kind and kind != "object" else SEQUENCES


def _shape(column: NDArray[np.generic]) -> list[int]:
    """The sizes behind the first dimension, of a column or of each of its sequences."""
    if column.dtype != object:
        return list(column.shape[1:])
    shapes = {cell.shape[1:] if isinstance(cell, np.ndarray) else () for cell in column}
    return list(shapes.pop()) if len(shapes) == 1 else []


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _named(encoded: object, name_of: Callable[[object], str], named: dict[object, str]) -> str:
    """The name of a target; classes are few and are named once."""
    if not isinstance(encoded, np.integer):
        return name_of(encoded)
    if encoded not in named:
        named[encoded] = name_of(encoded)
    return named[encoded]


def _cells(column: NDArray[np.generic]) -> list[Any]:
    """A column as plain lists; numbers that JSON cannot say stand as "nan", "inf" and "-inf"."""
    if column.dtype == object:
        return [_plain(cell) for cell in column]
    cells: list[Any] = column.tolist()
    finite = column.dtype.kind != "f" or bool(np.isfinite(column).all())
    return cells if finite else [_said(cell) for cell in cells]


def _said(cell: Any) -> Any:
    if isinstance(cell, list):
        return [_said(item) for item in cell]
    return cell if math.isfinite(cell) else str(cell)


def _plain(cell: Any) -> Any:
    """A sequence of any depth; there "nan" may be a word, so that numbers of this kind are marked."""
    if isinstance(cell, np.ndarray | np.generic):
        cell = cell.tolist()
    if isinstance(cell, list | tuple):
        return [_plain(item) for item in cell]
    if isinstance(cell, float) and not math.isfinite(cell):
        return {"float": str(cell)}
    return cell


def _column(rows: list[Any], name: str, kind: str, shape: Sequence[int]) -> NDArray[np.generic]:
    if not kind.startswith(SEQUENCES):
        return np.array([row[name] for row in rows], dtype=np.dtype(kind)).reshape(len(rows), *shape)
    inner = kind.removeprefix(SEQUENCES).removeprefix(" of ")
    column = np.empty(len(rows), dtype=object)
    for place, row in enumerate(rows):
        lifted = _lifted(row[name])
        column[place] = np.array(lifted, dtype=np.dtype(inner)).reshape(len(lifted), *shape) if inner else lifted
    return column


def _lifted(cell: Any) -> Any:
    """A sequence as a tuple."""
    if isinstance(cell, Mapping):
        return float(cell["float"])
    return tuple(_lifted(item) for item in cell) if isinstance(cell, list) else cell


def _unreadable(path: Path, reason: str) -> DataError:
    return DataError(
        f"{path}: predictions cannot be read: {reason}",
        legal="a file that a run wrote, whole",
        remedy="evaluate the run again to write it anew",
    )
