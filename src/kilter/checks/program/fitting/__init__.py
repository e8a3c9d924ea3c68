"""Checks of a person's program: hyperparameters: by trainings with one thing changed."""

from kilter.checks.program.probe import ProgramProbe

FITTING_CHECKS: tuple[ProgramProbe, ...] = ()
