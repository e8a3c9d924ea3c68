"""Checks of a person's program: the model."""

from kilter.checks.program.probe import ProgramProbe

MODEL_CHECKS: tuple[ProgramProbe, ...] = ()
