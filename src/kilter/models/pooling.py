"""A sequence of states as one vector: mean, sum, maximum, first, final or by attention, blind to padding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

import torch
from torch import Tensor, nn

Pooling = Literal["mean", "sum", "max", "first", "final", "attention"]


def make_pooling(how: Pooling, width: int) -> nn.Module:
    """A module that takes states (b, t, width) and their mask (b, t) to vectors (b, width).

    Raises:
        ValueError: there is no such pooling.
    """
    return AttentionPooling(width) if how == "attention" else PlainPooling(how)


class PlainPooling(nn.Module):
    """A pooling without weights, by its name."""

    def __init__(self, how: Pooling) -> None:
        super().__init__()
        if how not in POOLS:
            message = f"pooling = {how!r}: legal are {', '.join(POOLS)}, attention"
            raise ValueError(message)
        self.how: Pooling = how

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """States (b, t, d) where the mask (b, t) is true as vectors (b, d)."""
        return pool(states, mask, self.how)


class AttentionPooling(nn.Module):
    """The mean of the states, each weighed by how well it answers a question that is learnt.

    A state's key is a tanh layer of it, and its weight the softmax, over the text, of the key's product with the
    query (Yang et al. 2016, Hierarchical attention networks for document classification, equations 5 to 7). An example
    without any token becomes zeros.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.key = nn.Linear(width, width)
        self.tanh = nn.Tanh()
        self.query = nn.Linear(width, 1, bias=False)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """States (b, t, d) where the mask (b, t) is true as vectors (b, d)."""
        weights = self.weights(states, mask)
        return (states.masked_fill(~mask.unsqueeze(-1), 0.0) * weights.unsqueeze(-1)).sum(dim=1)

    def weights(self, states: Tensor, mask: Tensor) -> Tensor:
        """The weight (b, t) of each state; they add up to 1 over the tokens of a text."""
        matches = self.query(self.tanh(self.key(states))).squeeze(-1)
        lowest = torch.finfo(states.dtype).min  # finite, so that a text without tokens has no softmax of infinities
        weights: Tensor = matches.masked_fill(~mask, lowest).softmax(dim=1) * mask
        return weights


def pool(states: Tensor, mask: Tensor, how: Pooling) -> Tensor:
    """The states of each example (b, t, d) as one vector (b, d), without any weights.

    Args:
        states: what a model made of each position; at padded positions anything, also not-a-number.
        mask: (b, t), true where a token stands; padding is to the right, or is left out of mean, sum and maximum.
        how: `mean`, `sum` or `max` over the tokens, or the state of the `first` or the `final` one.

    An example without any token becomes zeros.

    >>> states = torch.tensor([[[1.0], [3.0], [9.0]]])
    >>> [pool(states, torch.tensor([[True, True, False]]), how).item() for how in ("mean", "max", "first", "final")]
    [2.0, 3.0, 1.0, 3.0]

    Raises:
        ValueError: there is no such pooling, or states and mask do not fit each other.
    """
    if states.ndim != 3 or mask.shape != states.shape[:2]:
        message = (
            f"states {tuple(states.shape)} with a mask {tuple(mask.shape)}: (b, t, d) with (b, t) are legal;"
            " pass one state and one truth a position"
        )
        raise ValueError(message)
    if how not in POOLS:
        message = f"pooling = {how!r}: legal are {', '.join(POOLS)}; attention has weights, take `make_pooling`"
        raise ValueError(message)
    return POOLS[how](states, mask)


def _mean(states: Tensor, mask: Tensor) -> Tensor:
    return _sum(states, mask) / mask.sum(dim=1, keepdim=True).clamp_min(1)


def _sum(states: Tensor, mask: Tensor) -> Tensor:
    return states.masked_fill(~mask.unsqueeze(-1), 0.0).sum(dim=1)


def _max(states: Tensor, mask: Tensor) -> Tensor:
    lowest = torch.finfo(states.dtype).min
    highest = states.masked_fill(~mask.unsqueeze(-1), lowest).amax(dim=1)
    return _or_zeros(highest, mask)


def _first(states: Tensor, mask: Tensor) -> Tensor:
    return _or_zeros(states[:, 0], mask)


def _final(states: Tensor, mask: Tensor) -> Tensor:
    last = (mask.sum(dim=1) - 1).clamp_min(0)
    return _or_zeros(states[torch.arange(len(states), device=states.device), last], mask)


def _or_zeros(pooled: Tensor, mask: Tensor) -> Tensor:
    return pooled.masked_fill(~mask.any(dim=1, keepdim=True), 0.0)


POOLS: Final[Mapping[str, Callable[[Tensor, Tensor], Tensor]]] = MappingProxyType(
    {"mean": _mean, "sum": _sum, "max": _max, "first": _first, "final": _final}
)
"""The poolings without weights."""
