"""One optimizer step. The only place, with the probes' gradients, where a loss runs backward."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch

from kilter.engine.forwarding import forward

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from kilter.engine.instruments import Instruments
    from kilter.values.batch import Batch
    from kilter.values.pipeline import Pipeline


class StepResult(NamedTuple):
    """The loss of the whole window, and the norm of its gradient before clipping."""

    loss: float
    gradient_norm: float


def step(
    pipeline: Pipeline,
    model: nn.Module,
    optimizer: Optimizer,
    window: Sequence[Batch],
    *,
    learning_rate: float,
    clip_norm: float | None,
    instruments: Instruments | None = None,
) -> StepResult:
    """One update from the batches of an accumulation window.

    The gradient is that of (sum of losses) / (sum of weights) over the whole window, so that 1 batch of 8 and 8 of 1
    give the same step. A window whose loss or gradient is not finite changes nothing.

    Args:
        pipeline: says how the model is called and what its loss is.
        model: in the mode in which it is to be trained.
        optimizer: over the model's parameters.
        window: the batches of this step.
        learning_rate: of this step, for all parameter groups.
        clip_norm: the largest norm of the whole gradient; None leaves it as it is.
        instruments: read the gradients before they are clipped, if this step is measured.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for parameter in parameters:
        parameter.grad = None  # what `zero_grad` does, without its profiling, which takes longer than a small layer
    if len(window) == 1:
        total, weight, _ = pipeline.task.loss(forward(pipeline, model, window[0]), window[0])
        mean = total / weight
        torch.autograd.backward(mean)
        loss = mean.item()
        gradients = _gradients(parameters)
    else:
        loss_sum = weight_sum = 0.0
        for batch in window:
            total, weight, _ = pipeline.task.loss(forward(pipeline, model, batch), batch)
            torch.autograd.backward(total)
            loss_sum += total.item()
            weight_sum += weight.item()
        gradients = _gradients(parameters)
        torch._foreach_div_(gradients, weight_sum)
        loss = loss_sum / weight_sum if weight_sum else math.nan
    norm = gradient_norm(gradients)
    if instruments is not None:
        instruments.read()
    if not (math.isfinite(loss) and math.isfinite(norm)):
        return StepResult(loss, norm)
    if clip_norm is not None and norm > clip_norm:
        torch._foreach_mul_(gradients, clip_norm / norm)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.step()
    return StepResult(loss, norm)


def gradient_norm(gradients: list[Tensor]) -> float:
    """The Euclidean norm of all gradients as one vector."""
    if not gradients:
        return 0.0
    return float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))))  # noqa: SLF001 - one kernel


def _gradients(parameters: list[Tensor]) -> list[Tensor]:
    return [parameter.grad for parameter in parameters if parameter.grad is not None]


def loss_of(pipeline: Pipeline, model: nn.Module, batch: Batch) -> Tensor:
    """The loss of a batch as the step sees it: sum over weight; differentiable."""
    total, weight, _ = pipeline.task.loss(forward(pipeline, model, batch), batch)
    return total / weight


def loss_and_gradients(pipeline: Pipeline, model: nn.Module, batch: Batch) -> tuple[float, dict[str, Tensor | None]]:
    """The loss of a batch and the gradient of each trainable parameter by name; None where none arrives.

    The model's own `.grad` fields are not touched.
    """
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    loss = loss_of(pipeline, model, batch)
    if not loss.requires_grad:
        return loss.item(), {name: None for name, _ in named}
    gradients = torch.autograd.grad(loss, [parameter for _, parameter in named], allow_unused=True)
    return loss.item(), {name: gradient for (name, _), gradient in zip(named, gradients, strict=True)}
