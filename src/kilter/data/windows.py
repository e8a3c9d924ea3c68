"""Batches of token sequences: windows into one long array, padded to the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from kilter.data.ragged import Ragged
from kilter.data.vocabulary import PADDING


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Token sequences as tensors.

    Attributes:
        ids: all sequences one after the other, and as much padding as the longest is long, so that a window may begin
            anywhere.
        starts: (n,) where each begins.
        lengths: (n,) of each.
        positions: 0, 1, 2 and so on, up to the longest.
    """

    ids: Tensor
    starts: Tensor
    lengths: Tensor
    positions: Tensor

    @staticmethod
    def of(sequences: Ragged) -> Windows:
        """The same sequences."""
        lengths = torch.from_numpy(sequences.lengths)
        longest = int(lengths.max()) if len(lengths) else 0
        padded = np.concatenate([sequences.flat, np.full(longest, PADDING, dtype=np.int32)])
        return Windows(
            ids=torch.from_numpy(padded),
            starts=torch.from_numpy(sequences.starts[:-1].copy()),
            lengths=lengths,
            positions=torch.arange(longest),
        )

    def select(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The tokens (b, t) int64 of these rows, padded to the longest of them, and the mask (b, t) of what stands."""
        lengths = self.lengths.index_select(0, rows)
        positions = self.positions[: int(lengths.max())] if len(rows) else self.positions[:0]
        places = self.starts.index_select(0, rows).unsqueeze(1) + positions
        mask = positions < lengths.unsqueeze(1)
        tokens = self.ids.take(places).long()
        tokens *= mask  # padding is 0
        return tokens, mask
