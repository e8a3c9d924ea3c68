"""Outputs of a model as one list of tensors, whatever form they have, and how far two of them differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.task import Outputs


def tensors(outputs: Outputs) -> tuple[Tensor, ...]:
    """The tensors of outputs, in order."""
    if isinstance(outputs, torch.Tensor):
        return (outputs,)
    return tuple(outputs.values())


def heads(outputs: Outputs) -> tuple[str, ...]:
    """The name of each of the tensors; empty where there is one only."""
    return ("",) if isinstance(outputs, torch.Tensor) else tuple(outputs)


def changed(outputs: Outputs, change: Callable[[Tensor], Tensor]) -> Outputs:
    """The same outputs with another tensor in the place of each floating-point one."""
    if not isinstance(outputs, torch.Tensor):
        return {name: change(part) if part.is_floating_point() else part for name, part in outputs.items()}
    return change(outputs)


def rows(outputs: Outputs, count: int) -> tuple[Tensor, ...]:
    """The first rows of each tensor of outputs that has a row for each example."""
    return tuple(tensor[:count] for tensor in tensors(outputs) if tensor.ndim and len(tensor) >= count)


def difference(left: tuple[Tensor, ...], right: tuple[Tensor, ...]) -> float:
    """The largest difference between corresponding numbers, as a share of the largest number of the left ones.

    Tensors of unlike shapes differ infinitely; positions that are no number on both sides do not differ.

    >>> difference((torch.tensor([1.0, 2.0]),), (torch.tensor([1.0, 2.2]),)) < 0.11
    True
    """
    worst = 0.0
    for a, b in zip(left, right, strict=True):
        if a.shape != b.shape:
            return float("inf")
        if not a.numel():
            continue
        apart = (a.double() - b.double()).abs()
        apart[(torch.isnan(a) & torch.isnan(b)) | (a == b)] = 0.0  # the second: infinities of one sign
        size = a.double()[torch.isfinite(a)].abs()
        scale = float(size.max()) if size.numel() else 0.0
        gap = float(apart.nan_to_num(nan=float("inf")).max())
        worst = max(worst, gap / max(scale, 1e-6))
    return worst


def same(left: Tensor, right: Tensor) -> bool:
    """Whether two tensors hold the same numbers; what is no number equals itself.

    >>> same(torch.tensor([1.0, float("nan")]), torch.tensor([1.0, float("nan")]))
    True
    """
    if left.shape != right.shape:
        return False
    equal = left == right
    if left.is_floating_point():
        equal |= torch.isnan(left) & torch.isnan(right)
    return bool(equal.all())
