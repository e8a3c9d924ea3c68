"""Cells of a delimited log as numbers: empty ones are missing, and what is no number is left out and said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Numbers = tuple["NDArray[np.int64]", "NDArray[np.float64]"]
"""The numbers of the rows that have a value, and the values."""

_MISSING: Final = frozenset({"", "-", "–", "none", "null", "na", "n/a", "<na>", "nil"})
_TENSOR: Final = re.compile(r"(?:tensor|array|np\.float\d+)?[(\[]+\s*([-+.\deE]+|nan|-?inf)\s*[,)\]].*", re.DOTALL)
_MOST_STRANGE: Final = 0.1
"""Of a column's cells that may be no numbers before it is taken for one of text."""


def numbers_of(
    columns: Mapping[str, Sequence[str]], *, decimal_comma: bool = False
) -> tuple[dict[str, Numbers], tuple[str, ...]]:
    """The columns that hold numbers, and a sentence for what was left out.

    >>> numbers, notes = numbers_of({"loss": ["2.5", "", "tensor(1.5)"], "what": ["a", "b", "c"]})
    >>> numbers["loss"][1].tolist(), notes
    ([2.5, 1.5], ('Columns of text are left out: what.',))

    Args:
        columns: cells by name.
        decimal_comma: whether "0,5" is a half.
    """
    numbers: dict[str, Numbers] = {}
    texts: list[str] = []
    notes: list[str] = []
    for name, cells in columns.items():
        rows, values, strange = _column(cells, decimal_comma=decimal_comma)
        if len(strange) > _MOST_STRANGE * (len(rows) + len(strange)):
            texts.append(name)
            continue
        if strange:
            first = cells[strange[0]]
            notes.append(
                f"{name}: {len(strange):,} cells are no numbers and are left out, the first of them {first!r}."
            )
        numbers[name] = rows, values
    if texts:
        notes.append(f"Columns of text are left out: {', '.join(texts)}.")
    return _without_placeholders(numbers), tuple(notes)


def _column(cells: Sequence[str], *, decimal_comma: bool) -> tuple[NDArray[np.int64], NDArray[np.float64], list[int]]:
    filled = [row for row, cell in enumerate(cells) if cell]
    try:
        return np.array(filled, np.int64), np.array([float(cells[row]) for row in filled]), []
    except ValueError:
        pass
    rows: list[int] = []
    values: list[float] = []
    strange: list[int] = []
    for row in filled:
        cell = cells[row]
        try:
            values.append(float(cell))
        except ValueError:
            value = _read(cell, decimal_comma=decimal_comma)
            if value is None:
                if cell.strip().lower() not in _MISSING:
                    strange.append(row)
                continue
            values.append(value)
        rows.append(row)
    return np.array(rows, np.int64), np.array(values, np.float64), strange


def _read(cell: str, *, decimal_comma: bool) -> float | None:
    text = cell.strip()
    if text.endswith("%"):
        percent = _read(text[:-1], decimal_comma=decimal_comma)
        return None if percent is None else percent / 100
    if (printed := _TENSOR.fullmatch(text)) is not None:  # somebody wrote the tensor, not its item
        text = printed[1]
    elif decimal_comma:
        text = text.replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return None


def _without_placeholders(numbers: Mapping[str, Numbers]) -> dict[str, Numbers]:
    """The same without `nan` that stands for nothing: in rows that belong to another column.

    Where training and validation stand in rows of their own, some writers fill the gaps with `nan`. That is no loss
    which is not a number: the two columns are then never numbers in one row, and each is one where the other is not.
    """
    finite = {name: rows[np.isfinite(values)] for name, (rows, values) in numbers.items()}
    gaps = {name: rows[np.isnan(values)] for name, (rows, values) in numbers.items()}
    suspects = [name for name in numbers if len(gaps[name]) and len(finite[name])]
    cleaned = dict(numbers)
    for name in suspects:
        if any(
            not np.isin(finite[name], finite[other], assume_unique=True).any()
            and np.isin(finite[other], gaps[name], assume_unique=True).all()
            and np.isin(finite[name], gaps[other], assume_unique=True).all()
            for other in suspects
            if other != name
        ):
            rows, values = numbers[name]
            kept = ~np.isnan(values)
            cleaned[name] = rows[kept], values[kept]
    return cleaned
