"""What each optimizer met at its updates, beside the backwards since its last one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import torch

from kilter.values.recording import Backward, Recording, SeenStep, Update

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """An update and the backwards since the last update of the same optimizer.

    Attributes:
        backwards: in order; the last `update.within` of them ran inside of the update.
        scales: of each backward, how many times the loss that it was called on is the one that the step speaks of.
        update: the update.
        first: whether it is the first of its optimizer.
    """

    backwards: tuple[Backward, ...]
    scales: tuple[float, ...]
    update: Update
    first: bool


def windows(recording: Recording) -> tuple[Window, ...]:
    """All updates of a recording, each with its backwards."""
    waiting: dict[int, list[tuple[Backward, float]]] = {}
    past: list[tuple[Backward, float]] = []
    found: list[Window] = []
    begun: set[int] = set()
    for step in recording.steps:
        for happened in _happened(step):
            if isinstance(happened, Backward):
                pair = happened, loss_scale(step, happened)
                past.append(pair)
                for others in waiting.values():
                    others.append(pair)
                continue
            since = waiting.get(happened.optimizer, past)
            found.append(
                Window(
                    backwards=tuple(backward for backward, _ in since),
                    scales=tuple(scale for _, scale in since),
                    update=happened,
                    first=happened.optimizer not in begun,
                )
            )
            begun.add(happened.optimizer)
            waiting[happened.optimizer] = []
    return tuple(found)


def _happened(step: SeenStep) -> Iterator[Backward | Update]:
    backwards, updates = iter(step.backwards), iter(step.updates)
    for word in step.order:
        happened = next(backwards, None) if word == "backward" else next(updates, None) if word == "update" else None
        if happened is not None:
            yield happened


def loss_scale(step: SeenStep, backward: Backward) -> float:
    """The power of two, 16 or more, by which a loss was multiplied before its backward; 1 where none is seen."""
    if backward.loss.numel() != 1:
        return 1.0
    loss = float(backward.loss)
    told = [step.returned]
    results = [call.result for call in step.losses]
    told += [float(result) for result in results if isinstance(result, torch.Tensor) and result.numel() == 1]
    for other in told:
        if other and math.isfinite(other) and math.isfinite(loss) and loss / other >= 15:
            scale = 2.0 ** round(math.log2(loss / other))
            if abs(loss / other / scale - 1) < 1e-2:  # the loss that is told may be of half precision
                return scale
    return 1.0


def nothing(gradient: Tensor | None) -> bool:
    """Whether a gradient is absent or zero throughout."""
    return gradient is None or not bool(gradient.any())


def finite(gradients: Iterable[Tensor | None]) -> bool:
    """Whether all gradients that there are hold numbers only."""
    return all(bool(torch.isfinite(gradient).all()) for gradient in gradients if gradient is not None)


def since_zero(window: Window, name: str) -> tuple[int, bool]:
    """From which backward of a window a parameter's gradient was gathered, and whether it began with nothing."""
    start, fresh = 0, False
    for at, backward in enumerate(window.backwards):
        if name in backward.before and nothing(backward.before[name]):
            start, fresh = at, True
    return start, fresh


def gathered(window: Window, name: str) -> Tensor | None:
    """The sum of a parameter's fresh gradients, free of loss scales, from where its gradient was last nothing."""
    start, _ = since_zero(window, name)
    found: Tensor | None = None
    for backward, scale in zip(window.backwards[start:], window.scales[start:], strict=True):
        fresh = backward.fresh.get(name)
        if fresh is not None:
            part = fresh.double() / scale
            found = part if found is None else found + part
    return found


def norm(gradients: Iterable[Tensor | None]) -> float:
    """The length of all of them together."""
    return math.sqrt(sum(float(g.double().square().sum()) for g in gradients if g is not None))


def scale_free(window: Window) -> bool:
    """Whether the update went much further than its gradients ask for: as with Adam, their size does not matter."""
    met = norm(window.update.gradients.values())
    rate = max((float(group.get("lr", 0.0)) for group in window.update.groups), default=0.0)
    if met == 0 or rate == 0:
        return False
    moved = norm(after - window.update.before[name] for name, after in window.update.after.items())
    settings = [group for group in window.update.groups if group.get("momentum")]
    longest = 1 / (1 - min(0.99, max((float(group["momentum"]) for group in settings), default=0.0)))
    decay = max((float(group.get("weight_decay", 0.0) or 0.0) for group in window.update.groups), default=0.0)
    pulled = decay * norm(window.update.before.values())
    return moved > 3 * rate * longest * (met + pulled)
