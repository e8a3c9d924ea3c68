"""Peeking into a step of a person's program: run up to its backward, and taken back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import torch

from kilter.engine.listening import hearing_loss
from kilter.engine.programs import Made, train_step
from kilter.engine.seeding import left_as_found, seed_everything
from kilter.engine.trees import apart, leaves
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
        module: which module that call was of: the model, or a part that the step calls by itself.
    """

    outputs: Any
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]
    calls: int
    loss: Tensor | None
    losses: tuple[Call, ...]
    returned: Any = None
    module: nn.Module | None = None


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
    calls: list[tuple[Any, Any, Any, Any]] = []
    losses: list[Call] = []
    reached: list[Tensor] = []
    returned: Any = None

    def enough(tensors: Any, *_arguments: Any, **_keywords: Any) -> None:
        reached.append(tensors if isinstance(tensors, torch.Tensor) else next(iter(tensors)))
        raise _Enough

    with (
        left_as_found(),
        _model_as_found(made.model),
        _settings_as_found(made),
        _updates_withheld(made),
        _outermost_calls(made.model, calls, training=training),
        hearing_loss(made.loss_fn, losses.append) as loss_fn,
        _backward_is(enough),
    ):
        if seed is not None:
            seed_everything(seed)
        with suppress(_Enough):
            returned = train_step(program, made, apart(batch), loss_fn=loss_fn)
    arguments, keywords, outputs, module = calls[-1] if calls else ((), {}, None, None)
    return Peek(
        outputs=outputs,
        arguments=arguments,
        keywords=keywords,
        calls=len(calls),
        loss=reached[0] if reached else None,
        losses=tuple(losses),
        returned=returned,
        module=module,
    )


def call_again(
    made: Made, seen: Peek, arguments: tuple[Any, ...], keywords: Mapping[str, Any], *, training: bool = False
) -> Any:
    """What the call that was seen gives for other arguments, without a graph; all is then as before.

    Args:
        made: on what it was seen.
        seen: the peek.
        arguments: positional ones.
        keywords: the others.
        training: the mode in which the module is called. The global generators stand where they stand each time.

    Raises:
        ValueError: no call was seen.
    """
    if seen.module is None:
        raise ValueError("no call of the model was seen")
    with left_as_found(), _model_as_found(made.model), torch.no_grad():
        seed_everything(0)
        seen.module.train(training)
        return seen.module(*apart(arguments), **apart(dict(keywords)))


@contextmanager
def _model_as_found(model: nn.Module) -> Iterator[None]:
    tensors = [(tensor, tensor.detach().clone()) for tensor in (*model.parameters(), *model.buffers())]
    gradients = [(parameter, parameter.grad) for parameter in model.parameters()]
    asking = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    kept = [(parameter.grad, parameter.grad.clone()) for parameter, _ in gradients if parameter.grad is not None]
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, before in tensors:
                tensor.data.copy_(before)  # by `data`, since a graph of this very peek may still hold it
            for gradient, before in kept:  # `zero_grad` may have written into them
                gradient.copy_(before)
        for parameter, gradient_before in gradients:
            parameter.grad = gradient_before
        for parameter, wanted in asking:
            if parameter.requires_grad != wanted:
                parameter.requires_grad_(wanted)
        for module, mode in modes:
            module.training = mode


@contextmanager
def _settings_as_found(made: Made) -> Iterator[None]:
    """Rates and counters that a step sets before its backward, a schedule's own among them."""
    groups = [group for optimizer in made.optimizers for group in optimizer.param_groups]
    settings = [(group, {key: _own(value) for key, value in group.items() if key != "params"}) for group in groups]
    schedules = [(schedule, dict(vars(schedule))) for schedule in made.schedulers]
    try:
        yield
    finally:
        for group, before in settings:
            group.update(before)
        for schedule, before in schedules:
            vars(schedule).clear()
            vars(schedule).update(before)


def _own(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


@contextmanager
def _updates_withheld(made: Made) -> Iterator[None]:
    """Inside, a step of an optimizer changes nothing; a closure that it is given is called."""

    def withheld(closure: Callable[[], Any] | None = None, **_keywords: Any) -> Any:
        return closure() if closure is not None else None

    mute: Any = withheld
    mute._wrapped_by_lr_sched = True  # noqa: SLF001 - schedules warn where their own wrapping of `step` is gone
    before = [(vars(optimizer), dict(vars(optimizer))) for optimizer in made.optimizers]
    for own, _ in before:
        own |= {"step": mute, "_opt_called": True}  # the second is what they ask next
    try:
        yield
    finally:
        for own, kept in before:
            own.clear()
            own.update(kept)


@contextmanager
def _outermost_calls(
    model: nn.Module, calls: list[tuple[Any, Any, Any, Any]], *, training: bool | None
) -> Iterator[None]:
    depth = 0
    handles = []

    def entering(module: nn.Module, _arguments: Any, _keywords: Any) -> None:
        nonlocal depth
        if depth == 0 and training is not None:
            module.train(training)
        depth += 1

    def leaving(module: nn.Module, arguments: Any, keywords: Any, result: Any) -> None:
        nonlocal depth
        depth -= 1
        if depth == 0:
            calls.append((arguments, keywords, result, module))

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


def step_by(
    program: Program,
    made: Made,
    batch: Any,
    optimizers: Sequence[torch.optim.Optimizer],
    *,
    training: bool | None = None,
    loss_of: Callable[[Any, Tensor, Any], Tensor] | None = None,
) -> float:
    """A step of a person's program up to its backward, then backward and fresh optimizers in the author's place.

    Args:
        program: whose step it is.
        made: on what; its own optimizers change nothing.
        batch: of the kind that the step takes.
        optimizers: what updates.
        training: the mode in which the model is called, whatever the step sets; None leaves it to the step.
        loss_of: (outputs of the model's last call, loss, batch) to what is minimised; None takes the loss.

    Returns:
        What was minimised; not-a-number where that has no graph.
    """
    calls: list[tuple[Any, Any, Any, Any]] = []
    reached: list[Tensor] = []

    def enough(tensors: Any, *_arguments: Any, **_keywords: Any) -> None:
        reached.append(tensors if isinstance(tensors, torch.Tensor) else next(iter(tensors)))
        raise _Enough

    with (
        _updates_withheld(made),
        _outermost_calls(made.model, calls, training=training),
        _backward_is(enough),
        suppress(_Enough),
    ):
        returned = train_step(program, made, batch)
        reached.extend(leaves(returned).values())  # a step without a backward may give its loss
    if not reached:
        return math.nan
    loss = reached[0] if loss_of is None else loss_of(calls[-1][2] if calls else None, reached[0], batch)
    if not loss.requires_grad:
        return math.nan
    for optimizer in optimizers:
        optimizer.zero_grad()
    torch.autograd.backward(loss)
    for optimizer in optimizers:
        optimizer.step()
    return float(loss.detach())
