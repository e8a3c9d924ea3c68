"""Which tensors of a person's batch are inputs and which are targets: seen, or said by the person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch

from kilter.engine.trees import Path, leaves
from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.program import Place, Program
    from kilter.values.recording import Call, Recording, SeenStep

TARGET_KEYWORDS: Final = frozenset({"label", "labels", "target", "targets", "start_positions", "end_positions"})
"""Arguments by which models with their loss inside take what is to be learnt."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The ways to the tensors of a batch, by what they are for.

    Attributes:
        inputs: what the model is given.
        targets: what the loss is given, or the model under a name such as `labels`.
        rest: what neither of them was seen to get.
    """

    inputs: tuple[Path, ...]
    targets: tuple[Path, ...]
    rest: tuple[Path, ...] = ()


def find_roles(program: Program, recording: Recording) -> Roles:
    """The roles of a batch's tensors: by the person's word, else by where their numbers turned up."""
    if not recording.steps:
        return Roles(inputs=(), targets=())
    step = recording.steps[0]
    given = leaves(step.batch)
    targets = _said("targets", program.targets, step.batch) or _seen_targets(given, step)
    inputs = _said("inputs", program.inputs, step.batch) or tuple(
        path
        for path, tensor in given.items()
        if path not in targets and any(_same_numbers(tensor, other) for other in _arguments(step.calls))
    )
    if not inputs:
        inputs = tuple(path for path in given if path not in targets)[:1]
    if not targets:
        left = [path for path in given if path not in inputs and given[path].dtype != torch.bool]
        targets = tuple(left) if len(left) == 1 else ()
    rest = tuple(path for path in given if path not in inputs and path not in targets)
    return Roles(inputs=inputs, targets=targets, rest=rest)


def _said(name: str, place: Place | None, batch: Any) -> tuple[Path, ...]:
    if place is None:
        return ()
    try:
        part = place(batch) if callable(place) else batch[place]
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        keys = list(batch) if isinstance(batch, Mapping) else None
        form = f"the keys {keys}" if keys else f"{len(batch)} parts" if isinstance(batch, list | tuple) else "no parts"
        raise UsageError(
            f"{name}={place!r}: {type(error).__name__} on a batch that is a {type(batch).__name__} with {form}",
            legal="it is a key or an index of a batch, or a function of the batch",
            remedy=f"leave {name} out to have it seen",
        ) from error
    wanted = [id(tensor) for tensor in leaves(part).values()]
    found = tuple(path for path, tensor in leaves(batch).items() if id(tensor) in wanted)
    if found:
        return found
    values = list(leaves(part).values())
    return tuple(path for path, tensor in leaves(batch).items() if any(_same_numbers(tensor, v) for v in values))


def _seen_targets(given: dict[Path, Tensor], step: SeenStep) -> tuple[Path, ...]:
    """What the loss got; where a tensor went to the model, too, the last of its kind is the target."""
    to_loss = list(_arguments(step.losses))
    to_model = list(_arguments(step.calls, without=TARGET_KEYWORDS))
    named = [part for call in step.calls for key, part in call.keywords.items() if key in TARGET_KEYWORDS]
    to_loss += [tensor for part in named for tensor in leaves(part).values()]
    found = [path for path, tensor in given.items() if any(_same_numbers(tensor, other) for other in to_loss)]
    only = [path for path in found if not any(_same_numbers(given[path], other) for other in to_model)]
    if only or not found:
        return tuple(only)
    return (found[-1],) if len(given) > 1 else ()


def _arguments(calls: Iterable[Call], *, without: frozenset[str] = frozenset()) -> Iterable[Tensor]:
    for call in calls:
        yield from leaves(call.arguments).values()
        yield from leaves({key: part for key, part in call.keywords.items() if key not in without}).values()


def _same_numbers(left: Tensor, right: Tensor) -> bool:
    """Whether two tensors hold the same numbers in the same order, whatever their shape and type."""
    if left.numel() != right.numel() or not left.numel():
        return False
    return torch.equal(
        torch.nan_to_num(left.detach().flatten().double()), torch.nan_to_num(right.detach().flatten().double())
    )
