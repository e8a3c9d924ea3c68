"""Training steps and validations as people write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

if TYPE_CHECKING:
    from torch import Tensor, nn

Judge: TypeAlias = "Callable[[nn.Module, Any, Any], tuple[Tensor, Tensor, int]]"
"""(model, loss_fn, batch) -> mean loss, mean score and number of rows."""


def plain_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> Tensor:
    """(x, y) batches."""
    x, y = batch
    optimizer.zero_grad()
    loss: Tensor = loss_fn(model(x), y)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss.detach()


def stepping(loss_of: Callable[[nn.Module, Any, Any], Tensor], *, clip: float | None = None) -> Any:
    """The step of a loss (model, loss_fn, batch), with or without clipping by norm."""

    def step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
        optimizer.zero_grad()
        loss = loss_of(model, loss_fn, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        return loss.item()

    return step


def scheduled_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> Tensor:
    """(x, y) batches; the scheduler, which hangs on the optimizer, goes on with each."""
    loss = plain_step(model, optimizer, loss_fn, batch)
    optimizer.scheduler.step()
    return loss


def schedule_epoch(model: nn.Module, optimizer: Any, epoch: int) -> None:
    """The scheduler, which hangs on the optimizer, goes on with each epoch."""
    optimizer.scheduler.step()


def validating(judge: Judge) -> Any:
    """A validation that averages loss and score of all rows."""

    @torch.no_grad()
    def validate(model: nn.Module, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
        model.eval()
        losses = scores = rows = 0.0
        for batch in loader:
            loss, score, count = judge(model, loss_fn, batch)
            losses += float(loss) * count
            scores += float(score) * count
            rows += count
        return losses / rows, scores / rows

    return validate


def _right(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, y = batch
    outputs = model(x)
    return loss_fn(outputs, y), (outputs.argmax(-1) == y).float().mean(), len(y)


def _right_of_two(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, y = batch
    outputs = model(x).squeeze(-1)
    return loss_fn(outputs, y), ((outputs > 0) == (y > 0.5)).float().mean(), len(y)


def _off(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, y = batch
    outputs = model(x)
    return loss_fn(outputs, y), (outputs - y).abs().mean(), len(y)


accuracy = validating(_right)
"""Of (x, y) batches and logits (b, classes)."""
binary_accuracy = validating(_right_of_two)
"""Of (x, y) batches and one logit a row."""
mean_error = validating(_off)
"""Mean absolute error of (x, y) batches and outputs of the target's shape; smaller is better."""


@torch.no_grad()
def explained(model: nn.Module, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    """R² of (x, y) batches and one output a row."""
    model.eval()
    pairs = [(model(x).squeeze(-1), y) for x, y in loader]
    outputs, y = (torch.cat(part) for part in zip(*pairs, strict=True))
    rest = ((outputs - y) ** 2).mean() / y.var(correction=0)
    return float(loss_fn(outputs, y)), float(1 - rest)


@torch.no_grad()
def balanced_accuracy(model: nn.Module, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    """Mean recall of the classes, of (x, y) batches and logits."""
    model.eval()
    pairs = [(model(x), y) for x, y in loader]
    outputs, y = (torch.cat(part) for part in zip(*pairs, strict=True))
    found = outputs.argmax(-1)
    recalls = [(found[y == label] == label).float().mean() for label in torch.unique(y)]
    return float(loss_fn(outputs, y)), float(torch.stack(recalls).mean())


def squeezed(loss_fn: Any) -> Any:
    """A loss of outputs (b, 1) or (b,) and targets (b,)."""

    def loss(outputs: Tensor, target: Tensor) -> Any:
        return loss_fn(outputs.reshape(target.shape), target)

    return loss


CLASSES10: dict[str, Any] = {"task": "classification", "classes": 10, "step": plain_step, "validate": accuracy}
CLASSES3: dict[str, Any] = {"task": "classification", "classes": 3, "step": plain_step, "validate": accuracy}
TWO: dict[str, Any] = {"task": "classification", "classes": 2, "step": plain_step, "validate": binary_accuracy}
AMOUNT: dict[str, Any] = {"task": "regression", "step": plain_step, "validate": explained}
