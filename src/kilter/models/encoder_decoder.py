"""An encoder-decoder: a text that answers another one, token by token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from kilter.models.recurrent import Directions, mirrored

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs


class EncoderDecoder(nn.Module):
    """A text read in both directions, and an answer that looks back at it before each of its tokens.

    Sutskever, Vinyals and Le 2014, Sequence to sequence learning with neural networks, with the attention of Luong,
    Pham and Manning 2015, Effective approaches to attention-based neural machine translation, section 3.1 (`general`).
    In training the true tokens up to each place are given (teacher forcing); the states of all places are then found
    in one pass, since none depends on what attention saw.

    Args:
        inputs: the vocabulary, which the text and its answer share.
        outputs: logits at each place of the answer, one a token.
        embedding: width of a token's embedding.
        width: of the states, of each direction half.
        layers: of the decoder, one over the other.
        dropout: share of embeddings and of states that training leaves out.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        embedding: int = 64,
        width: int = 128,
        layers: int = 1,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if width % 2:
            message = f"width = {width}: an even one is legal, since two directions share it"
            raise ValueError(message)
        self.embedding = nn.Embedding(inputs.vocabulary, embedding, padding_idx=0)
        self.encoder = Directions(embedding, width // 2, "gru", both=True)
        sizes = [embedding] + [width] * layers
        self.decoder = nn.ModuleList(nn.GRU(size, width, batch_first=True) for size in sizes[:-1])
        self.query = nn.Linear(width, width, bias=False)
        self.together = nn.Linear(2 * width, width)
        self.activation = nn.Tanh()
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(width, outputs)

    def forward(self, tokens: Tensor, mask: Tensor, answers: Tensor) -> Tensor:
        """Logits (b, s, outputs) of what follows each token of the answers (b, s), given texts (b, t) and their mask.

        Answers are padded to the right, where nothing is read from them any more.
        """
        read = self.encoder(self.dropout(self.embedding(tokens)), mirrored(mask))  # (b, t, width)
        states = self.dropout(self.embedding(answers))
        first = _ends(read, mask).unsqueeze(0)  # each layer begins with what was read
        for layer in self.decoder:
            states = self.dropout(layer(states, first)[0])
        looked = self.looked_back(states, read, mask)
        logits: Tensor = self.output(self.dropout(self.activation(self.together(torch.cat([states, looked], dim=-1)))))
        return logits

    def looked_back(self, states: Tensor, read: Tensor, mask: Tensor) -> Tensor:
        """For each state (b, s, width) the mean of what was read (b, t, width), weighted by how well it answers."""
        fit: Tensor = self.query(states) @ read.transpose(1, 2) * read.shape[-1] ** -0.5
        lowest = torch.finfo(fit.dtype).min
        weights = fit.masked_fill(~mask.unsqueeze(1), lowest).softmax(dim=-1)
        return torch.bmm(weights, read)


def _ends(read: Tensor, mask: Tensor) -> Tensor:
    """What each direction (b, t, width / 2 each) ended with, side by side (b, width)."""
    ahead, back = read.chunk(2, dim=-1)
    last = (mask.sum(dim=1) - 1).clamp_min(0)
    return torch.cat([ahead[torch.arange(len(read), device=read.device), last], back[:, 0]], dim=1).contiguous()
