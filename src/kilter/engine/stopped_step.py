"""A step of a person's program, stopped where it calls backward: its loss or its gradient, without the update."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, final

import torch

from kilter.engine.listening import hearing_loss
from kilter.engine.programs import Made, train_step, value_of
from kilter.engine.trees import apart
from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kilter.values.program import Program


@final
class _Stopped(BaseException):
    """It has come to backward; no `except Exception` of a person's step is to go on with the update."""


def gradient_of_step(program: Program, made: Made, batch: Any) -> Tensor:
    """The gradient of the first backward of a step, as one vector over the model's trainable parameters.

    Nothing is clipped, updated or scheduled. A loss that the step divides or scales has its gradient so divided or
    scaled.

    Raises:
        UsageError: the step calls no backward.
    """

    def take(backward: Any, arguments: Any, keywords: Any) -> Tensor:
        for parameter in made.model.parameters():
            parameter.grad = None
        backward(*arguments, **keywords)
        gradients = [parameter.grad for parameter in trainable(made.model)]
        for parameter in made.model.parameters():
            parameter.grad = None
        return as_vector(made.model, gradients)

    found: Tensor = _until_backward(program, made, batch, take)
    return found


def loss_of_step(program: Program, made: Made, batch: Any) -> float:
    """The loss of a batch as a step sees it, whatever else the step would do with it.

    It is what the loss function gave where that was called once before the first backward, since the step may then
    divide or scale it; else that on which backward was called.

    Raises:
        UsageError: the step calls no backward.
    """

    def take(_: Any, arguments: Any, keywords: Any) -> float:
        losses = arguments[0] if arguments else keywords["tensors"]
        return value_of(losses if isinstance(losses, torch.Tensor) else losses[0])

    given: list[float] = []
    with hearing_loss(made.loss_fn, lambda call: given.append(value_of(call.result))) as loss_fn:
        found: float = _until_backward(program, made, batch, take, loss_fn=loss_fn)
    return given[0] if len(given) == 1 and not math.isnan(given[0]) else found


def trainable(model: nn.Module) -> list[nn.Parameter]:
    """The parameters that ask for a gradient, in the model's order."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def as_vector(model: nn.Module, gradients: list[Tensor | None]) -> Tensor:
    """Gradients of the trainable parameters as one vector in main memory; zeros where none arrived."""
    parts = [
        torch.zeros(parameter.numel())
        if gradient is None
        else gradient.detach().to_dense().flatten().to("cpu", torch.float32)
        for parameter, gradient in zip(trainable(model), gradients, strict=True)
    ]
    return torch.cat(parts) if parts else torch.zeros(0)


def _until_backward(
    program: Program, made: Made, batch: Any, take: Callable[[Any, Any, Any], Any], *, loss_fn: Any = None
) -> Any:
    """What is taken of the first call of backward, with whose arguments, when a step has come there."""
    taken: list[Any] = []
    original = torch.autograd.backward

    def backward(*arguments: Any, **keywords: Any) -> None:
        torch.autograd.backward = original  # what is checkpointed calls it for itself
        taken.append(take(original, arguments, keywords))
        raise _Stopped

    torch.autograd.backward = backward
    try:
        train_step(program, made, apart(batch), loss_fn=loss_fn)
    except _Stopped:
        pass
    finally:
        torch.autograd.backward = original
    if not taken:
        raise UsageError(
            "the program's step calls no backward",
            legal="loss and gradient of a step are heard where it calls `loss.backward()`",
            remedy="call it in the step; for the loss alone, declare Pipeline.from_loop(make, validate=...)",
        )
    return taken[0]
