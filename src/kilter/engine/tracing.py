"""What a batch becomes in each layer of a model, in the order in which the layers are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, final

import torch
from torch.nn.utils.rnn import PackedSequence

from kilter.engine.forwarding import forward
from kilter.engine.predicting import evaluating
from kilter.engine.seeding import left_as_found

if TYPE_CHECKING:
    from torch import nn

    from kilter.values.batch import Batch
    from kilter.values.pipeline import Pipeline
    from kilter.values.task import Outputs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer that was called, once or several times in turn with the same sizes.

    Attributes:
        name: in the model, such as `blocks.0.query`.
        kind: its class.
        shapes: of the tensors that it gave.
        parameters: numbers that it holds itself, and that layers inside it hold which are not called by themselves;
            tied ones count where they are called first.
        times: how often it was called.
    """

    name: str
    kind: str
    shapes: tuple[tuple[int, ...], ...]
    parameters: int
    times: int = 1


class Traced(NamedTuple):
    """A model's outputs for a batch, and the layers that were called for it."""

    outputs: Outputs
    layers: tuple[Layer, ...]


class Call(NamedTuple):
    """A layer gave something."""

    name: str
    module: nn.Module
    shapes: tuple[tuple[int, ...], ...]


def trace(pipeline: Pipeline, model: nn.Module, batch: Batch) -> Traced:
    """Send a batch through a model in evaluation mode and note what each layer gives; all is left as it was found.

    Layers are noted when they return, so that those inside a block stand before the block, and the model as a whole,
    whose name is empty, comes last.
    """
    calls: list[Call] = []

    def noting(name: str) -> Any:
        def note(module: nn.Module, _arguments: object, given: object) -> None:
            calls.append(Call(name, module, shapes_of(given)))

        return note

    handles = [module.register_forward_hook(noting(name)) for name, module in model.named_modules()]
    try:
        with left_as_found(), evaluating(model):
            outputs = forward(pipeline, model, batch)
    finally:
        for handle in handles:
            handle.remove()
    return Traced(outputs, _layers(calls))


def _layers(calls: list[Call]) -> tuple[Layer, ...]:
    called = {id(call.module) for call in calls}
    counted: set[int] = set()
    layers: list[Layer] = []
    for call in calls:
        last = layers[-1] if layers else None
        if last is not None and (last.name, last.shapes) == (call.name, call.shapes):
            layers[-1] = Layer(
                name=last.name, kind=last.kind, shapes=last.shapes, parameters=last.parameters, times=last.times + 1
            )
            continue
        parameters = 0
        for held in _held(call.module, called):
            if id(held) not in counted:
                counted.add(id(held))
                parameters += held.numel()
        layers.append(Layer(name=call.name, kind=type(call.module).__name__, shapes=call.shapes, parameters=parameters))
    return tuple(layers)


def _held(module: nn.Module, called: set[int]) -> list[nn.Parameter]:
    """The parameters of a layer, without those of layers inside it that are called by themselves."""
    held = list(module.parameters(recurse=False))
    for inner in module.children():
        if id(inner) not in called:
            held += _held(inner, called)
    return held


def shapes_of(given: object) -> tuple[tuple[int, ...], ...]:
    """The shapes of all tensors in what a layer gave; of a packed sequence that of its contents.

    >>> shapes_of((torch.zeros(2, 3), [torch.zeros(4), None]))
    ((2, 3), (4,))
    """
    if isinstance(given, torch.Tensor):
        return (tuple(given.shape),)
    if isinstance(given, PackedSequence):
        return (tuple(given.data.shape),)
    if isinstance(given, Mapping):
        given = list(given.values())
    if isinstance(given, list | tuple):
        return tuple(shape for part in given for shape in shapes_of(part))
    return ()
