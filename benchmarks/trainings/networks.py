"""Networks of the recorded trainings that are more than layers in a row."""

from __future__ import annotations

import math
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@final
class Writer(nn.Module):
    """A recurrent network over symbols: logits of the next one at each place."""

    def __init__(self, symbols: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        self.memory = nn.GRU(width, width, batch_first=True)
        self.output = nn.Linear(width, symbols)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.memory(self.embedding(x))[0])


@final
class Reader(nn.Module):
    """A recurrent network over amounts: one amount at each place."""

    def __init__(self, inputs: int, width: int, *, kind: type[nn.Module] = nn.GRU) -> None:
        super().__init__()
        self.memory = kind(inputs, width, batch_first=True)
        self.output = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.memory(x)[0]).squeeze(-1)


@final
class Attention(nn.Module):
    """Self-attention of several heads; how even its shares were last time stands in `entropy`."""

    def __init__(self, width: int, heads: int, *, causal: bool) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.inward = nn.Linear(width, 3 * width)
        self.outward = nn.Linear(width, width)
        self.entropy = float("nan")

    def forward(self, x: Tensor) -> Tensor:
        count, length, width = x.shape
        query, key, value = self.inward(x).view(count, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) / math.sqrt(width / self.heads)
        if self.causal:
            scores = scores.masked_fill(torch.ones(length, length).triu(1).bool(), -1e9)
        shares = scores.softmax(-1)
        self.entropy = float(-(shares * (shares + 1e-12).log()).sum(-1).mean()) / math.log(length)
        return self.outward((shares @ value).transpose(1, 2).reshape(count, length, width))


@final
class Block(nn.Module):
    """Attention and two full layers, each around a residual path."""

    def __init__(self, width: int, heads: int, *, causal: bool, norm_first: bool = True) -> None:
        super().__init__()
        self.attention = Attention(width, heads, causal=causal)
        self.full = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.norm_first = norm_first

    def forward(self, x: Tensor) -> Tensor:
        if self.norm_first:
            x = x + self.attention(self.first(x))
            return x + self.full(self.second(x))
        x = self.first(x + self.attention(x))
        return self.second(x + self.full(x))


@final
class Transformer(nn.Module):
    """A small transformer over symbols: logits at each place."""

    def __init__(
        self, symbols: int, width: int, length: int, *, depth: int = 2, heads: int = 2, causal: bool = True,
        norm_first: bool = True, outputs: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        self.place = nn.Parameter(0.02 * torch.randn(length, width))
        self.blocks = nn.Sequential(*[Block(width, heads, causal=causal, norm_first=norm_first) for _ in range(depth)])
        self.output = nn.Linear(width, outputs or symbols)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.blocks(self.embedding(x) + self.place[: x.shape[1]]))


def small_convolutions(classes: int = 10, *, norm: type[nn.Module] | None = nn.BatchNorm2d) -> nn.Sequential:
    """Two convolutions over the digits' eight by eight pixels."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 8, 3, padding=1),
        norm(8) if norm else nn.Identity(),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        norm(16) if norm else nn.Identity(),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(256, classes),
    )


def similar(first: Tensor, second: Tensor, *, heat: float = 0.2) -> Tensor:
    """Contrastive cross entropy of pairs: each must find its partner among all of the batch."""
    scores = F.normalize(first, dim=-1) @ F.normalize(second, dim=-1).T / heat
    return F.cross_entropy(scores, torch.arange(len(scores)))
