"""Tasks whose loss is wrong in one way; all else is that of a task that is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, final

import torch

from kilter.values.task import Loss

if TYPE_CHECKING:
    from kilter.values.batch import Batch
    from kilter.values.task import Outputs, Task


@final
class WithLoss:
    """A task with another loss, made from its own."""

    def __init__(self, task: Task, change: Callable[[Task, Outputs, Batch], Loss]) -> None:
        self._task = task
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """The wrong loss."""
        return self._change(self._task, outputs, batch)


def summed(task: Task, outputs: Outputs, batch: Batch) -> Loss:
    """A sum that is passed off as a mean."""
    total, weight, each = task.loss(outputs, batch)
    return Loss(total, torch.ones_like(weight), each)


def averaged(task: Task, outputs: Outputs, batch: Batch) -> Loss:
    """A mean, with the weight of one example."""
    total, weight, _ = task.loss(outputs, batch)
    return Loss(total / weight, torch.ones_like(weight), None)


def negated(task: Task, outputs: Outputs, batch: Batch) -> Loss:
    """The loss with its sign turned round."""
    total, weight, each = task.loss(outputs, batch)
    return Loss(-total, weight, None if each is None else -each)


def broadcast(task: Task, outputs: Outputs, batch: Batch) -> Loss:
    """Squared differences of (b, 1) and (b,): everyone against everyone."""
    assert isinstance(outputs, torch.Tensor)
    assert batch.target is not None
    each = (outputs - batch.target).square().mean(dim=1)
    return Loss((each * batch.weight).sum(), batch.weight.sum(), each)


def clipped(task: Task, outputs: Outputs, batch: Batch) -> Loss:
    """A loss that is cut off at a tenth."""
    total, weight, each = task.loss(outputs, batch)
    if each is None:
        return Loss(total, weight, each)
    cut = each.clamp(max=0.1)
    return Loss((cut * batch.weight).sum(), weight, cut)
