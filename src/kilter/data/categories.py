"""Columns of categories as numbers: 0 is missing or unseen, the most frequent value is 1."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MISSING: Final = 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryColumn:
    """The values of one column that training had, from the most frequent down.

    Attributes:
        name: of the column.
        values: the first has the number 1.
        whole: whether the column holds whole numbers, whose values stand here as texts.
    """

    name: str
    values: tuple[str, ...]
    whole: bool = False

    @staticmethod
    def fit(column: NDArray[Any], *, name: str) -> CategoryColumn:
        """The values of a training column (n,) of texts, or of whole numbers; equally frequent ones in their order."""
        whole = column.dtype.kind == "f"
        counts = Counter(value for value in as_values(column) if value is not None)
        values = sorted(counts, key=lambda value: (-counts[value], value))
        return CategoryColumn(name=name, values=tuple(values), whole=whole)

    @property
    def size(self) -> int:
        """The number of values, with 0 for missing and unseen ones."""
        return 1 + len(self.values)

    def encode(self, column: NDArray[Any]) -> NDArray[np.int64]:
        """The column (n,) as numbers from 0 to size - 1."""
        index: dict[str | None, int] = {value: number for number, value in enumerate(self.values, start=1)}
        found = (index.get(value, MISSING) for value in as_values(column))
        return np.fromiter(found, dtype=np.int64, count=len(column))


def as_values(column: NDArray[Any]) -> list[str | None]:
    """Texts as they are; whole numbers as texts; anything else (missing, infinite, fractions) as None."""
    if column.dtype.kind != "f":
        values: list[str | None] = column.tolist()
        return values
    return [str(int(value)) if value.is_integer() else None for value in column.tolist()]


def has_levels(column: NDArray[np.float64], most: int) -> bool:
    """Whether a column of numbers has three or more distinct values, at most so many, and all of them whole.

    Such a column may be an amount or a code (an hour, a month): a network is given it as both.

    >>> has_levels(np.array([1.0, 2.0, 4.0, np.nan]), most=3), has_levels(np.array([1.0, 2.0, 4.5]), most=3)
    (True, False)
    """
    distinct = np.unique(column[np.isfinite(column)])
    return 3 <= distinct.size <= most and bool((distinct == np.floor(distinct)).all())
