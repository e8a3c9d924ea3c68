"""Some rows of a source, as a source of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, final

import numpy as np

from kilter.values.batch import Batch, Example
from kilter.values.source import Plan, Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.recipe import BatchSize


@final
class Subset:
    """Rows of a source under new numbers, in the same order; batches are those of the whole, without the other rows.

    Preparation is that of the whole source: what was fitted on inputs, such as a vocabulary, has seen the other rows.
    """

    __slots__ = ("_number", "_rows", "_whole")

    def __init__(self, whole: Source, rows: NDArray[np.int64]) -> None:
        self._whole = whole
        self._rows: list[int] = rows.tolist()
        self._number = {row: number for number, row in enumerate(self._rows)}

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"Subset({len(self)} of {len(self._whole)} rows)"

    @property
    def ids(self) -> Sequence[str]:
        """The name of each row."""
        ids = self._whole.ids
        return tuple(ids[row] for row in self._rows)

    @property
    def targets(self) -> NDArray[np.generic]:
        """The encoded target of each row."""
        return self._whole.targets[np.asarray(self._rows, dtype=np.int64)]

    def plan(self, *, seed: int, epoch: int) -> Plan:
        """The training order of one epoch."""
        return self._of(self._whole.plan(seed=seed, epoch=epoch))

    def sweep(self) -> Plan:
        """An order for evaluation."""
        return self._of(self._whole.sweep())

    def batched(self, batch: BatchSize) -> Subset:
        """The same rows, in batches of the whole source at another size."""
        return Subset(self._whole.batched(batch), np.asarray(self._rows, dtype=np.int64))

    def batch(self, rows: Sequence[int], *, seed: int, epoch: int) -> Batch:
        """These rows as a training batch."""
        return self._whole.batch([self._rows[row] for row in rows], seed=seed, epoch=epoch)

    def plain(self, rows: Sequence[int]) -> Batch:
        """These rows as they are."""
        return self._whole.plain([self._rows[row] for row in rows])

    def example(self, row: int) -> Example:
        """One row as a person would read it."""
        return self._whole.example(self._rows[row])

    def _of(self, plan: Plan) -> Plan:
        number = self._number
        batches = ([number[row] for row in rows if row in number] for rows in plan)
        return [rows for rows in batches if rows]
