"""How predictions and targets meet in a loss: which dimension counts classes, and which class each place asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, final

import torch

from kilter.checks.program.loss.surface import Surface, surface
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.checks.program.bench import Bench
    from kilter.values.program import Program

CLASSED = frozenset({Kind.CLASSIFICATION, Kind.TAGGING, Kind.GENERATION})
"""Kinds whose answer is one of several classes."""


class Form(StrEnum):
    """What a target says."""

    CLASSES = "classes"  # the number of a class, for a row of predictions
    SHARES = "shares"  # a share of each class, for a row of predictions
    EACH = "each"  # a number for each prediction


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Predictions as rows, each with what is asked of it.

    Attributes:
        form: what targets say.
        rows: predictions of the loss's shape as (n, k); k is 1 where targets say a number for each prediction.
        back: the inverse.
        classes: (n,), the class that is asked for, -1 where none is legal; empty where targets are numbers.
        wanted: (n, k), targets as numbers; one-hot for classes.
    """

    form: Form
    rows: Callable[[Tensor], Tensor]
    back: Callable[[Tensor], Tensor]
    classes: Tensor
    wanted: Tensor


def met(bench: Bench) -> tuple[Surface, Meeting] | None:
    """The loss of a program and how predictions and targets meet in it; None where that is not seen."""
    found = surface(bench)
    if found is None:
        return None
    how = bench.once(("loss meeting",), lambda: meeting(bench.program, found))
    return None if how is None else (found, how)


NOT_SEEN = "the loss cannot be asked about predictions: its predictions and targets are not seen"
"""Why a check of the loss is skipped."""


def shift_invariant(surface: Surface, rows: Tensor, back: Callable[[Tensor], Tensor], *, dimension: int = 1) -> bool:
    """Whether a constant added along a dimension of (n, k) rows changes nothing, as a softmax over it has it."""
    generator = torch.Generator().manual_seed(1)
    rows = rows + torch.randn(rows.shape, generator=generator).to(rows)
    shifts = 3 * torch.randn(rows.shape, generator=generator).to(rows)
    shifted = rows + shifts.select(dimension, 0).unsqueeze(dimension)
    plain, moved, other = surface.loss(back(rows)), surface.loss(back(shifted)), surface.loss(back(rows + shifts))
    return abs(moved - plain) < 1e-3 * abs(plain) and abs(other - plain) > 1e-2 * abs(plain)


def meeting(program: Program, surface: Surface) -> Meeting | None:
    """How they meet; None where their shapes do not say it."""
    given, target = surface.given, surface.target
    if not given.ndim or given.numel() == 0 or target.is_complex():
        return None
    axis = _class_axis(program, given, target)
    if axis is None:
        if given.numel() != target.numel():
            return None
        wanted = target.reshape(-1, 1).to(given.dtype)
        return Meeting(
            form=Form.EACH,
            rows=lambda tensor: tensor.reshape(-1, 1),
            back=lambda rows: rows.reshape(given.shape),
            classes=torch.empty(0, dtype=torch.long),
            wanted=wanted,
        )
    k = given.shape[axis]
    moved = given.movedim(axis, -1).shape

    def rows(tensor: Tensor) -> Tensor:
        return tensor.movedim(axis, -1).reshape(-1, k)

    def back(of_rows: Tensor) -> Tensor:
        return of_rows.reshape(moved).movedim(-1, axis)

    if target.shape == given.shape:
        shares = rows(target.to(given.dtype))
        return Meeting(form=Form.SHARES, rows=rows, back=back, classes=shares.argmax(-1), wanted=shares)
    ids = target.flatten().long()
    classes = torch.where((ids >= 0) & (ids < k), ids, -1)
    wanted = torch.nn.functional.one_hot(classes.clamp(min=0), k).to(given.dtype) * (classes >= 0)[:, None]
    return Meeting(form=Form.CLASSES, rows=rows, back=back, classes=classes, wanted=wanted)


def _class_axis(program: Program, given: Tensor, target: Tensor) -> int | None:
    """The dimension that counts classes; None where there is a number for each prediction."""
    if target.shape == given.shape:
        shares = target.is_floating_point() or _one_hot(target)
        classed = program.task in CLASSED and target.ndim > 1 and target.shape[-1] > 1
        return -1 if classed and shares and target.dtype != torch.bool else None
    if target.is_floating_point() and not bool((target == target.round()).all()):
        return None  # no numbers of classes
    columns = given.shape[1] if given.ndim > 1 else 1
    single = given.ndim == target.ndim > 1 == target.shape[1] and given.shape[2:] == target.shape[2:]
    if given.ndim > 1 and given.shape[:-1] == target.shape:
        return -1 if given.shape[-1] > 1 else None
    if columns > 1 and (single or (given.ndim > 2 and (given.shape[0], *given.shape[2:]) == tuple(target.shape))):
        return 1
    flat = given.ndim > 1 and given.shape[-1] > 1 and given.shape[:-1].numel() == target.numel()
    return -1 if flat else None


def _one_hot(target: Tensor) -> bool:
    return bool(((target == 0) | (target == 1)).all()) and bool((target.sum(-1) == 1).all())
