"""What a batch is, in a number or two: whether it came before, how large it is, which of its rows stand out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from torch import Tensor

NUMBERS: Final = 1 << 14
"""Of a larger tensor an evenly spread sample of so many numbers is read."""

_GOLDEN: Final = 0.6180339887498949  # its multiples are spread evenly over 0 to 1, in no order
_ROWS: Final = 20  # that are named at most
_FAR: Final = 5.0  # times the median of all rows, from which a row stands out

_WEIGHTS: dict[torch.device, Tensor] = {}


def plain_tensors(thing: Any) -> Iterator[Tensor]:
    """The ordinary tensors in nested lists, tuples and dictionaries: none that lives in pieces elsewhere."""
    if isinstance(thing, torch.Tensor):
        if type(thing) in {torch.Tensor, torch.nn.Parameter} and thing.layout is torch.strided and thing.numel():
            yield thing.detach()
    elif isinstance(thing, dict):
        for part in thing.values():
            yield from plain_tensors(part)
    elif isinstance(thing, list | tuple):
        for part in thing:
            yield from plain_tensors(part)


def fingerprint(batch: Any) -> Tensor | None:
    """A number on the batch's device: the same for the same numbers in the same places, not finite where one is not.

    >>> rows = torch.arange(6.0).reshape(3, 2)
    >>> bool(fingerprint(rows) == fingerprint(rows.clone())), bool(fingerprint(rows) == fingerprint(rows.flip(0)))
    (True, False)
    """
    total: Tensor | None = None
    for at, tensor in enumerate(plain_tensors(batch), 1):
        numbers = _sample(tensor)
        value = torch.dot(numbers, _weights(numbers))
        if at > 1:
            value = value * at
        total = value if total is None or total.device != value.device else total + value
    return total


def largest(batch: Any) -> Tensor | None:
    """The largest size of a number in a batch's floating-point tensors, on its device; not finite where one is not."""
    size: Tensor | None = None
    for tensor in plain_tensors(batch):
        if tensor.is_floating_point():
            low, high = torch.aminmax(_sample(tensor))
            here = torch.maximum(high, -low)
            size = here if size is None else torch.maximum(size, here.to(size.device))
    return size


def odd_rows(batch: Any) -> tuple[int, ...]:
    """Which rows of a batch hold numbers that are not finite; else those that are far larger than most, if any.

    >>> rows = torch.ones(4, 3); rows[2, 1] = float("nan")
    >>> odd_rows({"x": rows})
    (2,)
    >>> rows[2, 1] = 100.0
    >>> odd_rows(rows)
    (2,)
    """
    for tensor in plain_tensors(batch):
        if not tensor.is_floating_point() or tensor.ndim < 2 or len(tensor) < 2:
            continue
        sizes = tensor.reshape(len(tensor), -1).abs().amax(dim=1).float()
        none = ~torch.isfinite(sizes)
        odd = none if none.any() else sizes > _FAR * sizes.median()
        if odd.any() and not odd.all():
            return tuple(odd.nonzero().flatten()[:_ROWS].tolist())
    return ()


def _sample(tensor: Tensor) -> Tensor:
    """A tensor's numbers in one dimension and single precision, or an evenly spread part of very many."""
    flat = (torch.view_as_real(tensor) if tensor.is_complex() else tensor).reshape(-1)
    if len(flat) > NUMBERS:
        stride = len(flat) // NUMBERS + 1
        flat = flat[:: stride + 1 - stride % 2]  # an odd stride walks through all columns of a matrix of width 2^n
    return flat if flat.dtype is torch.float32 else flat.float()


def _weights(numbers: Tensor) -> Tensor:
    """A weight for each place, the same in every process."""
    known = _WEIGHTS.get(numbers.device)
    if known is None or len(known) < len(numbers):
        places = torch.arange(max(len(numbers), 4096), dtype=torch.float64, device="cpu")
        known = (places.mul(_GOLDEN).frac() + 0.5).to(numbers.device, torch.float32)
        _WEIGHTS[numbers.device] = known
    return known[: len(numbers)]
