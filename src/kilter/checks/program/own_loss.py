"""The loss that a task has by itself, whatever the author minimises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from kilter.checks.program.predicted import main_output
from kilter.engine.trees import leaves
from kilter.values.program import Kind
from kilter.values.task import IGNORED

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from kilter.checks.program.roles import Roles
    from kilter.values.program import Program


def own_loss(program: Program, roles: Roles) -> Callable[[Any, Tensor, Any], Tensor]:
    """(outputs, the author's loss, batch) to the task's own; the author's where outputs and targets do not meet."""

    def loss_of(outputs: Any, loss: Tensor, batch: Any) -> Tensor:
        given = main_output(outputs)
        targets = [leaves(batch)[path] for path in roles.targets if path in leaves(batch)]
        if given is None or not targets or not given.requires_grad:
            return loss
        found = _of(program, given.float(), targets[0])
        return loss if found is None else found

    return loss_of


def _of(program: Program, given: Tensor, target: Tensor) -> Tensor | None:
    functional = torch.nn.functional
    meet = given.numel() == target.numel()
    if program.task is Kind.REGRESSION and meet:
        return functional.mse_loss(given.reshape(target.shape), target.float())
    if program.task is Kind.MULTILABEL and meet:
        return _binary(given.reshape(target.shape), (target > 0.5).float())
    if program.task not in (Kind.CLASSIFICATION, Kind.TAGGING):
        return None
    if meet and (given.ndim == 1 or given.shape[-1] == 1):
        return _binary(given.reshape(target.shape), (target > (0.5 if float(target.min()) >= 0 else 0.0)).float())
    if target.is_floating_point() and target.shape == given.shape:
        target = target.argmax(-1)
    return _of_classes(given, target) if given.shape[:-1] == target.shape else None


def _of_classes(given: Tensor, target: Tensor) -> Tensor | None:
    rows, truth = given.flatten(0, -2), target.flatten().long()
    judged = (truth != IGNORED) & (truth >= 0) & (truth < rows.shape[-1])
    if not bool(judged.any()):
        return None
    rows, truth = rows[judged], truth[judged]
    shares = bool((rows >= 0).all()) and bool(((rows.sum(-1) - 1).abs() < 1e-3).all())
    functional = torch.nn.functional
    return functional.nll_loss(rows.clamp_min(1e-7).log(), truth) if shares else functional.cross_entropy(rows, truth)


def _binary(given: Tensor, truth: Tensor) -> Tensor:
    functional = torch.nn.functional
    if bool(((given >= 0) & (given <= 1)).all()):
        return functional.binary_cross_entropy(given.clamp(1e-7, 1 - 1e-7), truth)
    return functional.binary_cross_entropy_with_logits(given, truth)
