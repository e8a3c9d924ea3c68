"""One encoder for two texts, whose places in one space are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from kilter.models.pooling import pool
from kilter.models.recurrent import Directions, mirrored

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs


class Siamese(nn.Module):
    """Input and answer go through the same weights, and each becomes a place (Bromley et al. 1993).

    With `encoder: bag`, a place is the weighed sum of what its tokens vote for, how loud each speaks being learnt, as
    in the model `bag`; with `recurrent`, the mean of the states of a GRU read both ways (Cho et al. 2014). Normalised
    places lie on the unit sphere, where their product is their cosine.

    Args:
        inputs: the vocabulary, which both texts share.
        outputs: width of the space.
        encoder: `bag` or `recurrent`.
        embedding: width of a token's embedding, of the recurrent encoder.
        normalised: whether places have length 1.
        dropout: share of the tokens (bag) or of embeddings and states (recurrent) that training leaves out.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        encoder: Literal["bag", "recurrent"] = "bag",
        embedding: int = 64,
        normalised: bool = True,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.normalised = normalised
        recurrent = encoder == "recurrent"
        self.encoder: nn.Module = (
            StateEncoder(inputs.vocabulary, outputs, embedding=embedding, dropout=dropout)
            if recurrent
            else BagEncoder(inputs.vocabulary, outputs, dropout=dropout)
        )

    def forward(self, tokens: Tensor, mask: Tensor, answers: Tensor, answers_mask: Tensor) -> dict[str, Tensor]:
        """Tokens (b, t) and answers (b, s), where their masks are true, as `left` and `right`, (b, outputs) each."""
        return {"left": self._place(tokens, mask), "right": self._place(answers, answers_mask)}

    def _place(self, tokens: Tensor, mask: Tensor) -> Tensor:
        place: Tensor = self.encoder(tokens, mask)
        return functional.normalize(place, dim=1) if self.normalised else place


class BagEncoder(nn.Module):
    """A weighed sum of the embeddings of a text's tokens, whatever their order."""

    def __init__(self, vocabulary: int, width: int, *, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.loudness = nn.Parameter(torch.zeros(vocabulary))  # logarithms of the weights
        self.votes = nn.Embedding(vocabulary, width, padding_idx=0)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(b, t) to (b, width)."""
        weights = self.loudness[tokens].exp() * mask
        weights = functional.dropout(functional.normalize(weights, dim=1), self.dropout, self.training)
        return functional.embedding_bag(tokens, self.votes.weight, per_sample_weights=weights, mode="sum")


class StateEncoder(nn.Module):
    """The mean state of a GRU that reads a text both ways, brought to the width of the space."""

    def __init__(self, vocabulary: int, width: int, *, embedding: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding, padding_idx=0)
        self.directions = Directions(embedding, width, "gru", both=True)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(2 * width, width)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(b, t) to (b, width)."""
        states = self.directions(self.dropout(self.embedding(tokens)), mirrored(mask))
        place: Tensor = self.output(self.dropout(pool(states, mask, "mean")))
        return place
