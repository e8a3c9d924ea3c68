"""Sums over the processes of one training, which `torchrun` and `torch.distributed` start: its ranks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import torch
from torch import distributed

from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

BUCKET: Final = 1 << 23
"""Numbers of gradients that travel together: enough to fill a line, few enough that their copy is small."""


class Totals(NamedTuple):
    """What a loss is the quotient of."""

    loss: float
    weight: float


def several() -> bool:
    """Whether this process is one of several that train together."""
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def add_up(parameters: list[Tensor], totals: Totals) -> Totals:
    """Have every rank's gradients be the sum of those of all, and give the sums of loss and weight.

    A parameter that got a gradient on some ranks only counts as zero on the others; one that got none anywhere keeps
    none. All ranks end with the same bits, so that they decide alike.

    Args:
        parameters: the same, in the same order, on all ranks.
        totals: of this rank.

    Raises:
        UsageError: a gradient is sparse.
    """
    for parameter in parameters:
        if parameter.grad is not None and parameter.grad.layout != torch.strided:
            raise UsageError(
                f"a gradient of shape {tuple(parameter.shape)} is sparse",
                legal="gradients that several processes add up are dense",
                remedy="make the embedding without `sparse=True`, or train in one process",
            )
    device = parameters[0].device if parameters else torch.device("cpu")
    own = [totals.loss, totals.weight, *(float(parameter.grad is not None) for parameter in parameters)]
    summed = torch.tensor(own, dtype=torch.float64, device=device)
    distributed.all_reduce(summed)
    loss, weight, *counts = summed.tolist()
    learning = [parameter for parameter, count in zip(parameters, counts, strict=True) if count]
    for parameter in learning:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    for bucket in buckets([parameter.grad for parameter in learning if parameter.grad is not None], most=BUCKET):
        flat = torch.cat([gradient.reshape(-1) for gradient in bucket])
        distributed.all_reduce(flat)
        for gradient, part in zip(bucket, torch.split(flat, [gradient.numel() for gradient in bucket]), strict=True):
            gradient.copy_(part.view_as(gradient))
    return Totals(loss, weight)


def buckets(gradients: Iterable[Tensor], *, most: int) -> Iterator[list[Tensor]]:
    """Neighbours of one type on one device, at most so many numbers at a time where there is more than one."""
    bucket: list[Tensor] = []
    for gradient in gradients:
        alike = bucket and (gradient.dtype, gradient.device) == (bucket[0].dtype, bucket[0].device)
        if bucket and not (alike and sum(each.numel() for each in bucket) + gradient.numel() <= most):
            yield bucket
            bucket = []
        bucket.append(gradient)
    if bucket:
        yield bucket
