"""Sequences among the arguments of a model: where they stand, and how long each is without its padding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.engine.trees import Path

INSIDE: Final = 0.02
"""Share of rows in which a token that fills tails may also stand before a tail's end."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Padded:
    """A padded sequence among the arguments.

    Attributes:
        path: of its tokens or frames, (b, t) or (b, t, ...).
        lengths: (b,), of each row without its tail.
        pad: the token that fills tails; None for frames of zeros.
    """

    path: Path
    lengths: Tensor
    pad: int | None


def find_padded(arguments: Mapping[Path, Tensor], count: int, pad: int | None) -> list[Padded]:
    """Padded sequences, examples first; frames of zeros only where a mask or lengths in the arguments agree.

    Args:
        arguments: of the model.
        count: how many examples there are.
        pad: the token that pads, where somebody said it.
    """
    found = []
    for path, tensor in arguments.items():
        if tensor.ndim < 2 or tensor.shape[0] != count or tensor.shape[1] < 4:
            continue
        if is_tokens(tensor) and tensor.ndim == 2:
            token = pad if pad is not None else _filling(tensor)
            lengths = None if token is None else _lengths(tensor != token)
            if lengths is not None and token is not None:
                found.append(Padded(path=path, lengths=lengths, pad=token))
        elif tensor.is_floating_point() and tensor.ndim == 3:
            lengths = _lengths((tensor != 0).any(-1))
            if lengths is not None and _agreed(arguments, path, lengths, tensor.shape[1]):
                found.append(Padded(path=path, lengths=lengths, pad=None))
    return found


def is_tokens(tensor: Tensor) -> bool:
    """Whether a tensor holds whole numbers of more than two kinds."""
    if tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool or not tensor.numel():
        return False
    return int(tensor.max()) - int(tensor.min()) > 1


def _filling(tokens: Tensor) -> int | None:
    """The token that fills tails, and stands nowhere else; None if there is none."""
    ends = tokens[:, -1]
    token = int(ends.mode().values)
    lengths = _lengths(tokens != token)
    if lengths is None:
        return None
    before = torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]
    inside = ((tokens == token) & before).any(1).double().mean()
    return token if float(inside) <= INSIDE else None


def _lengths(real: Tensor) -> Tensor | None:
    """(b,) the last real place of each row and those before it; None if rows do not end at different places."""
    places = torch.arange(1, real.shape[1] + 1, device=real.device)
    lengths = (real * places).max(1).values
    padded = float((lengths < real.shape[1]).double().mean())
    return lengths if padded >= 0.2 and len(torch.unique(lengths)) >= 3 and int(lengths.min()) >= 1 else None


def _agreed(arguments: Mapping[Path, Tensor], path: Path, lengths: Tensor, width: int) -> bool:
    """Whether another argument says the same lengths, as a number or as a mask."""
    for other, tensor in arguments.items():
        if other == path or tensor.shape[:1] != lengths.shape:
            continue
        if tensor.ndim == 1 and not tensor.is_floating_point():
            said = tensor.to(lengths)
        elif tensor.ndim == 2 and tensor.shape[1] == width:
            marks = tensor.to(torch.bool).sum(1)
            said = marks if bool((marks == lengths).all()) else width - marks
        else:
            continue
        if bool((said >= lengths).all()) and float((said == lengths).double().mean()) > 0.9:
            return True
    return False


def cut(tensor: Tensor, width: int, kept: int, count: int) -> Tensor:
    """A tensor with `kept` places of `width` in each dimension that has so many, but that of the examples."""
    for dim in range(tensor.ndim):
        if tensor.shape[dim] == width and not (dim == 0 and count == tensor.shape[0]):
            tensor = tensor.narrow(dim, 0, kept)
    return tensor
