"""Where batches come from: a plan made ahead, and a batch for each entry of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kilter.values.batch import Batch, Example
    from kilter.values.recipe import BatchSize

Plan = Sequence[Sequence[int]]
"""Row numbers, batch by batch. It is a list made ahead, so steps are countable and skipping is indexing."""


class Source(Protocol):
    """The encoded rows of one split.

    Everything random about it (order, buckets, augmentation) is a function of (seed, epoch, row), so that any
    batch of any epoch can be made at any time, by any worker, and be the same.
    """

    @property
    def ids(self) -> Sequence[str]:
        """The name of each row."""

    @property
    def targets(self) -> NDArray[np.generic]:
        """The encoded target of each row, as the task encodes it; object array where targets are sequences."""

    def __len__(self) -> int:
        """The number of rows."""

    def plan(self, *, seed: int, epoch: int) -> Plan:
        """The training order of one epoch: every row once, unless rows are sampled."""

    def sweep(self) -> Plan:
        """An order for evaluation: every row once, the same each time, long rows together."""

    def batched(self, batch: BatchSize) -> Source:
        """The same rows in batches of another size; this source stays as it is."""

    def batch(self, rows: Sequence[int], *, seed: int, epoch: int) -> Batch:
        """These rows as a training batch, augmented where the split is augmented."""

    def plain(self, rows: Sequence[int]) -> Batch:
        """These rows as they are, never augmented."""

    def example(self, row: int) -> Example:
        """One row as a person would read it."""
