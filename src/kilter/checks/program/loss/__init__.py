"""Checks of a person's program: the loss and the outputs that meet it."""

from kilter.checks.program.probe import ProgramProbe

LOSS_CHECKS: tuple[ProgramProbe, ...] = ()
