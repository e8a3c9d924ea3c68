"""What a program predicts and what it should have: the two that meet in its loss, and how good they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import torch

from kilter.engine.peeking import float_tensors
from kilter.engine.trees import leaves
from kilter.values.program import Kind, Program
from kilter.values.task import IGNORED

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.checks.program.roles import Roles
    from kilter.engine.peeking import Peek


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """Predictions and targets of a batch.

    Attributes:
        outputs: the model's main output, with its graph where the peek had one.
        given: what the loss function was given as prediction, a copy; the outputs where none was heard.
        target: what the loss function was given as target, a copy; the batch's own where none was heard.
    """

    outputs: Tensor
    given: Tensor
    target: Tensor


def predicted(program: Program, roles: Roles, peek: Peek, batch: Any) -> Predicted | None:
    """The pair of a peek; None where it cannot be seen."""
    outputs = main_output(peek.outputs)
    if outputs is None:
        return None
    targets = [leaves(batch)[path] for path in roles.targets if path in leaves(batch)]
    for call in peek.losses:
        heard = [*leaves(call.arguments).values(), *leaves(call.keywords).values()]
        if len(heard) >= 2:
            given, target = heard[0], heard[1]
            if _is_one_of(given, targets) and not _is_one_of(target, targets):
                given, target = target, given
            if given.is_floating_point():
                return Predicted(outputs=outputs, given=given, target=target)
    return Predicted(outputs=outputs, given=outputs.detach(), target=targets[0]) if targets else None


def main_output(outputs: Any) -> Tensor | None:
    """The tensor that is the answer: what is called `logits`, else the first of floating-point numbers with rows."""
    named = outputs.get("logits") if isinstance(outputs, dict) else getattr(outputs, "logits", None)
    if isinstance(named, torch.Tensor):
        return named
    found = [tensor for tensor in float_tensors(outputs) if tensor.ndim]
    return found[0] if found else None


def quality(program: Program, given: Tensor, target: Tensor) -> float | None:
    """How good predictions are, the higher the better: accuracy, F1, R² (at least -1); None where nothing says it.

    Args:
        program: what is learnt.
        given: (b, ...), logits, probabilities or values.
        target: as the loss takes it.
    """
    given, target = given.detach().double(), target.detach()
    if not bool(torch.isfinite(given).all()):
        return -1.0 if program.task is Kind.REGRESSION else 0.0
    if program.task is Kind.REGRESSION:
        return _explained(given, target)
    if program.task is Kind.MULTILABEL and given.shape == target.shape:
        chosen = given > (0.5 if _probabilities(given) else 0.0)
        truth = target > 0.5
        both = float((chosen & truth).sum())
        return 2 * both / max(1.0, float(chosen.sum() + truth.sum()))
    if program.task in (Kind.CLASSIFICATION, Kind.TAGGING, Kind.GENERATION):
        return _accuracy(program, given, target)
    return None


def _explained(given: Tensor, target: Tensor) -> float | None:
    target = target.double()
    if given.numel() != target.numel():
        return None
    given = given.reshape(target.shape)
    total = float(((target - target.mean(0)) ** 2).sum())
    return max(-1.0, 1 - float(((given - target) ** 2).sum()) / total) if total > 0 else None


def _accuracy(program: Program, given: Tensor, target: Tensor) -> float | None:
    if target.is_floating_point() and target.ndim == given.ndim and target.shape[-1:] != (1,) and given.ndim > 1:
        target = target.argmax(-1)  # one-hot, or shares
    if given.numel() == target.numel():
        decided = given.reshape(target.shape) > (0.5 if _probabilities(given) else 0.0)
        return float((decided == (target > 0.5 if float(target.min()) >= 0 else target > 0)).double().mean())
    if given.shape[:-1] == target.shape:
        decided = given.argmax(-1)
    elif given.ndim > 2 and (given.shape[0], *given.shape[2:]) == tuple(target.shape):
        decided = given.argmax(1)  # classes in the second dimension, as cross-entropy takes them
    elif given.ndim > 1 and given.shape[:-1].numel() == target.numel():
        decided, target = given.argmax(-1).flatten(), target.flatten()
    else:
        return None
    judged = target != IGNORED
    if program.pad is not None and program.task is not Kind.CLASSIFICATION:
        judged &= target != program.pad
    return float((decided == target)[judged].double().mean()) if bool(judged.any()) else None


def _probabilities(given: Tensor) -> bool:
    return bool((given >= 0).all() and (given <= 1).all())


def _is_one_of(tensor: Tensor, others: list[Tensor]) -> bool:
    return any(
        tensor.numel() == other.numel() and torch.equal(tensor.flatten().double(), other.flatten().double())
        for other in others
    )
