"""Small networks that several programs share."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

if TYPE_CHECKING:
    from torch import Tensor


def perceptron(*widths: int, dropout: float = 0.0) -> nn.Sequential:
    """Linear layers of these widths with rectifiers between."""
    layers: list[nn.Module] = []
    for given, made in itertools.pairwise(widths[:-1]):
        layers += [nn.Linear(given, made), nn.ReLU()]
        layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))


class Gated(nn.Module):
    """Branches that begin at zero (Bachlechner et al. 2021, ReZero)."""

    def __init__(self, given: int, outputs: int, *, width: int = 48) -> None:
        super().__init__()
        self.first = nn.Linear(given, width)
        self.branches = nn.ModuleList(perceptron(width, width, width) for _ in range(2))
        self.gates = nn.ParameterList(nn.Parameter(torch.zeros(1)) for _ in range(2))
        self.out = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Any:
        state = self.first(x)
        for branch, gate in zip(self.branches, self.gates, strict=True):
            state = state + gate * branch(state.relu())
        return self.out(state.relu())


class Experts(nn.Module):
    """Small networks whose answers a gate weighs."""

    def __init__(self, given: int, outputs: int, *, experts: int = 3) -> None:
        super().__init__()
        self.experts = nn.ModuleList(perceptron(given, 24, outputs) for _ in range(experts))
        self.gate = nn.Linear(given, experts)

    def forward(self, x: Tensor) -> Any:
        answers = torch.stack([expert(x) for expert in self.experts], 1)
        return (self.gate(x).softmax(-1)[..., None] * answers).sum(1)


class MaskedMean(nn.Module):
    """Embeddings averaged over the words that are there."""

    def __init__(self, outputs: int, *, words: int = 20, width: int = 16) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.out = perceptron(width, 24, outputs)

    def forward(self, tokens: Tensor) -> Any:
        mask = (tokens != 0).unsqueeze(-1)
        return self.out((self.embedding(tokens) * mask).sum(1) / mask.sum(1).clamp(min=1))


class Packed(nn.Module):
    """A recurrent network that reads no padding."""

    def __init__(self, outputs: int, *, words: int = 20, width: int = 24) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 12)
        self.rnn = nn.GRU(12, width, batch_first=True)
        self.out = nn.Linear(width, outputs)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Any:
        packed = pack_padded_sequence(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        return self.out(self.rnn(packed)[1][-1])


class Tagger(nn.Module):
    """A recurrent network in both directions, an answer for each word."""

    def __init__(self, outputs: int, *, words: int = 12, width: int = 16) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 12, padding_idx=0)
        self.rnn = nn.LSTM(12, width, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * width, outputs)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Any:
        packed = pack_padded_sequence(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        states, _ = nn.utils.rnn.pad_packed_sequence(
            self.rnn(packed)[0], batch_first=True, total_length=tokens.shape[1]
        )
        return self.out(states)


class Encoder(nn.Module):
    """A transformer over words; padding is masked, and left out of the mean."""

    def __init__(
        self,
        outputs: int,
        *,
        words: int = 20,
        first: bool = True,
        width: int = 24,
        layers: int = 1,
        spread: float = 0.02,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.places = nn.Parameter(spread * torch.randn(1, 16, width))
        layer = nn.TransformerEncoderLayer(width, 4, 48, 0.0, batch_first=True, norm_first=first)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.out = nn.Linear(width, outputs)

    def states(self, tokens: Tensor) -> Any:
        """(b, s, width)."""
        state = self.embedding(tokens) + self.places[:, : tokens.shape[1]]
        return self.layers(state, src_key_padding_mask=tokens == 0)

    def forward(self, tokens: Tensor) -> Any:
        mask = (tokens != 0).unsqueeze(-1)
        return self.out((self.states(tokens) * mask).sum(1) / mask.sum(1))


class Causal(nn.Module):
    """A causal transformer over words whose output weights are its embeddings."""

    def __init__(self, *, words: int = 13, width: int = 24, layers: int = 1, tied: bool = True) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        nn.init.normal_(self.embedding.weight, std=1 / math.sqrt(width))
        self.places = nn.Embedding(32, width)
        layer = nn.TransformerEncoderLayer(width, 2, 48, 0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.out = nn.Linear(width, words, bias=False)
        if tied:
            self.out.weight = self.embedding.weight

    def forward(self, tokens: Tensor) -> Any:
        length = tokens.shape[1]
        state = self.embedding(tokens) + self.places(torch.arange(length))
        hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
        return self.out(self.layers(state, mask=hidden, is_causal=True))


class Convolutions(nn.Sequential):
    """Two convolutions with what people put between them, over (b, 1, 8, 8)."""

    def __init__(self, outputs: int = 10, *, norm: str = "batch", groups: int = 1) -> None:
        norms = {
            "batch": nn.BatchNorm2d,
            "none": lambda _: nn.Identity(),
            "group": lambda width: nn.GroupNorm(4, width),
        }
        made: Any = norms[norm]
        super().__init__(
            nn.Conv2d(1, 8, 3, padding=1),
            made(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1, groups=groups),
            made(16),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(64, outputs),
        )
