"""A sequence of states as one vector: mean, maximum, first or final, blind to padding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args

import torch
from torch import Tensor

Pooling = Literal["mean", "max", "first", "final"]

POOLINGS: Final[tuple[str, ...]] = get_args(Pooling)


def pool(states: Tensor, mask: Tensor, how: Pooling) -> Tensor:
    """The states of each example (b, t, d) as one vector (b, d).

    Args:
        states: what a model made of each position; at padded positions anything, also not-a-number.
        mask: (b, t), true where a token stands; padding is to the right, or is left out of the mean and the maximum.
        how: `mean` or `max` over the tokens, or the state of the `first` or the `final` one.

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
    if how not in _POOLS:
        message = f"pooling = {how!r}: legal are {', '.join(POOLINGS)}"
        raise ValueError(message)
    return _POOLS[how](states, mask)


def _mean(states: Tensor, mask: Tensor) -> Tensor:
    kept = states.masked_fill(~mask.unsqueeze(-1), 0.0)
    return kept.sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp_min(1)


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


_POOLS: Final[Mapping[str, Callable[[Tensor, Tensor], Tensor]]] = MappingProxyType(
    {"mean": _mean, "max": _max, "first": _first, "final": _final}
)
