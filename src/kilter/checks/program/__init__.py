"""Checks of a person's program, before compute is spent; each room has its tuple."""

from kilter.checks.program.batches import BATCH_CHECKS
from kilter.checks.program.fitting import FITTING_CHECKS
from kilter.checks.program.loop import LOOP_CHECKS
from kilter.checks.program.loss import LOSS_CHECKS
from kilter.checks.program.model import MODEL_CHECKS
from kilter.checks.program.probe import ProgramProbe

PROGRAM_CHECKS: tuple[ProgramProbe, ...] = (
    *LOOP_CHECKS,
    *LOSS_CHECKS,
    *BATCH_CHECKS,
    *MODEL_CHECKS,
    *FITTING_CHECKS,
)
