"""Places of sequences that are only there to fill a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from kilter.engine.trees import leaves

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.checks.program.bench import Bench

ROWS: Final = 0.3
"""Share of rows that are padded at least, where padding is found by looking."""


def token_sequences(bench: Bench) -> list[Tensor]:
    """Inputs of the first batch that are sequences of whole numbers, (b, t) each."""
    found = _read(bench)
    return [
        tensor
        for tensor in found
        if tensor.ndim == 2
        and tensor.shape[1] > 2
        and not tensor.is_floating_point()
        and tensor.dtype != torch.bool
        and distinct(tensor) > 2
    ]


def distinct(tensor: Tensor) -> int:
    """How many different numbers there are."""
    return int(torch.unique(tensor.detach()).numel())


def padded_places(bench: Bench, length: int) -> Tensor | None:
    """(b, length), true where the first batch's sequences are padded; None where nothing is seen to be padded.

    By the token that the person named, by a mask or by lengths in the batch, or by a number that only ever stands in a
    run at the end of rows, runs of different lengths.
    """
    if not bench.recording.steps:
        return None
    batch = leaves(bench.recording.steps[0].batch)
    of_roles = (*bench.roles.inputs, *bench.roles.rest)
    inputs = [tensor for tensor in _read(bench) if tensor.ndim >= 2 and tensor.shape[1] == length]
    for tensor in inputs:
        if bench.program.pad is not None and tensor.ndim == 2 and not tensor.is_floating_point():
            places = tensor == bench.program.pad
            if bool(places.any()) and distinct(tensor) > 2:
                return places
    masks = (_masked(batch[path], inputs, length) for path in of_roles if path in batch)
    runs = (_trailing(tensor) for tensor in inputs)
    return next((places for places in (*masks, *runs) if places is not None), None)


def _read(bench: Bench) -> list[Tensor]:
    """What the model reads; a text that is its own target, too."""
    batch = leaves(bench.recording.steps[0].batch)
    found = [batch[path] for path in bench.roles.inputs if path in batch]
    return found or [batch[path] for path in bench.roles.targets if path in batch]


def _masked(tensor: Tensor, inputs: list[Tensor], length: int) -> Tensor | None:
    """What a mask or lengths leave out."""
    options: list[Tensor] = []
    if tensor.ndim == 2 and tensor.shape[1] == length and bool(((tensor == 0) | (tensor == 1)).all()):
        options = [tensor == 0, tensor == 1]
    elif tensor.ndim == 1 and not tensor.is_floating_point() and len(tensor) > 2 and int(tensor.min()) >= 1:
        longest = int(tensor.max())
        options = [torch.arange(length)[None, :] >= tensor[:, None].cpu()] if longest <= length < 2 * longest else []
    for places in options:
        if not _uneven(places):
            continue
        for given in inputs:
            if given.shape[:2] == places.shape and given is not tensor:
                filled = given[places.to(given.device)]
                if filled.numel() and bool((filled == filled.flatten()[0]).all()):
                    return places
    return None


def _trailing(tensor: Tensor) -> Tensor | None:
    """Runs at the end of rows of a number that stands nowhere else."""
    if tensor.is_floating_point():
        if tensor.ndim != 3:
            return None
        same = (tensor == 0).all(-1)  # frames of zeros
    elif tensor.ndim == 2 and distinct(tensor) > 2:
        same = tensor == tensor[:, -1].mode().values
    else:
        return None
    run = same.flip(1).cumprod(1).flip(1).bool()
    if bool((same & ~run).any()):
        return None
    return run if _uneven(run) else None


def _uneven(places: Tensor) -> bool:
    """Whether it looks like padding: many rows, none wholly, by runs of several lengths at the end."""
    counts = places.sum(1)
    at_end = bool((places.flip(1).cumprod(1).sum(1) == counts).all())
    at_start = bool((places.cumprod(1).sum(1) == counts).all())
    return (
        (at_end or at_start)
        and bool((counts < places.shape[1]).all())
        and float((counts > 0).double().mean()) >= ROWS
        and distinct(counts) >= 3
    )
