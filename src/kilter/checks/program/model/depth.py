"""Layers of a model in the order in which they are called, and what the first steps do to each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.model.activity import activity

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.recording import Recording


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A module with weights of two dimensions or more that asks for gradients.

    Attributes:
        name: of the module.
        gradient: of the first backward: norm of the gradient over norm of the weights.
        moved: by all recorded updates: norm of the change over norm of the weights as they were made.
        size: norm of the weights as they were made.
        norm: of the gradient of the first backward.
    """

    name: str
    gradient: float
    moved: float
    size: float
    norm: float


def layers(bench: Bench) -> tuple[Layer, ...]:
    """The layers in the order in which they are first called; those without a gradient are left out."""
    recording = bench.recording
    backward = next((b for step in recording.steps for b in step.backwards if b.differentiable), None)
    if backward is None:
        return ()
    found = []
    owned: dict[str, list[str]] = {}
    for name in recording.names:
        if len(recording.shapes[name]) > 1 and backward.fresh.get(name) is not None:
            owned.setdefault(name.rpartition(".")[0], []).append(name)
    for module in activity(bench).called:
        names = owned.get(module, [])
        if not module or not names:
            continue
        begun = recording.steps[0].before
        size = _norm([begun[name] for name in names])
        gradients = [backward.fresh[name] for name in names]
        norm = _norm([gradient for gradient in gradients if gradient is not None])
        moved = _norm([recording.after[name] - begun[name] for name in names])
        if size > 0:
            found.append(Layer(name=module, gradient=norm / size, moved=moved / size, size=size, norm=norm))
    return tuple(found)


def gradient_norms(recording: Recording) -> list[float]:
    """The norm of the gradient of each backward."""
    return [
        _norm([gradient for gradient in backward.fresh.values() if gradient is not None])
        for step in recording.steps
        for backward in step.backwards
        if backward.differentiable
    ]


def slope(numbers: list[float]) -> float:
    """The typical step from one positive number to the next, as a factor; 1 for less than two."""
    logs = [math.log(number) for number in numbers if number > 0 and math.isfinite(number)]
    steps = [right - left for left, right in pairwise(logs)]
    return math.exp(median(steps)) if steps else 1.0


def _norm(tensors: list[Tensor]) -> float:
    return math.sqrt(sum(float(tensor.double().pow(2).sum()) for tensor in tensors))
