"""Small networks that are right, for healthy pipelines and as the ground in which faults are planted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

if TYPE_CHECKING:
    from torch import Tensor


class Perceptron(nn.Module):
    """Two layers over `numbers`, with what people put between them."""

    def __init__(self, given: int, outputs: int, *, width: int = 32, dropout: float = 0.0, norm: str = "") -> None:
        super().__init__()
        norms = {"batch": nn.BatchNorm1d(width), "layer": nn.LayerNorm(width)}
        self.hidden = nn.Linear(given, width)
        self.norm = norms.get(norm, nn.Identity())
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        return self.out(self.dropout(self.norm(self.hidden(numbers)).relu()))  # type: ignore[no-any-return]


class Residual(nn.Module):
    """Branches that begin at zero, so that the network begins as a linear one (Bachlechner et al. 2021, ReZero)."""

    def __init__(self, given: int, outputs: int, *, width: int = 32, depth: int = 2) -> None:
        super().__init__()
        self.first = nn.Linear(given, width)
        self.branches = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.gates = nn.ParameterList(nn.Parameter(torch.zeros(1)) for _ in range(depth))
        self.out = nn.Linear(width, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        state = self.first(numbers)
        for branch, gate in zip(self.branches, self.gates, strict=True):
            state = state + gate * branch(state).relu()
        return self.out(state)  # type: ignore[no-any-return]


class Mixed(nn.Module):
    """Numbers and embedded `categories` together."""

    def __init__(self, given: int, sizes: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(size, 4) for size in sizes)
        self.hidden = nn.Linear(given + 4 * len(sizes), 32)
        self.out = nn.Linear(32, outputs)

    def forward(self, numbers: Tensor, categories: Tensor) -> Tensor:
        """(b, given) and (b, columns) to (b, outputs)."""
        words = [embedding(categories[:, at]) for at, embedding in enumerate(self.embeddings)]
        return self.out(self.hidden(torch.cat([numbers, *words], dim=1)).relu())  # type: ignore[no-any-return]


class Convolutions(nn.Module):
    """Two grouped convolutions over `image`, normalised over the batch or over groups of channels."""

    def __init__(self, outputs: int, *, norm: str = "batch") -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8) if norm == "batch" else nn.GroupNorm(2, 8)
        self.second = nn.Conv2d(8, 16, 3, padding=1, groups=2)
        self.out = nn.Linear(16, outputs)

    def forward(self, image: Tensor) -> Tensor:
        """(b, 1, h, w) to (b, outputs)."""
        state = self.norm(self.first(image)).relu()
        return self.out(self.second(state).relu().mean(dim=(2, 3)))  # type: ignore[no-any-return]


class Bag(nn.Module):
    """The mean of the embeddings of the `tokens` that the `mask` leaves."""

    def __init__(self, vocabulary: int, outputs: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 32)
        self.out = nn.Linear(32, outputs)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(b, t) to (b, outputs)."""
        weight = mask.unsqueeze(-1).float()
        return self.out((self.embedding(tokens) * weight).sum(1) / weight.sum(1).clamp(min=1))  # type: ignore[no-any-return]


class Recurrent(nn.Module):
    """A packed LSTM's last state, both ways."""

    def __init__(self, vocabulary: int, outputs: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 16, padding_idx=0)
        self.lstm = nn.LSTM(16, 16, batch_first=True, bidirectional=True)
        self.out = nn.Linear(32, outputs)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(b, t) to (b, outputs)."""
        lengths = mask.sum(dim=1).clamp(min=1).cpu()
        packed = pack_padded_sequence(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        _, (last, _) = self.lstm(packed)
        return self.out(torch.cat([last[0], last[1]], dim=1))  # type: ignore[no-any-return]


class Attention(nn.Module):
    """A small pre-norm transformer whose attention leaves padding out, with a first token of its own."""

    def __init__(self, vocabulary: int, outputs: int, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 32)
        self.places = nn.Embedding(64, 32)
        self.attention = nn.MultiheadAttention(32, 4, dropout=dropout, batch_first=True)
        self.norm = nn.LayerNorm(32)
        self.out = nn.Linear(32, outputs)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(b, t) to (b, outputs)."""
        places = self.places(torch.arange(tokens.shape[1], device=tokens.device).clamp(max=63))
        state = self.embedding(tokens) + places
        normed = self.norm(state)
        seen, _ = self.attention(normed, normed, normed, key_padding_mask=~mask, need_weights=False)
        state = (state + seen).masked_fill(~mask.unsqueeze(-1), 0.0)
        return self.out(state.sum(dim=1) / mask.sum(dim=1, keepdim=True))  # type: ignore[no-any-return]


class Tied(nn.Module):
    """Two layers over `numbers` that share one matrix."""

    def __init__(self, given: int, outputs: int, *, width: int = 32) -> None:
        super().__init__()
        self.first = nn.Linear(given, width)
        self.second = nn.Linear(width, width)
        self.third = nn.Linear(width, width)
        self.third.weight = self.second.weight
        self.out = nn.Linear(width, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        state = self.third(self.second(self.first(numbers).relu()).relu()).relu()
        return self.out(state)  # type: ignore[no-any-return]


class Transfer(nn.Module):
    """A backbone that stays as it is, and a head that learns."""

    def __init__(self, given: int, outputs: int, *, width: int = 128) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(given, width), nn.Tanh()).requires_grad_(False)
        self.head = nn.Linear(width, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        return self.head(self.backbone(numbers))  # type: ignore[no-any-return]
