"""Checks of a person's program: the model."""

from kilter.checks.program.model.dead_units import DeadUnits
from kilter.checks.program.model.future_seen import FutureSeen
from kilter.checks.program.model.ignored_input import IgnoredInput
from kilter.checks.program.model.padding_seen import PaddingSeen
from kilter.checks.program.model.rows_mixed import RowsMixed
from kilter.checks.program.model.saturated_units import SaturatedUnits
from kilter.checks.program.model.vanishing_gradient import VanishingGradient
from kilter.checks.program.probe import ProgramProbe

MODEL_CHECKS: tuple[ProgramProbe, ...] = (
    RowsMixed(),
    PaddingSeen(),
    FutureSeen(),
    DeadUnits(),
    SaturatedUnits(),
    VanishingGradient(),
    IgnoredInput(),
)
