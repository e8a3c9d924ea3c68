"""Which parameters move: looked at every few steps, without copying them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, final

import torch

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

MOVED: Final = 1.0
UNMOVED: Final = 0.0
NOT_ASKED: Final = -1.0
NO_RATE: Final = -2.0
NO_GRADIENT: Final = -3.0

FEW: Final = 8
"""Numbers of each parameter that are read at every look, evenly spread: where one of them changed, it has moved."""


@final
class Movement:
    """Compares the parameters of a model with themselves, as they were at the last look.

    A few numbers of each are kept. Only of a parameter none of whose few has changed, the norm is taken, in double
    precision: it rests if that, too, is the same to the last of 53 bits at the look after.

    Attributes:
        doubtful: whether something may rest, which another look, one step later, will tell.
    """

    def __init__(self, model: nn.Module) -> None:
        self.doubtful = False
        self._parameters = [
            (name, parameter)
            for name, parameter in model.named_parameters()
            if type(parameter) is torch.nn.Parameter and parameter.layout is torch.strided
        ]
        self._windows: list[tuple[list[int], list[Tensor]]] = []  # places of parameters, and views of a few numbers
        self._few: list[list[float]] = []
        self._norms: dict[int, float] = {}  # by place, of what did not seem to move
        self._told: dict[str, float] = {}

    @torch.no_grad()
    def look(self, optimizers: Iterable[Optimizer], norms: Mapping[int, float] | None = None) -> Mapping[str, float]:
        """By name, the parameters of which something else must be said than before: `MOVED` or why not.

        To be called after an update, before its gradients are cleared.

        Args:
            optimizers: whose rates may be 0.
            norms: of gradients, by the id of their parameter, as far as they are known already.
        """
        if not self._windows:
            self._open()
            self._norms = self._norms_of(range(len(self._parameters)))
            return {}
        before, self._few = self._few, [torch.cat(views).tolist() for _, views in self._windows]
        pulled = _reached([parameter for _, parameter in self._parameters], norms or {})
        same = _still(self._windows, before, self._few)
        still = [at for at in same if pulled[at] and self._parameters[at][1].requires_grad]
        rests = self._resting(still)
        rates = _rates(optimizers) if still else {}
        changed: dict[str, float] = {}
        for at, (name, parameter) in enumerate(self._parameters):
            rest, rate = rests.get(at, False), rates.get(id(parameter), 1.0)
            if rest is None and rate:
                continue
            now = _state(parameter, moved=rest is False, pulled=pulled[at], rate=rate)
            if self._told.get(name) != now:
                self._told[name] = changed[name] = now
        return changed

    def _open(self) -> None:
        self._windows = _windows([parameter for _, parameter in self._parameters])
        self._few = [torch.cat(views).tolist() for _, views in self._windows]

    def _resting(self, still: list[int]) -> dict[int, bool | None]:
        """By place, whether parameters whose few numbers are the same rest; None before there is a norm of them."""
        known, self._norms = self._norms, self._norms_of(still)
        answers = {at: None if at not in known else known[at] == norm for at, norm in self._norms.items()}
        self.doubtful = None in answers.values()
        if False in answers.values():  # they moved all the same: in other numbers, or to another place in memory
            self._open()
        return answers

    def _norms_of(self, places: Iterable[int]) -> dict[int, float]:
        places = list(places)
        norms = _norms([self._parameters[at][1].detach() for at in places], torch.float64)
        return dict(zip(places, norms, strict=True))


def _windows(parameters: list[Tensor]) -> list[tuple[list[int], list[Tensor]]]:
    """Views of a few numbers of each parameter, those of one kind and device together; of some there is no view."""
    kinds: dict[tuple[torch.dtype, torch.device], tuple[list[int], list[Tensor]]] = {}
    for at, parameter in enumerate(parameters):
        tensor = parameter.detach()
        tensor = tensor.permute(sorted(range(tensor.ndim), key=tensor.stride, reverse=True))  # as it lies in memory
        flat = tensor.view(-1) if tensor.is_contiguous() else tensor.new_empty(0)
        places, views = kinds.setdefault((flat.dtype, flat.device), ([], []))
        places.append(at)
        views.append(flat[:: -(-len(flat) // FEW) or 1])
    return list(kinds.values())


def _still(
    windows: list[tuple[list[int], list[Tensor]]], before: list[list[float]], after: list[list[float]]
) -> list[int]:
    """The places of parameters none of whose few numbers has changed."""
    still = []
    for (places, views), one, other in zip(windows, before, after, strict=True):
        start = 0
        for at, view in zip(places, views, strict=True):
            end = start + len(view)
            if one[start:end] == other[start:end]:
                still.append(at)
            start = end
    return still


def _state(parameter: Tensor, *, moved: bool, pulled: bool, rate: float) -> float:
    if not parameter.requires_grad:
        return NOT_ASKED
    if not pulled:
        return NO_GRADIENT  # what momentum still moves is not learning
    if moved:
        return MOVED
    return NO_RATE if rate == 0 else UNMOVED


def _reached(parameters: list[Tensor], known: Mapping[int, float]) -> list[bool]:
    """Whether there is a gradient that is not 0; of kinds that are not looked at, whether there is one.

    That of a bias in front of a norm is 0 but for rounding, and sometimes without it: vectors are not looked at.
    """
    answers = []
    unknown: list[tuple[int, Tensor]] = []
    for at, parameter in enumerate(parameters):
        gradient = parameter.grad
        there = gradient is not None
        if gradient is not None and parameter.ndim > 1:
            norm = known.get(id(parameter))
            if norm is not None:
                there = norm != 0
            elif type(gradient) is torch.Tensor and gradient.layout is torch.strided:
                unknown.append((at, gradient))
        answers.append(there)
    norms = _norms([gradient for _, gradient in unknown], torch.float32)
    for (at, _), norm in zip(unknown, norms, strict=True):
        answers[at] = norm != 0
    return answers


def _rates(optimizers: Iterable[Optimizer]) -> dict[int, float]:
    return {
        id(parameter): float(group["lr"])
        for optimizer in optimizers
        for group in optimizer.param_groups
        if "lr" in group
        for parameter in group["params"]
    }


def _norms(tensors: list[Tensor], precision: torch.dtype) -> list[float]:
    """The norm of each, in one transfer where they live together; wider numbers keep their width."""
    if not tensors:
        return []
    if any(tensor.dtype.itemsize > precision.itemsize for tensor in tensors):
        precision = torch.float64
    norms = torch._foreach_norm(tensors, 2, precision)  # noqa: SLF001 - one kernel for all
    if len({norm.device for norm in norms}) > 1:
        return [float(norm) for norm in norms]
    numbers: list[float] = torch.stack(list(norms)).tolist()
    return numbers
