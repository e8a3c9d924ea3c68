"""How large batches are, and some of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from kilter.engine.trees import leaves

Item = TypeVar("Item")

LOOKED_AT: Final = 256
"""Batches of a split whose width is looked at; sweeps have long rows together, so that few tell the widest."""

SMALLEST: Final = 4
"""Examples of a batch that is made smaller than a training's own: batch norm needs more than one."""


def numbers_in(tree: Any) -> int:
    """How many numbers all tensors of a batch or of an example hold."""
    return sum(tensor.numel() for tensor in leaves(tree).values())


def spread(items: Sequence[Item], most: int | None) -> Sequence[Item]:
    """At most so many of them, evenly spread, the first one among them.

    >>> spread("abcdefghij", 3)
    ['a', 'd', 'g']
    """
    if most is None or len(items) <= most:
        return items
    return [items[place * len(items) // most] for place in range(most)]
