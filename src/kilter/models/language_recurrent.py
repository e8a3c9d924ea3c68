"""Recurrent language models: what follows each token of a text, from those up to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from kilter.models.recurrent import Cell
    from kilter.values.inputs import Inputs


class LanguageRecurrent(nn.Module):
    """A text read token by token; the state after each of them says what follows (Mikolov et al. 2010).

    A state holds only what was read, so that no answer can know what it is asked for, and padding, which stands to the
    right, is read too late to matter.

    Args:
        inputs: the vocabulary.
        outputs: logits at each place, one a token.
        cell: `lstm` (Hochreiter and Schmidhuber 1997) or `gru` (Cho et al. 2014).
        embedding: width of a token's embedding.
        width: of the state.
        layers: one over the other.
        dropout: share of embeddings, of states between layers and of last states that training leaves out.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        cell: Cell = "lstm",
        embedding: int = 64,
        width: int = 256,
        layers: int = 1,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        sizes = [embedding] + [width] * layers
        self.embedding = nn.Embedding(inputs.vocabulary, embedding, padding_idx=0)
        self.layers = nn.ModuleList(kind(size, width, batch_first=True) for size in sizes[:-1])
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(sizes[-1], outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (b, t), padded to the right, as logits (b, t, outputs) of the token that follows each."""
        states = self.embedding(tokens)
        for layer in self.layers:
            states = layer(self.dropout(states))[0]
        logits: Tensor = self.output(self.dropout(states))
        return logits
