"""Small networks over sequences that are right: of each token, of the next one, of a text, of two texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

if TYPE_CHECKING:
    from torch import Tensor


class Spelling(nn.Module):
    """The maximum over the letters of each word."""

    def __init__(self, letters: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(letters, width)

    def forward(self, characters: Tensor) -> Tensor:
        """(b, t, c) to (b, t, width); 0 is no letter."""
        letters = self.embedding(characters).masked_fill((characters == 0).unsqueeze(-1), -torch.inf)
        most: Tensor = letters.amax(dim=2).nan_to_num(neginf=0.0)
        return most


class RecurrentTagger(nn.Module):
    """Packed LSTMs, both ways, two of them with dropout between, over words and their letters."""

    def __init__(self, vocabulary: int, letters: int, outputs: int, *, width: int = 24) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.spelling = Spelling(letters, 8)
        self.lstm = nn.LSTM(width + 8, width, num_layers=2, dropout=0.2, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * width, outputs)

    def forward(self, tokens: Tensor, mask: Tensor, characters: Tensor) -> Tensor:
        """(b, t) and (b, t, c) to (b, t, outputs)."""
        state = torch.cat([self.embedding(tokens), self.spelling(characters)], dim=-1)
        lengths = mask.sum(dim=1).cpu()
        packed = pack_padded_sequence(state, lengths, batch_first=True, enforce_sorted=False)
        state, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=tokens.shape[1])
        return self.out(state)  # type: ignore[no-any-return]


class Attending(nn.Module):
    """A pre-norm block of attention to the places that a mask leaves; `causal` leaves those up to each place."""

    def __init__(self, width: int, *, causal: bool, dropout: float = 0.1) -> None:
        super().__init__()
        self.causal = causal
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 2, dropout=dropout, batch_first=True)
        self.hidden = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, state: Tensor, mask: Tensor) -> Tensor:
        """(b, t, width) to the same."""
        places = state.shape[1]
        later = torch.ones(places, places, dtype=torch.bool, device=state.device).triu(1) if self.causal else None
        normed = self.norm(state)
        seen, _ = self.attention(normed, normed, normed, key_padding_mask=~mask, attn_mask=later, need_weights=False)
        state = state + seen
        return state + self.hidden(state)  # type: ignore[no-any-return]


class AttentiveTagger(nn.Module):
    """A transformer that answers each token, and does not look at letters."""

    def __init__(self, vocabulary: int, outputs: int, *, width: int = 32) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.places = nn.Embedding(64, width)
        self.block = Attending(width, causal=False)
        self.out = nn.Linear(width, outputs)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(b, t) to (b, t, outputs)."""
        places = self.places(torch.arange(tokens.shape[1], device=tokens.device))
        return self.out(self.block(self.embedding(tokens) + places, mask))  # type: ignore[no-any-return]


class CausalAttention(nn.Module):
    """A small causal transformer whose last layer is tied to the embedding."""

    def __init__(self, vocabulary: int, *, width: int = 32, causal: bool = True) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.embedding.weight, std=0.1)  # it is the last layer, too
        self.places = nn.Embedding(64, width)
        self.block = Attending(width, causal=causal)
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(b, t) to (b, t, vocabulary)."""
        places = self.places(torch.arange(tokens.shape[1], device=tokens.device))
        state = self.norm(self.block(self.embedding(tokens) + places, mask))
        return functional.linear(state, self.embedding.weight)


class CausalRecurrent(nn.Module):
    """A GRU that says what comes next."""

    def __init__(self, vocabulary: int, *, width: int = 48, both: bool = False) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 24)
        self.gru = nn.GRU(24, width, batch_first=True, bidirectional=both)
        self.out = nn.Linear(width * (1 + both), vocabulary)

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, t) to (b, t, vocabulary); what stands behind a token is not read before it."""
        return self.out(self.gru(self.embedding(tokens))[0])  # type: ignore[no-any-return]


class Writer(nn.Module):
    """An encoder, and a decoder that attends to it while it writes (Luong et al. 2015)."""

    def __init__(self, vocabulary: int, *, width: int = 48, both: bool = False) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.reader = nn.GRU(width, width, batch_first=True)
        self.writer = nn.GRU(width, width, batch_first=True, bidirectional=both)
        self.narrow = nn.Linear(width * (1 + both), width)
        self.out = nn.Linear(2 * width, vocabulary)

    def forward(self, tokens: Tensor, mask: Tensor, answers: Tensor) -> Tensor:
        """(b, t) and (b, s) to (b, s, vocabulary)."""
        read, _ = self.reader(self.embedding(tokens))
        last = read[torch.arange(len(read), device=read.device), mask.sum(dim=1) - 1]
        both = 2 if self.writer.bidirectional else 1
        written = self.narrow(self.writer(self.embedding(answers), last.expand(both, -1, -1).contiguous())[0])
        shares = (written @ read.transpose(1, 2)).masked_fill(~mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
        return self.out(torch.cat([written, shares @ read], dim=-1).tanh())  # type: ignore[no-any-return]


class Siamese(nn.Module):
    """One network that places inputs and target texts on one sphere: the mean of embeddings, and a layer."""

    def __init__(self, vocabulary: int, *, width: int = 32) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor, mask: Tensor, answers: Tensor, answers_mask: Tensor) -> dict[str, Tensor]:
        """(b, t) and (b, s) to `left` and `right`, each (b, width)."""
        return {"left": self._placed(tokens, mask), "right": self._placed(answers, answers_mask)}

    def _placed(self, tokens: Tensor, mask: Tensor) -> Tensor:
        weight = mask.unsqueeze(-1).float()
        mean = (self.embedding(tokens) * weight).sum(dim=1) / weight.sum(dim=1)
        return functional.normalize(self.out(mean.tanh()), dim=-1)


class Pairs(nn.Module):
    """Two texts in one row, each pooled by itself: what both say, and what only one does."""

    def __init__(self, vocabulary: int, outputs: int, *, width: int = 32) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.hidden = nn.Linear(2 * width, width)
        self.out = nn.Linear(width, outputs)

    def forward(self, tokens: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        """(b, t) to (b, outputs)."""
        state = self.embedding(tokens)
        means = []
        for segment in (0, 1):
            weight = (mask & (segments == segment)).unsqueeze(-1).float()
            means.append((state * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1))
        both = torch.cat([means[0] * means[1], (means[0] - means[1]).abs()], dim=-1)
        return self.out(self.hidden(both).relu())  # type: ignore[no-any-return]
