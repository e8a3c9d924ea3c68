"""Sequences of unequal length in two arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ragged:
    """Sequences one after the other, and where each begins: row i is `flat[starts[i] : starts[i + 1]]`.

    >>> Ragged.of([[5, 6], [7]])[1]
    array([7], dtype=int32)
    """

    flat: NDArray[np.int32]
    starts: NDArray[np.int64]

    @staticmethod
    def of(sequences: Sequence[Sequence[int]]) -> Ragged:
        """These sequences."""
        lengths = np.fromiter(map(len, sequences), dtype=np.int64, count=len(sequences))
        flat = np.fromiter(chain.from_iterable(sequences), dtype=np.int32, count=int(lengths.sum()))
        return Ragged(flat=flat, starts=np.concatenate([[0], np.cumsum(lengths)]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> NDArray[np.int32]:
        return self.flat[self.starts[row] : self.starts[row + 1]]

    def __repr__(self) -> str:
        return f"Ragged({len(self)} sequences, {len(self.flat)} items)"

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The length of each sequence."""
        return np.diff(self.starts)
