"""Whether an optimizer's steps grow with its gradients."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from torch.optim import Optimizer

_TIMES: Final = 8.0
"""What the gradient of the second trial is multiplied with."""


def proportional(optimizer: Optimizer) -> bool | None:
    """Whether a gradient eight times as long makes a step about eight times as long, as with SGD, not as with Adam.

    Tried with a small tensor and an optimizer of the same kind and settings. None where it cannot be told: it takes
    sparse gradients only, or a closure.

    >>> weight = [torch.nn.Parameter(torch.ones(2))]
    >>> proportional(torch.optim.SGD(weight, lr=0.1)), proportional(torch.optim.AdamW(weight))
    (True, False)
    """
    kind: Any = type(optimizer)
    taken = inspect.signature(kind.__init__).parameters
    settings = {name: value for name, value in optimizer.defaults.items() if name in taken}
    try:
        short, long = (_moved(kind, settings, times) for times in (1.0, _TIMES))
    except Exception:  # noqa: BLE001 - whatever a foreign optimizer raises, it cannot be told
        return None
    return None if short == 0 else long / short > _TIMES / 2


def _moved(kind: Any, settings: dict[str, Any], times: float) -> float:
    """How far a tensor moves in one step; at the origin, where decay of weights does nothing."""
    weight = torch.nn.Parameter(torch.zeros(4, 4))
    weight.grad = times * torch.linspace(0.1, 1.0, 16).reshape(4, 4)
    kind([weight], **settings).step()
    return float(weight.detach().norm())
