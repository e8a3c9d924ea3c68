"""Places of sequences in a batch: which inputs stand under which mask, and the same batch with other ones in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import torch
from torch.nn import functional

from kilter.values.task import Form

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Task

MASK: Final = "mask"
ANSWERS_MASK: Final = "answers_mask"
SPELT: Final = 3  # dimensions of an input that spells each token out
DERIVED: Final = frozenset({"segments", "characters"})
"""Inputs that say of the tokens what a model could know without them."""


def under_masks(batch: Batch) -> Mapping[str, tuple[str, ...]]:
    """Each mask (b, t) among the inputs, and the names of the inputs (b, t, ...) whose places it marks.

    `answers_mask` marks the places of `answers`; `mask` those of all others that have its first two dimensions.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name in (MASK, ANSWERS_MASK):
        mask = batch.inputs.get(name)
        if mask is None or mask.ndim != 2:
            continue
        others = (other for other in batch.inputs if not other.endswith(MASK))
        found[name] = tuple(
            other
            for other in others
            if other.startswith("answers") == (name == ANSWERS_MASK) and batch.inputs[other].shape[:2] == mask.shape
        )
    return found


def mask_of(batch: Batch, name: str) -> Tensor | None:
    """The mask under which an input stands; None where it has no places."""
    return next((batch.inputs[mask] for mask, names in under_masks(batch).items() if name in names), None)


def answered_places(task: Task, batch: Batch) -> Tensor | None:
    """The mask (b, t) of the places at which a model answers; None where it gives one answer an example."""
    masks = {Form.TOKEN: MASK, Form.NEXT: MASK, Form.TEXT: ANSWERS_MASK}
    return batch.inputs.get(masks.get(task.form, ""))


def longest(batch: Batch) -> int:
    """Places of a row, padding included; 1 where inputs are no sequences."""
    return max((batch.inputs[mask].shape[1] for mask in under_masks(batch)), default=1)


def padded(batch: Batch, mask: str, *, more: int) -> Batch:
    """The batch with so many padded places more under a mask; what spells tokens out gets padded letters, too."""
    inputs = dict(batch.inputs)
    for name in (mask, *under_masks(batch)[mask]):
        tensor = inputs[name]
        letters = more if tensor.ndim == SPELT and not tensor.is_floating_point() else 0
        behind = [0, letters] * (tensor.ndim > 2) + [0, 0] * (tensor.ndim - 3) + [0, more]
        inputs[name] = functional.pad(tensor, behind)
    return replace(batch, inputs=inputs)


def exchanged(batch: Batch, name: str, rows: Sequence[int]) -> Tensor:
    """An input with the contents of these rows; where it has places, only those that are filled in both rows."""
    tensor, mask = batch.inputs[name], mask_of(batch, name)
    other = tensor[torch.as_tensor(list(rows), device=tensor.device)]
    if mask is None:
        return other
    both = mask & mask[torch.as_tensor(list(rows), device=mask.device)]
    return torch.where(both.reshape(*both.shape, *[1] * (tensor.ndim - 2)), other, tensor)


def only_places(tensors: Sequence[Tensor], mask: Tensor | None) -> tuple[Tensor, ...]:
    """Outputs that have places (b, t, ...), with zeros where nothing stands; others as they are."""
    if mask is None:
        return tuple(tensors)
    return tuple(
        tensor.masked_fill(~mask.reshape(*mask.shape, *[1] * (tensor.ndim - 2)), 0)
        if tensor.shape[:2] == mask.shape
        else tensor
        for tensor in tensors
    )
