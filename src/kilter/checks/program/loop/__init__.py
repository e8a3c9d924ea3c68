"""Checks of a person's program: the loop: gradients, updates, modes, schedules."""

from kilter.checks.program.probe import ProgramProbe

LOOP_CHECKS: tuple[ProgramProbe, ...] = ()
