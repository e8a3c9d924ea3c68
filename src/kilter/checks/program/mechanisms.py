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
