"""Recurrent networks over texts: LSTM and GRU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from kilter.models.arguments import Count, Share
from kilter.models.columns import Columns
from kilter.models.pooling import Pooling, make_pooling, pool

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs

Cell = Literal["lstm", "gru"]


class Recurrent(nn.Module):
    """A text read token by token, in both directions or one, and its states pooled.

    Args:
        inputs: the vocabulary, and sizes of numbers and categories beside the text.
        outputs: entries of an answer.
        cell: `lstm` (Hochreiter and Schmidhuber 1997) or `gru` (Cho et al. 2014).
        embedding: width of a token's embedding.
        width: of the state of each direction.
        layers: one over the other.
        bidirectional: whether the text is also read backwards.
        pooling: `max`, `mean`, `sum`, `first`, `final` or `attention`; with both directions,
            `final` joins the last state of each.
        dropout: share of embeddings, of states between layers and of features that training leaves out.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        cell: Cell = "lstm",
        embedding: Count = 64,
        width: Count = 64,
        layers: Count = 1,
        bidirectional: bool = True,
        pooling: Pooling = "max",
        dropout: Share = 0.3,
    ) -> None:
        super().__init__()
        self.pooling: Pooling = pooling
        self.embedding = nn.Embedding(inputs.vocabulary, embedding, padding_idx=0)
        sizes = [embedding] + [width * (1 + bidirectional)] * layers
        self.layers = nn.ModuleList(Directions(size, width, cell, both=bidirectional) for size in sizes[:-1])
        self.dropout = nn.Dropout(dropout)
        self.pool = make_pooling(pooling, sizes[-1])
        self.columns = Columns(inputs)
        self.output = nn.Linear(sizes[-1] + self.columns.width, outputs)

    def forward(
        self, tokens: Tensor, mask: Tensor, numbers: Tensor | None = None, categories: Tensor | None = None
    ) -> Tensor:
        """Tokens (b, t) where the mask (b, t) is true, with numbers and categories, as answers (b, outputs)."""
        states = self.embedding(tokens)
        mirror = mirrored(mask)
        for layer in self.layers:
            states = layer(self.dropout(states), mirror)
        pooled = self._pooled(states, mask)
        answers: Tensor = self.output(self.columns.beside(self.dropout(pooled), numbers, categories))
        return answers

    def _pooled(self, states: Tensor, mask: Tensor) -> Tensor:
        last = self.layers[-1]
        if self.pooling == "final" and isinstance(last, Directions) and last.backward_cell is not None:
            ahead, back = states.chunk(2, dim=-1)  # reading backwards ends at the first token
            return torch.cat([pool(ahead, mask, "final"), pool(back, mask, "first")], dim=1)
        pooled: Tensor = self.pool(states, mask)
        return pooled


class Directions(nn.Module):
    """A recurrent layer that reads a text forward, and another that reads it backwards from its last token.

    Turning each text round within its length, padding stays behind it and is never read before a token. Where
    there is any, this takes less than half the time of packed sequences on a CPU, and gives the same states, to the
    bit whatever the padding.
    """

    def __init__(self, size: int, width: int, cell: Cell, *, both: bool) -> None:
        super().__init__()
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.forward_cell = kind(size, width, batch_first=True)
        self.backward_cell = kind(size, width, batch_first=True) if both else None

    def forward(self, sequence: Tensor, mirror: Tensor) -> Tensor:
        """Sequences (b, t, d) as states (b, t, directions * width); `mirror` (b, t) is what `mirrored` says."""
        ahead: Tensor = self.forward_cell(sequence)[0]
        if self.backward_cell is None:
            return ahead
        back = _turned(self.backward_cell(_turned(sequence, mirror))[0], mirror)
        return torch.cat([ahead, back], dim=-1)


def mirrored(mask: Tensor) -> Tensor:
    """For each position (b, t) the one as far from the text's end as it is from its beginning; padding stays put.

    >>> mirrored(torch.tensor([[True, True, True, False]])).tolist()
    [[2, 1, 0, 3]]
    """
    length = mask.sum(dim=1, keepdim=True)
    places = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)
    return torch.where(places < length, length - 1 - places, places)


def _turned(sequence: Tensor, mirror: Tensor) -> Tensor:
    return sequence.gather(1, mirror.unsqueeze(-1).expand(-1, -1, sequence.shape[-1]))
