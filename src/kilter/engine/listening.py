"""Listening to a person's program while it steps: its modules, its loss, its backward, its optimizers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import torch

from kilter.engine.programs import Made
from kilter.engine.seeding import left_as_found
from kilter.engine.trees import detached
from kilter.values.recording import Backward, Call, Gradients, Update

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(slots=True)
class Notes:
    """What is being noted of the step that runs."""

    calls: list[Call] = field(default_factory=list)
    losses: list[Call] = field(default_factory=list)
    backwards: list[Backward] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    in_backward: bool = False  # what is checkpointed runs forward again there, and nobody called it

    def note_loss(self, call: Call) -> None:
        """A call of the loss, in its place."""
        self.losses.append(call)
        self.order.append("loss")


def named_parameters(made: Made) -> dict[str, Tensor]:
    """The model's parameters by their names, and those of optimizers that are not the model's."""
    found: dict[str, Tensor] = dict(made.model.named_parameters())
    known = {id(parameter) for parameter in found.values()}
    for at, optimizer in enumerate(made.optimizers):
        held = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        for place, parameter in enumerate(held):
            if id(parameter) not in known:
                known.add(id(parameter))
                found[f"optimizer[{at}].{place}"] = parameter
    return found


def settings(optimizer: torch.optim.Optimizer, parameters: Mapping[str, Tensor]) -> list[dict[str, Any]]:
    """Of each parameter group: its settings as numbers and words, and the names of what it holds."""
    names = {id(parameter): name for name, parameter in parameters.items()}
    return [
        {
            "names": tuple(names.get(id(parameter), "?") for parameter in group["params"]),
            **{
                key: float(value) if isinstance(value, torch.Tensor) else value
                for key, value in group.items()
                if key != "params"
            },
        }
        for group in optimizer.param_groups
    ]


@contextmanager
def listening(made: Made, parameters: Mapping[str, Tensor], notes: Callable[[], Notes]) -> Iterator[Any]:
    """Inside, all that a step does is noted; what it gives stands in for the loss function."""
    with (
        _hearing_modules(made.model, notes),
        _hearing_backward(made.model, parameters, notes),
        _hearing_updates(made, parameters, notes),
        hearing_loss(made.loss_fn, lambda call: notes().note_loss(call)) as loss_fn,
    ):
        yield loss_fn


@contextmanager
def _hearing_modules(model: nn.Module, notes: Callable[[], Notes]) -> Iterator[None]:
    depth = 0
    handles = []

    def entering(_module: nn.Module, _arguments: Any, _keywords: Any) -> None:
        nonlocal depth
        depth += 1

    def leaving(name: str) -> Any:
        def hook(module: nn.Module, arguments: Any, keywords: Any, result: Any) -> None:
            nonlocal depth
            depth -= 1
            if depth == 0 and not notes().in_backward:
                evaluating = tuple(inner for inner, part in module.named_modules() if inner and not part.training)
                notes().calls.append(
                    Call(
                        name=name,
                        arguments=detached(arguments),
                        keywords=detached(keywords),
                        result=detached(result),
                        training=module.training,
                        evaluating=evaluating,
                        gradients=torch.is_grad_enabled(),
                    )
                )
                notes().order.append("call")

        return hook

    for name, module in model.named_modules():
        handles.append(module.register_forward_pre_hook(entering, with_kwargs=True))
        handles.append(module.register_forward_hook(leaving(name), with_kwargs=True, always_call=True))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def hearing_loss(loss_fn: Any, note: Callable[[Call], object]) -> Iterator[Any]:
    """Inside, calls of the loss function are noted: by a hook on a module, by a stand-in for anything else."""
    handles: list[Any] = []

    def heard(arguments: Any, keywords: Any, result: Any, *, training: bool) -> None:
        note(
            Call(
                name="",
                arguments=detached(arguments),
                keywords=detached(keywords),
                result=detached(result),
                training=training,
                evaluating=(),
                gradients=torch.is_grad_enabled(),
            )
        )

    def hook(module: nn.Module, arguments: Any, keywords: Any, result: Any) -> None:
        heard(arguments, keywords, result, training=module.training)

    def standing_in(thing: Any) -> Any:
        if isinstance(thing, torch.nn.Module):
            handles.append(thing.register_forward_hook(hook, with_kwargs=True))
            return thing
        if isinstance(thing, dict):
            return {key: standing_in(part) for key, part in thing.items()}
        if isinstance(thing, list | tuple) and not hasattr(thing, "_fields"):
            return type(thing)(standing_in(part) for part in thing)
        return _Heard(thing, heard) if callable(thing) else thing

    try:
        yield standing_in(loss_fn)
    finally:
        for handle in handles:
            handle.remove()


@final
class _Heard:
    """A function that is listened to; in all else it is the function."""

    def __init__(self, function: Any, heard: Callable[..., None]) -> None:
        self._function = function
        self._heard = heard

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        result = self._function(*arguments, **keywords)
        self._heard(arguments, keywords, result, training=True)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)


@contextmanager
def _hearing_backward(model: nn.Module, parameters: Mapping[str, Tensor], notes: Callable[[], Notes]) -> Iterator[None]:
    original = torch.autograd.backward

    def backward(tensors: Any, grad_tensors: Any = None, *arguments: Any, **keywords: Any) -> None:
        if notes().in_backward:  # a checkpointed part calls it for itself
            original(tensors, grad_tensors, *arguments, **keywords)
            return
        losses: tuple[Any, ...] = (tensors,) if isinstance(tensors, torch.Tensor) else tuple(tensors)
        weights = (grad_tensors,) if isinstance(grad_tensors, torch.Tensor) else grad_tensors
        only = keywords.get("inputs")
        asked = [only] if isinstance(only, torch.Tensor) else only
        wanted = {
            name: parameter
            for name, parameter in parameters.items()
            if parameter.requires_grad and (asked is None or any(parameter is one for one in asked))
        }
        before = {name: _copy_of(parameter.grad) for name, parameter in wanted.items()}
        notes().in_backward = True
        with _buffers_as_found(model), left_as_found():
            fresh = _fresh(losses, weights, wanted)
        known = {id(parameter) for name, parameter in parameters.items() if not name.startswith("optimizer[")}
        strangers = tuple(tuple(leaf.shape) for leaf in graph_leaves(losses) if id(leaf) not in known)
        original(tensors, grad_tensors, *arguments, **keywords)
        notes().in_backward = False
        notes().backwards.append(
            Backward(
                loss=losses[0].detach().clone(),
                differentiable=all(loss.requires_grad for loss in losses),
                fresh=_added(before, wanted) if fresh is None else fresh,
                before=before,
                strangers=strangers,
            )
        )
        notes().order.append("backward")

    torch.autograd.backward = backward
    try:
        yield
    finally:
        torch.autograd.backward = original


def _fresh(losses: tuple[Tensor, ...], weights: Any, wanted: Mapping[str, Tensor]) -> Gradients | None:
    """The gradient of a backward that is about to be called; None where only that call itself can tell it."""
    scalar = weights is not None or all(loss.numel() == 1 for loss in losses)
    if not wanted or not scalar or not all(loss.requires_grad for loss in losses):
        return dict.fromkeys(wanted)
    try:
        found: tuple[Any, ...] = torch.autograd.grad(
            losses, list(wanted.values()), grad_outputs=weights, allow_unused=True, retain_graph=True
        )
    except RuntimeError:  # checkpointing by re-entering, compiled backwards: they run once, and only as a whole
        return None
    return {name: _copy_of(gradient) for name, gradient in zip(wanted, found, strict=True)}


def _added(before: Gradients, wanted: Mapping[str, Tensor]) -> Gradients:
    """What a backward that was called has added."""
    after = {name: _copy_of(parameter.grad) for name, parameter in wanted.items()}
    return {
        name: gradient if gradient is None or (old := before[name]) is None else gradient - old
        for name, gradient in after.items()
    }


@contextmanager
def _buffers_as_found(model: nn.Module) -> Iterator[None]:
    kept = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in kept:
                if not torch.equal(buffer, before):
                    buffer.copy_(before)


def graph_leaves(losses: tuple[Tensor, ...]) -> list[Tensor]:
    """The leaves of a loss's graph that ask for a gradient."""
    pending = [loss.grad_fn for loss in losses if loss.grad_fn is not None]
    seen: set[Any] = set(pending)
    found: list[Tensor] = [loss for loss in losses if loss.requires_grad and loss.grad_fn is None]
    while pending:
        node: Any = pending.pop()
        if hasattr(node, "variable"):
            found.append(node.variable)
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                pending.append(following)
    return found


