"""Peeking into a step of a person's program: run up to its backward, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import torch

from kilter.engine.listening import hearing_loss
from kilter.engine.programs import Made, train_step
from kilter.engine.seeding import left_as_found, seed_everything
from kilter.engine.trees import leaves
from kilter.values.recording import Call

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kilter.values.program import Program


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Peek:
    """What a step had computed when it was about to run backward.

    Attributes:
        outputs: of the last outermost call of the model, as it gave them, with their graph; None without a call.
        arguments: positional ones of that call.
        keywords: the others.
        calls: how many outermost calls there were.
        loss: what backward was about to be called on, with its graph; None if it never came to that.
        losses: calls of the loss function, as copies.
        returned: what the step gave, where it never came to a backward.
    """

    outputs: Any
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]
    calls: int
    loss: Tensor | None
    losses: tuple[Call, ...]
    returned: Any = None


class _Enough(BaseException):
    """Not an Exception, so that no handler of the person's own swallows it."""


def peek(program: Program, made: Made, batch: Any, *, training: bool | None = None, seed: int | None = None) -> Peek:
    """Run a step up to its backward; weights, buffers, gradients, modes and random states are then as before.

    Args:
        program: whose step it is.
        made: on what.
        batch: of the kind that the step takes.
        training: the mode in which the model is called, whatever the step sets; None leaves it to the step.
        seed: of the global generators before the step; None leaves them as they are.
    """
    calls: list[tuple[Any, Any, Any]] = []
    losses: list[Call] = []
    reached: list[Tensor] = []
    returned: Any = None

    def enough(tensors: Any, *_arguments: Any, **_keywords: Any) -> None:
        reached.append(tensors if isinstance(tensors, torch.Tensor) else next(iter(tensors)))
        raise _Enough

    with (
        left_as_found(),
        _model_as_found(made.model),
        _updates_withheld(made),
        _outermost_calls(made.model, calls, training=training),
        hearing_loss(made.loss_fn, losses.append) as loss_fn,
        _backward_is(enough),
    ):
        if seed is not None:
            seed_everything(seed)
        with suppress(_Enough):
            returned = train_step(program, made, batch, loss_fn=loss_fn)
    arguments, keywords, outputs = calls[-1] if calls else ((), {}, None)
    return Peek(
        outputs=outputs,
        arguments=arguments,
        keywords=keywords,
        calls=len(calls),
        loss=reached[0] if reached else None,
        losses=tuple(losses),
        returned=returned,
    )


@contextmanager
def _model_as_found(model: nn.Module) -> Iterator[None]:
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    gradients = [(parameter, parameter.grad) for parameter in model.parameters()]
    kept = [(parameter.grad, parameter.grad.clone()) for parameter, _ in gradients if parameter.grad is not None]
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)
            for gradient, before in kept:  # `zero_grad` may have written into them
                gradient.copy_(before)
        for parameter, gradient_before in gradients:
            parameter.grad = gradient_before
        for module, mode in modes:
            module.training = mode


@contextmanager
def _updates_withheld(made: Made) -> Iterator[None]:
    """Inside, a step of an optimizer changes nothing; a closure that it is given is called."""

    def withheld(closure: Callable[[], Any] | None = None, **_keywords: Any) -> Any:
        return closure() if closure is not None else None

    before = [(optimizer, optimizer.__dict__.get("step")) for optimizer in made.optimizers]
    for optimizer, _ in before:
        optimizer.__dict__["step"] = withheld
    try:
        yield
    finally:
        for optimizer, own in before:
            if own is None:
                del optimizer.__dict__["step"]
            else:
                optimizer.__dict__["step"] = own


@contextmanager
def _outermost_calls(model: nn.Module, calls: list[tuple[Any, Any, Any]], *, training: bool | None) -> Iterator[None]:
    depth = 0
    handles = []

    def entering(module: nn.Module, _arguments: Any, _keywords: Any) -> None:
        nonlocal depth
        if depth == 0 and training is not None:
            module.train(training)
        depth += 1

    def leaving(_module: nn.Module, arguments: Any, keywords: Any, result: Any) -> None:
        nonlocal depth
        depth -= 1
        if depth == 0:
            calls.append((arguments, keywords, result))

    for module in model.modules():
        handles.append(module.register_forward_pre_hook(entering, with_kwargs=True))
        handles.append(module.register_forward_hook(leaving, with_kwargs=True, always_call=True))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _backward_is(stand_in: Callable[..., None]) -> Iterator[None]:
    original = torch.autograd.backward
    torch.autograd.backward = stand_in
    try:
        yield
    finally:
        torch.autograd.backward = original


def gradients_of(loss: Tensor, model: nn.Module) -> dict[str, Tensor | None]:
    """The gradient of a loss by the model's trainable parameters; its graph is kept."""
    wanted = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    found = torch.autograd.grad(loss, list(wanted.values()), allow_unused=True, retain_graph=True)
    return dict(zip(wanted, found, strict=True))


def output_gradient(loss: Tensor, tensor: Tensor) -> Tensor | None:
    """The gradient of a loss by a tensor of its graph; None where it does not depend on it."""
    return torch.autograd.grad(loss, tensor, allow_unused=True, retain_graph=True)[0]


def float_tensors(outputs: Any) -> list[Tensor]:
    """The tensors of floating-point numbers in what a model gave, in order."""
    return [tensor for tensor in leaves(outputs).values() if tensor.is_floating_point()]
