"""Columns that only name a row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.checks.data.cells import missing
from kilter.values.table import Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST: Final = 30  # rows below which all values may differ by chance
_NAMED: Final = re.compile(
    r"(^|[_\W])(id|ids|uuid|guid|index|idx|rowid|row_number|instant|serial)($|[_\W])|^unnamed: 0$", re.IGNORECASE
)


def names_rows(name: str, kind: Kind, column: NDArray[np.generic]) -> str | None:
    """Why a column (n,) can only name rows, or None where it may say something.

    All its values differ, and they are texts of a category; or whole numbers that leave so few gaps that a running
    number alone explains it; or whole numbers under a name such as `user_id`. Amounts that happen to differ, and free
    text, are no identifiers.

    >>> names_rows("row", Kind.NUMBER, np.arange(50.0))
    'a running number from 0 to 49'
    >>> names_rows("price", Kind.NUMBER, np.arange(50.0) ** 2) is None
    True
    """
    if kind not in (Kind.NUMBER, Kind.CATEGORY) or len(column) < FEWEST or missing(column).any():
        return None
    if len(set(column.tolist())) < len(column):
        return None
    if kind is Kind.CATEGORY:
        return "a text of its own in every row"
    numbers = column.astype(np.float64)
    if not np.isfinite(numbers).all() or (numbers != np.round(numbers)).any():
        return None
    low, high = numbers.min(), numbers.max()
    if high - low + 1 <= 2 * len(numbers):  # so many different values in so narrow a range are not drawn by chance
        return f"a running number from {low:.0f} to {high:.0f}"
    return "a whole number of its own in every row" if _NAMED.search(name) else None


def identifiers(schema: Schema, table: Table) -> dict[str, str]:
    """Input columns of a split that only name rows, and why."""
    found = {field.name: names_rows(field.name, field.kind, table.columns[field.name]) for field in schema.inputs}
    return {name: reason for name, reason in found.items() if reason is not None}
