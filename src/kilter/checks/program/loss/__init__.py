"""Checks of a person's program: the loss and the outputs that meet it."""

from kilter.checks.program.loss.loss_direction import LossDirection
from kilter.checks.program.loss.loss_of_task import LossOfTask
from kilter.checks.program.loss.missing_logarithm import MissingLogarithm
from kilter.checks.program.loss.normalised_twice import NormalisedTwice
from kilter.checks.program.loss.output_reach import OutputReach
from kilter.checks.program.loss.pairing import Pairing
from kilter.checks.program.loss.softmax_place import SoftmaxPlace
from kilter.checks.program.probe import ProgramProbe

LOSS_CHECKS: tuple[ProgramProbe, ...] = (
    NormalisedTwice(),
    MissingLogarithm(),
    SoftmaxPlace(),
    OutputReach(),
    LossOfTask(),
    LossDirection(),
    Pairing(),
)
