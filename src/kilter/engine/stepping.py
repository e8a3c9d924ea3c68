"""One optimizer step. The only place, with the probes' gradients, where a loss runs backward."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch

from kilter.engine.forwarding import forward
from kilter.engine.ranks import Totals, add_up, several

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from kilter.engine.instruments import Instruments
    from kilter.values.batch import Batch
    from kilter.values.pipeline import Pipeline


class StepResult(NamedTuple):
    """The loss of the whole window, and the norm of its gradient before clipping.

    Where all that the window holds has no weight, it is `empty`: there is no loss, which is not-a-number then.
    """

    loss: float
    gradient_norm: float
    empty: bool = False


def step(
    pipeline: Pipeline,
    model: nn.Module,
    optimizer: Optimizer,
    window: Sequence[Batch],
    *,
    learning_rate: float,
    clip_norm: float | None,
    clip_value: float | None = None,
    instruments: Instruments | None = None,
    buffers: Sequence[Tensor] = (),
) -> StepResult:
    """One update from the batches of an accumulation window.

    The gradient is that of (sum of losses) / (sum of weights) over the whole window, and over the windows of all ranks
    where several train together, so that 1 batch of 8, 8 of 1 and 4 on each of two ranks give the same step. A window
    without weight, or whose loss or gradient is not finite, changes nothing.

    Args:
        pipeline: says how the model is called and what its loss is.
        model: in the mode in which it is to be trained.
        optimizer: over the model's parameters.
        window: the batches of this step; none where the other ranks have some.
        learning_rate: of this step, for all parameter groups.
        clip_norm: the largest norm of the whole gradient; None leaves it as it is.
        clip_value: the largest size of each number of the gradient, cut off before the norm is; None cuts nothing.
        instruments: read the gradients before they are clipped, if this step is measured.
        buffers: of the model, to be put back where nothing is to change: batch norm takes up what is not finite.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for parameter in parameters:
        parameter.grad = None  # what `zero_grad` does, without its profiling, which takes longer than a small layer
    before = [buffer.clone() for buffer in buffers]
    if len(window) == 1 and not several():
        total, weight, _ = pipeline.task.loss(forward(pipeline, model, window[0]), window[0])
        mean = total / weight
        if mean.requires_grad or weight.item():  # what counts nothing may hang on no parameter
            torch.autograd.backward(mean)
        loss = mean.item()
        empty = not math.isfinite(loss) and not weight.item()
        gradients = _gradients(parameters)
    else:
        totals = _accumulated(pipeline, model, window)
        if several():
            totals = add_up(parameters, totals)
        empty = not totals.weight
        loss = math.nan if empty else totals.loss / totals.weight
        gradients = _gradients(parameters)
        if not empty:
            torch._foreach_div_(gradients, totals.weight)
    norm = 0.0 if empty else gradient_norm(gradients)
    if instruments is not None:
        instruments.disarm() if empty else instruments.read()
    if empty or not (math.isfinite(loss) and math.isfinite(norm)):
        for buffer, was in zip(buffers, before, strict=True):
            buffer.copy_(was)
        return StepResult(loss, norm, empty)
    clip(gradients, norm, clip_norm=clip_norm, clip_value=clip_value)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.step()
    return StepResult(loss, norm)


def _accumulated(pipeline: Pipeline, model: nn.Module, window: Sequence[Batch]) -> Totals:
    """Gradients of the summed loss of a window, in the parameters, and the sums of loss and weight."""
    loss_sum = weight_sum = 0.0
    for batch in window:
        total, weight, _ = pipeline.task.loss(forward(pipeline, model, batch), batch)
        own = weight.item()
        if own:  # a batch in which nothing counts has no gradient, whatever its numbers
            torch.autograd.backward(total)
            loss_sum += total.item()
            weight_sum += own
    return Totals(loss_sum, weight_sum)


def clip(gradients: list[Tensor], norm: float, *, clip_norm: float | None, clip_value: float | None) -> None:
    """Shorten gradients in place: first each number, then all of them together (Pascanu et al. 2013).

    Args:
        gradients: of all parameters.
        norm: theirs, as they are.
        clip_norm: the largest norm of all together; None leaves it.
        clip_value: the largest size of each number; None leaves it.
    """
    if clip_value is not None and gradients:
        torch._foreach_clamp_min_(gradients, -clip_value)
        torch._foreach_clamp_max_(gradients, clip_value)
        norm = norm if clip_norm is None else gradient_norm(gradients)
    if clip_norm is not None and norm > clip_norm:
        torch._foreach_mul_(gradients, clip_norm / norm)


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
