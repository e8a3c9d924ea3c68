"""How many bytes a checkpoint will take, before there is one."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch

from kilter.engine.averaging import judged
from kilter.engine.seeding import left_as_found
from kilter.training.packing import pack

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from kilter.training.checkpoints import Extent


def footprint(model: nn.Module, optimizer: Optimizer, content: Extent) -> int:
    """The bytes of the tensors of a checkpoint once the optimizer has its state; less only than what is on the disk.

    Of an optimizer that has made no step yet it is told by another of its kind that steps on a small tensor; one that
    cannot be made so counts as if it kept nothing.
    """
    weights = _bytes(model.state_dict())
    if content == "weights":
        return weights
    if optimizer.state:
        with judged(optimizer):
            return weights + _bytes(optimizer.state_dict())
    trained: int = sum(p.numel() * p.element_size() for group in optimizer.param_groups for p in group["params"])
    return weights + trained * _tensors_each(optimizer)


def _bytes(tree: object) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in pack(tree)[1].values())


def _tensors_each(optimizer: Optimizer) -> int:
    """Tensors as large as a parameter that an optimizer comes to keep of it."""
    small = torch.zeros(2, 3, requires_grad=True)
    kind: Any = type(optimizer)
    taken = inspect.signature(kind).parameters  # defaults hold more than is taken, such as what a subclass fixed
    try:
        with left_as_found():
            another: Optimizer = kind([small], **{k: v for k, v in optimizer.defaults.items() if k in taken})
            small.grad = torch.zeros_like(small)
            another.step()
            with judged(another):
                kept = [value for value in another.state[small].values() if isinstance(value, torch.Tensor)]
                return len([value for value in kept if value.shape == small.shape])
    except Exception:  # noqa: BLE001 - a person's own optimizer may be made otherwise
        return 0
