"""Cells of a column: which are missing, what they say up to writing, which are equal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")  # soft hyphen, zero-width signs, byte-order mark


def missing(column: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Which rows of a column (n, ...) hold nothing: None, not-a-number, or text without a visible sign."""
    if column.dtype.kind == "f":
        numbers: NDArray[Any] = column.reshape(len(column), -1)
        blank: NDArray[np.bool_] = np.isnan(numbers).all(axis=1)
        return blank
    if column.dtype != object:
        return np.zeros(len(column), bool)
    cells, places = _distinct(column)
    return np.fromiter(map(is_blank, cells), bool, len(cells))[places]


def is_blank(cell: object) -> bool:
    r"""Whether a cell says nothing.

    >>> [is_blank(cell) for cell in (None, " ", "\u200b", "a", float("nan"), 0.0, ())]
    [True, True, True, False, True, False, True]
    """
    if isinstance(cell, str):
        return not cell or cell.isspace() or not _INVISIBLE.sub("", cell).strip()
    if isinstance(cell, float):
        return cell != cell  # noqa: PLR0124 - only not-a-number differs from itself
    return cell is None or (isinstance(cell, tuple | list) and all(part is None for part in cell))


def loose(cell: object) -> object:
    r"""A cell up to case, spaces, invisible signs and the form of its letters; anything but text as it is.

    >>> loose("  What is\tan ATOM ?"), loose(1.5)
    ('what is an atom ?', 1.5)
    """
    if isinstance(cell, tuple):
        return tuple(loose(part) for part in cell)
    if not isinstance(cell, str):
        return cell
    text = cell if cell.isascii() else unicodedata.normalize("NFKC", _INVISIBLE.sub("", cell))
    return " ".join(text.casefold().split())


def codes(column: NDArray[np.generic], *, loosely: bool = False) -> NDArray[np.int64]:
    """A number for each distinct cell of a column (n, ...): equal cells, equal numbers; missing ones are equal.

    >>> codes(np.array(["a", None, "A", "a"], dtype=object)).tolist()
    [0, 1, 2, 0]
    >>> codes(np.array(["a", None, "A", "a"], dtype=object), loosely=True).tolist()
    [0, 1, 0, 0]
    """
    if column.ndim > 1:
        rows = np.ascontiguousarray(column).reshape(len(column), -1)
        return _distinct([row.tobytes() for row in rows])[1]
    if column.dtype == object:
        cells, places = _distinct(column)
        plain = [None if is_blank(cell) else loose(cell) if loosely else cell for cell in cells]
        numbers: NDArray[np.int64] = _distinct(plain)[1][places]
        return numbers
    _, inverse = np.unique(column, return_inverse=True)
    return np.asarray(inverse, np.int64).reshape(-1)


def combined(columns: Iterable[NDArray[np.int64]], rows: int) -> NDArray[np.int64]:
    """A number for each distinct row of several columns of codes (n,).

    >>> combined([np.array([0, 0, 1]), np.array([5, 5, 5])], 3).tolist()
    [0, 0, 1]
    """
    whole = np.zeros(rows, np.int64)
    for column in columns:
        mixed = whole * (int(column.max(initial=0)) + 1) + column
        whole = np.unique(mixed, return_inverse=True)[1].astype(np.int64).reshape(-1)
    return whole


def _distinct(cells: Iterable[object]) -> tuple[list[object], NDArray[np.int64]]:
    """The distinct cells in the order in which they appear, and the place of each cell among them."""
    everything = list(cells)
    numbers = {cell: number for number, cell in enumerate(dict.fromkeys(everything))}
    return list(numbers), np.fromiter(map(numbers.__getitem__, everything), np.int64, len(everything))
