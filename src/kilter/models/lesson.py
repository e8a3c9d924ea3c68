"""What a simple model learns from, and what it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from kilter.values.table import Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Lesson(NamedTuple):
    """Rows to learn from, and rows that may choose among settings, no more.

    Attributes:
        train: rows, with their weights where the schema names any.
        targets: as the task encodes them: (n,) class indices, (n, classes) shares, (n,) or (n, k) amounts, (n,) arrays.
        valid: the validation rows; None where there are none.
        valid_targets: of the validation rows.
    """

    train: Table
    targets: NDArray[np.generic]
    valid: Table | None = None
    valid_targets: NDArray[np.generic] | None = None


class Baseline(Protocol):
    """A simple model over a table."""

    def fit(self, lesson: Lesson) -> None:
        """Learn."""

    def answer(self, table: Table) -> NDArray[np.float64] | Sequence[NDArray[np.float64]]:
        """(n, classes) probabilities in the order of the labels, (n,) or (n, k) amounts, or an array a row."""


def weights_of(table: Table, schema: Schema) -> NDArray[np.float64]:
    """What each row counts for (n,): 1 where the schema names no weights."""
    if schema.weight is None or schema.weight not in table.columns:
        return np.ones(len(table))
    return table.columns[schema.weight].astype(np.float64)
