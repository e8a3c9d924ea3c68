"""A transformer over the columns of a table."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn

from kilter.models.activations import Activation
from kilter.models.arguments import Count, Share
from kilter.models.blocks import Block
from kilter.models.normalisation import Normalisation, make_norm

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs

USUAL: Final = 3.0
"""Standard units that few scaled numbers exceed; for the bound of the first block's input."""


class FtTransformer(nn.Module):
    """Each column a token, one more token that gathers the answer, and blocks of attention between them.

    Gorishniy et al. 2021, Revisiting deep learning models for tabular data, section 3.3: a number is a vector times its
    value, a category an embedding, each with a bias of its column; norms stand inside the branches, and the very first
    one is left out.

    Args:
        inputs: sizes of numbers and categories.
        outputs: entries of an answer.
        width: of a column's state.
        layers: blocks, one over the other.
        heads: of the attention; they share the width.
        feedforward: width of the layer between, as a multiple of `width`.
        activation: in the feed-forward layers.
        normalisation: `layer`, `rms` or `none`; `none` is for `initialisation: dt_fixup`.
        dropout: share of what branches add and of the layer between that training leaves out.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        width: Count = 64,
        layers: Count = 3,
        heads: Count = 4,
        feedforward: Count = 2,
        activation: Activation = "reglu",
        normalisation: Normalisation = "layer",
        dropout: Share = 0.1,
    ) -> None:
        super().__init__()
        self.columns = ColumnTokens(inputs, width)
        self.blocks = nn.ModuleList(
            Block(width, heads, feedforward, activation, dropout, normalisation=normalisation) for _ in range(layers)
        )
        self.blocks[0].attention_norm = nn.Identity()
        self.norm = make_norm(normalisation, width)
        self.activation = nn.ReLU()
        self.output = nn.Linear(width, outputs)

    def forward(self, numbers: Tensor | None = None, categories: Tensor | None = None) -> Tensor:
        """Numbers (b, n) and categories (b, c) as answers (b, outputs)."""
        states = self.columns(numbers, categories)
        seen = torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)
        for block in self.blocks:
            states = block(states, seen)
        answers: Tensor = self.output(self.activation(self.norm(states[:, 0])))
        return answers

    def largest_input(self) -> float:
        """No column of usual numbers, up to 3 standard units, enters the first block with a larger norm than this."""
        scales = {"slopes": USUAL, "values": 1.0, "starts": 1.0}
        tables = {name: table for name, table in self.columns.named_children() if isinstance(table, nn.Embedding)}
        return sum(scales[name] * float(table.weight.detach().norm(dim=1).max()) for name, table in tables.items())


class ColumnTokens(nn.Module):
    """Numbers and categories of a row as one vector a column, after one that is the same for all rows."""

    offsets: Tensor

    def __init__(self, inputs: Inputs, width: int) -> None:
        super().__init__()
        self.starts = nn.Embedding(1 + inputs.numbers + len(inputs.categories), width)  # what a column adds to all
        if inputs.numbers:
            self.slopes = nn.Embedding(inputs.numbers, width)
        if inputs.categories:
            self.values = nn.Embedding(sum(inputs.categories), width)
            begins = list(accumulate(inputs.categories, initial=0))[:-1]
            self.register_buffer("offsets", torch.tensor(begins), persistent=False)  # decided by the sizes, not learnt

    def forward(self, numbers: Tensor | None, categories: Tensor | None) -> Tensor:
        """Numbers (b, n) and categories (b, c), as far as there are any, as vectors (b, 1 + n + c, width)."""
        given = [each for each in (numbers, categories) if each is not None]
        parts = [torch.zeros(len(given[0]), 1, self.starts.embedding_dim, device=given[0].device)]
        if numbers is not None:
            parts.append(numbers.unsqueeze(-1) * self.slopes.weight)
        if categories is not None:
            parts.append(self.values(categories + self.offsets))
        return torch.cat(parts, dim=1) + self.starts.weight
