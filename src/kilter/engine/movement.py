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


@final
class Movement:
    """Compares the parameters of a model with themselves, as they were at the last look.

    The norm of each is kept, in double precision: a step that leaves it the same to the last of 53 bits is none.
    """

    def __init__(self, model: nn.Module) -> None:
        self._parameters = [
            (name, parameter)
            for name, parameter in model.named_parameters()
            if type(parameter) is torch.nn.Parameter and parameter.layout is torch.strided
        ]
        self._norms: list[float] = []
        self._told: dict[str, float] = {}

    @torch.no_grad()
    def look(self, optimizers: Iterable[Optimizer]) -> Mapping[str, float]:
        """By name, the parameters of which something else must be said than before: `MOVED` or why not.

        To be called after an update, before its gradients are cleared.
        """
        norms = _norms([parameter.detach() for _, parameter in self._parameters], torch.float64)
        before, self._norms = self._norms, norms
        if not before:
            return {}
        moved = [one != other for one, other in zip(before, norms, strict=True)]
        pulled = _reached([parameter.grad for _, parameter in self._parameters])
        rates = {} if all(moved) else _rates(optimizers)
        changed: dict[str, float] = {}
        for at, (name, parameter) in enumerate(self._parameters):
            now = _state(parameter, moved=moved[at], pulled=pulled[at], rate=rates.get(id(parameter), 1.0))
            if self._told.get(name) != now:
                self._told[name] = changed[name] = now
        return changed


def _state(parameter: Tensor, *, moved: bool, pulled: bool, rate: float) -> float:
    if not parameter.requires_grad:
        return NOT_ASKED
    if not pulled:
        return NO_GRADIENT  # what momentum still moves is not learning
    if moved:
        return MOVED
    return NO_RATE if rate == 0 else UNMOVED


def _reached(gradients: list[Tensor | None]) -> list[bool]:
    """Whether there is a gradient that is not 0; of kinds that are not looked at, whether there is one.

    That of a bias in front of a norm is 0 but for rounding, and sometimes without it: vectors are not looked at.
    """
    plain = [
        (at, gradient)
        for at, gradient in enumerate(gradients)
        if type(gradient) is torch.Tensor and gradient.layout is torch.strided and gradient.ndim > 1
    ]
    answers = [gradient is not None for gradient in gradients]
    for (at, _), norm in zip(plain, _norms([gradient for _, gradient in plain], torch.float32), strict=True):
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
