"""Numbers and categories of a row as one vector."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs


class Columns(nn.Module):
    """Numbers as they are, each category as an embedding, side by side.

    One table holds the embeddings of all category columns, one column's values after the other's.

    Attributes:
        width: entries of the vector; 0 where the data have neither numbers nor categories.
    """

    offsets: Tensor

    def __init__(self, inputs: Inputs, *, embedding: int = 8) -> None:
        super().__init__()
        self.width = inputs.numbers + embedding * len(inputs.categories)
        if inputs.categories:
            self.embedding = nn.Embedding(sum(inputs.categories), embedding)
            starts = list(accumulate(inputs.categories, initial=0))[:-1]
            self.register_buffer("offsets", torch.tensor(starts), persistent=False)  # decided by the sizes, not learnt

    def forward(self, numbers: Tensor | None, categories: Tensor | None) -> Tensor:
        """Numbers (b, n) and categories (b, c), as far as there are any, as vectors (b, width)."""
        parts = [] if numbers is None else [numbers]
        if categories is not None:
            parts.append(self.embedding(categories + self.offsets).flatten(1))
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def beside(self, features: Tensor, numbers: Tensor | None, categories: Tensor | None) -> Tensor:
        """What a model made of a text or an image, with the columns of the same rows at its side.

        Features are (b, d), or (b, t, d), where each of the t gets the columns of its row.
        """
        if not self.width:
            return features
        columns: Tensor = self(numbers, categories)
        if features.ndim == 3:
            columns = columns.unsqueeze(1).expand(-1, features.shape[1], -1)
        return torch.cat([features, columns], dim=-1)
