"""Parts of a model that work otherwise in training than in evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from kilter.checks.program.bench import Bench
from kilter.engine.peeking import float_tensors
from kilter.engine.programs import Made

if TYPE_CHECKING:
    from torch import nn


def mode_matters(bench: Bench, made: Made, batch: Any) -> bool:
    """Whether the model's outputs are other ones in training mode than in evaluation mode, from one random state."""
    outputs = [float_tensors(bench.peek(made, batch, training=training).outputs) for training in (False, False, True)]
    evaluated, again, trained = ([tensor.detach() for tensor in found] for found in outputs)
    if not evaluated or not _same(evaluated, again):
        return False
    return not _same(evaluated, trained)


def dependent(model: nn.Module) -> list[str]:
    """Torch's layers of the model that look at the mode: dropout that drops, normalisation by the batch."""
    found = []
    for name, module in model.named_modules():
        drops = getattr(module, "p", None) if isinstance(module, torch.nn.modules.dropout._DropoutNd) else None  # noqa: SLF001 - the one parent of all dropouts
        statistics = isinstance(module, torch.nn.modules.batchnorm._NormBase) and module.track_running_stats  # noqa: SLF001 - the same, of those that keep statistics
        if statistics or (isinstance(drops, float) and drops > 0):
            found.append(name)
    return found


def _same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return len(one) == len(other) and all(
        a.shape == b.shape and torch.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True)
        for a, b in zip(one, other, strict=True)
    )
