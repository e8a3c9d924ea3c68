"""Checks of a person's program: what the loaders give."""

from kilter.checks.program.probe import ProgramProbe

BATCH_CHECKS: tuple[ProgramProbe, ...] = ()
