"""How an attention spreads over the places that it may see."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.engine.activations import Activation

MASKED: Final = -1e4
"""Products below are what a mask has left of them, be it an infinity or a large number."""


def shares(
    activation: Activation, *, most: int | None = None, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor] | None:
    """The shares (..., queries, keys) of an attention and which of them a mask allows; None for other activations.

    Args:
        activation: a softmax whose shares weigh something, or an attention that torch does in one.
        most: examples are left out from the end until so many shares remain; None looks at all.
        dtype: of the shares.
    """
    if activation.kind == "softmax":
        weights, products = activation.result.detach(), activation.given[0].detach()
        count = _first(weights, most)
        return weights[:count].to(dtype), products[:count] > MASKED
    if activation.kind != "attention":
        return None
    query, key = (part.detach() for part in activation.given[:2])
    if query.shape[-1] != key.shape[-1] or query.shape[:-2] != key.shape[:-2]:
        return None
    examples = len(query)
    count = _first(query.new_empty(0).expand(*query.shape[:-1], 0), most, width=key.shape[-2])
    query, key = query[:count].to(dtype), key[:count].to(dtype)
    products = query @ key.transpose(-1, -2) * (activation.keywords.get("scale") or 1 / math.sqrt(query.shape[-1]))
    for part in (*activation.given[3:], *activation.keywords.values()):
        if isinstance(part, torch.Tensor) and part.ndim >= 2 and part.shape[-1] == key.shape[-2]:
            mask = part[:count] if part.ndim == query.ndim and len(part) == examples else part
            products = products + mask.to(dtype) if mask.dtype != torch.bool else products.masked_fill(~mask, -math.inf)
        elif part is True:
            above = torch.ones(products.shape[-2:], dtype=torch.bool).triu(1).to(products.device)
            products = products.masked_fill(above, -math.inf)
    return products.softmax(-1), products > MASKED


def entropy(weights: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
    """The sum of the queries' entropies over that of equal shares (1 is even, 0 one place alone), and their number.

    Queries that may see one place only have no choice, and do not count.

    >>> even, pointed = torch.full((1, 4), 0.25), torch.eye(4)[:1]
    >>> total, count = entropy(torch.cat([even, pointed]), torch.ones(2, 4, dtype=torch.bool))
    >>> total.item(), count.item()
    (1.0, 2)
    """
    places = allowed.sum(-1)
    free = places > 1
    spread = torch.special.entr(weights).nan_to_num().sum(-1)
    return (spread / places.clamp(min=2).log() * free).sum(), free.sum()


def _first(weights: Tensor, most: int | None, *, width: int = 0) -> int:
    """How many of the first examples keep within `most` numbers, one at least."""
    numbers = math.prod(weights.shape[:-1]) * (width or weights.shape[-1])
    if most is None or numbers <= most:
        return len(weights)
    return max(1, len(weights) * most // numbers)
