"""Checks of a person's program: the loop: gradients, updates, modes, schedules."""

from kilter.checks.program.loop.accumulation import Accumulation
from kilter.checks.program.loop.broken_ties import BrokenTies
from kilter.checks.program.loop.clipping import Clipping
from kilter.checks.program.loop.cut_graph import CutGraph
from kilter.checks.program.loop.decay import Decay
from kilter.checks.program.loop.frozen_layers import FrozenLayers
from kilter.checks.program.loop.gradients_left import GradientsLeft
from kilter.checks.program.loop.gradients_lost import GradientsLost
from kilter.checks.program.loop.loss_detached import LossDetached
from kilter.checks.program.loop.loss_scale import LossScale
from kilter.checks.program.loop.membership import Membership
from kilter.checks.program.loop.repeatability import Repeatability
from kilter.checks.program.loop.rounding import Rounding
from kilter.checks.program.loop.schedules import Schedules
from kilter.checks.program.loop.stale_copies import StaleCopies
from kilter.checks.program.loop.standstill import Standstill
from kilter.checks.program.loop.strangers import Strangers
from kilter.checks.program.loop.training_mode import TrainingMode
from kilter.checks.program.loop.unused_layers import UnusedLayers
from kilter.checks.program.loop.validation_mode import ValidationMode
from kilter.checks.program.probe import ProgramProbe

LOOP_CHECKS: tuple[ProgramProbe, ...] = (
    GradientsLeft(),
    GradientsLost(),
    Standstill(),
    LossDetached(),
    CutGraph(),
    UnusedLayers(),
    Membership(),
    FrozenLayers(),
    Strangers(),
    Clipping(),
    Accumulation(),
    LossScale(),
    Rounding(),
    TrainingMode(),
    ValidationMode(),
    Repeatability(),
    Schedules(),
    StaleCopies(),
    BrokenTies(),
    Decay(),
)
