"""The names of findings that see a mechanism at work; what a training shows only follows from them."""

from __future__ import annotations

from typing import Final

from kilter.checks.program.batches import BATCH_CHECKS
from kilter.checks.program.loop import LOOP_CHECKS
from kilter.checks.program.loss import LOSS_CHECKS
from kilter.checks.program.model import MODEL_CHECKS

MECHANISMS: Final[tuple[str, ...]] = tuple(
    check.name for checks in (LOOP_CHECKS, LOSS_CHECKS, BATCH_CHECKS, MODEL_CHECKS) for check in checks
)
"""A rate that is too high for raw inputs, or a loss that does not fall since nothing is updated, is no second fault."""

_BESIDE_THE_LOSS: Final = frozenset(
    {
        "validation-mode",
        "stale-copies",
        "repeatability",
        "rows-in-both-splits",
        "giveaway-column",
        "split-by-class",
        "classes-missing",
        "preprocessing-differs",
        "input-noise",
        "inputs-differ",
        "little-data",
        "unsteady-validation",
        "unknown-tokens",
        "metric-not-honest",
        "threshold-misplaced",
        "waiting-for-batches",
        "padding-seen",
        "future-seen",
        "stale-statistics",
    }
)
"""These spoil what is learnt, or what is said of it; none of them keeps a training loss from falling."""

OF_TRAINING: Final[tuple[str, ...]] = tuple(name for name in MECHANISMS if name not in _BESIDE_THE_LOSS)
"""Mechanisms that can explain a training loss that does not fall."""