@contextmanager
def _hearing_updates(made: Made, parameters: Mapping[str, Tensor], notes: Callable[[], Notes]) -> Iterator[None]:
    handles = []
    names = {id(parameter): name for name, parameter in parameters.items()}
    begun: dict[int, list[Any]] = {}  # a step that calls that of its parent class is one update

    def beginning(at: int) -> Any:
        def hook(optimizer: torch.optim.Optimizer, _arguments: Any, _keywords: Any) -> None:
            held = _held(optimizer, names)
            gradients = {name: _copy_of(parameter.grad) for name, parameter in held.items()}
            values = {name: parameter.detach().clone() for name, parameter in held.items()}
            begin = gradients, values, tuple(settings(optimizer, parameters)), len(notes().backwards)
            begun.setdefault(at, []).append(begin)

        return hook

    def ending(at: int) -> Any:
        def hook(optimizer: torch.optim.Optimizer, _arguments: Any, _keywords: Any) -> None:
            gradients, values, groups, earlier = begun[at].pop()
            if begun[at]:
                return
            after = {name: parameter.detach().clone() for name, parameter in _held(optimizer, names).items()}
            within = len(notes().backwards) - earlier
            notes().updates.append(
                Update(optimizer=at, gradients=gradients, before=values, after=after, groups=groups, within=within)
            )
            notes().order.append("update")

        return hook

    for at, optimizer in enumerate(made.optimizers):
        handles.append(optimizer.register_step_pre_hook(beginning(at)))
        handles.append(optimizer.register_step_post_hook(ending(at)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _held(optimizer: torch.optim.Optimizer, names: Mapping[int, str]) -> dict[str, Tensor]:
    return {
        names[id(parameter)]: parameter
        for group in optimizer.param_groups
        for parameter in group["params"]
        if id(parameter) in names
    }


def _copy_of(gradient: Tensor | None) -> Tensor | None:
    """A gradient of its own; an embedding's sparse one as an ordinary one."""
    if gradient is None:
        return None
    return gradient.detach().to_dense() if gradient.is_sparse else gradient.detach().clone()
