"""What a model's activations do on the first batches, before any update."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.model.scene import fresh
from kilter.engine.activations import Activation, watching
from kilter.engine.peeking import float_tensors
from kilter.values.frozen_map import FrozenMap

if TYPE_CHECKING:
    from torch import Tensor

BATCHES: Final = 2
"""Batches that are looked at: a unit that is at rest on one may wake on the next."""

NEAR: Final = 0.01
"""Derivative below which a bounded function lets next to nothing through; that of a rectifier's open side is 1."""

VALUES: Final = 1 << 22
"""Numbers of a result beyond which a part of its rows is looked at."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One non-linear function of a model over some batches.

    Attributes:
        kind: relu, tanh, sigmoid or other.
        module: in which it is.
        at: how often that module had called one of this kind before, as a recurrent layer does at each time.
        alive: of each unit, whether it was ever not zero.
        open: share of all numbers at which the function has a derivative that is not next to nothing.
        scale: root mean square of its numbers.
        closed: of each unit, whether its derivative was next to nothing on every example.
        output: whether it is what the model gives.
    """

    kind: str
    module: str
    at: int
    alive: Tensor
    open: float
    scale: float
    closed: Tensor
    output: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """All of them, in the order in which they were computed.

    Attributes:
        seen: relu, tanh, sigmoid and others.
        called: the model's parts in the order in which they were first called.
        applied: how often a product or convolution took each parameter in a call.
    """

    seen: tuple[Seen, ...]
    called: tuple[str, ...]
    applied: Mapping[str, int]


def activity(bench: Bench) -> Activity:
    """The activations of the model as it was made, on the first batches, in the mode in which it is trained."""
    return bench.once(("activity",), lambda: _watch(bench))


def _watch(bench: Bench) -> Activity:
    made = fresh(bench)
    batches = [step.batch for step in bench.recording.steps[:BATCHES]]
    merged: dict[tuple[str, str, int], Seen] = {}
    called: list[str] = []
    applied: Counter[str] = Counter()
    for batch in batches:
        found: list[tuple[int, Seen]] = []
        counts: dict[tuple[str, str], int] = {}

        def look(activation: Activation, found: Any = found, counts: Any = counts) -> None:
            if activation.kind in ("softmax", "attention") or not activation.result.numel():
                return
            key = activation.kind, activation.module
            counts[key] = counts.get(key, -1) + 1
            storage = activation.result.untyped_storage().data_ptr()
            if activation.result.is_floating_point() and activation.result.ndim > 1:
                found.append((storage, _summary(activation, counts[key])))

        with watching(made.model, look) as calls:
            peeked = bench.peek(made, batch)
        called = calls.parts if len(calls.parts) > len(called) else called
        applied |= calls.applied
        given = {tensor.untyped_storage().data_ptr() for tensor in float_tensors(peeked.outputs)}
        for storage, seen in found:
            place = seen.kind, seen.module, seen.at
            merged[place] = _together(merged.get(place), seen, output=storage in given)
    return Activity(seen=tuple(merged.values()), called=tuple(called), applied=FrozenMap(applied))


def _summary(activation: Activation, at: int) -> Seen:
    result = activation.result.detach()
    if result.numel() > VALUES and result.ndim > 1:
        result = result[: max(1, len(result) * VALUES // result.numel())]
    result = result.float()
    if activation.kind == "relu":
        passing = result != 0
        if activation.bounded:
            passing &= result != result.max()
    elif activation.kind == "tanh":
        passing = 1 - result.pow(2) > NEAR
    elif activation.kind == "sigmoid":
        passing = result * (1 - result) > NEAR / 4  # its derivative is a quarter at most
    else:
        passing = torch.ones_like(result, dtype=torch.bool)
    dims = [d for d in range(result.ndim) if d != activation.units % max(1, result.ndim)]
    return Seen(
        kind=activation.kind,
        module=activation.module,
        at=at,
        alive=_any(result != 0, dims),
        open=float(passing.double().mean()),
        scale=float(result.double().pow(2).mean().sqrt()),
        closed=~_any(passing, dims),
        output=False,
    )


def _any(mask: Tensor, dims: list[int]) -> Tensor:
    return mask.any(dim=dims).cpu() if dims else mask.cpu()


def _together(before: Seen | None, now: Seen, *, output: bool) -> Seen:
    if before is None or before.alive.shape != now.alive.shape:
        alive, opened, scale, closed = now.alive, now.open, now.scale, now.closed
    else:
        alive, closed = before.alive | now.alive, before.closed & now.closed
        opened, scale = (before.open + now.open) / 2, max(before.scale, now.scale)
    return Seen(
        kind=now.kind,
        module=now.module,
        at=now.at,
        alive=alive,
        open=opened,
        scale=scale,
        closed=closed,
        output=output or (before is not None and before.output),
    )


def depth_of(called: tuple[str, ...], names: tuple[str, ...]) -> Mapping[str, int]:
    """The place of each parameter's module among those called; none for what no called module owns."""
    places = {name: at for at, name in enumerate(called)}
    owners = {name: name.rpartition(".")[0] for name in names}
    return {name: places[owner] for name, owner in owners.items() if owner and owner in places}
