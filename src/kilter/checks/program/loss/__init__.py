"""Checks of a person's program: the loss and the outputs that meet it."""

from kilter.checks.program.loss.custom_gradients import CustomGradients
from kilter.checks.program.loss.first_loss import FirstLoss
from kilter.checks.program.loss.ignored_class import IgnoredClass
from kilter.checks.program.loss.label_places import LabelPlaces
from kilter.checks.program.loss.legal_labels import LegalLabels
from kilter.checks.program.loss.loss_cap import LossCap
from kilter.checks.program.loss.loss_direction import LossDirection
from kilter.checks.program.loss.loss_numbers import LossNumbers
from kilter.checks.program.loss.loss_of_task import LossOfTask
from kilter.checks.program.loss.loss_sum import LossSum
from kilter.checks.program.loss.loss_terms import LossTerms
from kilter.checks.program.loss.missing_logarithm import MissingLogarithm
from kilter.checks.program.loss.normalised_twice import NormalisedTwice
from kilter.checks.program.loss.output_reach import OutputReach
from kilter.checks.program.loss.padding_in_loss import PaddingInLoss
from kilter.checks.program.loss.pairing import Pairing
from kilter.checks.program.loss.rows_apart import RowsApart
from kilter.checks.program.loss.rows_cut_anew import RowsCutAnew
from kilter.checks.program.loss.softmax_place import SoftmaxPlace
from kilter.checks.program.loss.targets_unused import TargetsUnused
from kilter.checks.program.probe import ProgramProbe

LOSS_CHECKS: tuple[ProgramProbe, ...] = (
    NormalisedTwice(),
    MissingLogarithm(),
    SoftmaxPlace(),
    OutputReach(),
    LossOfTask(),
    LossDirection(),
    Pairing(),
    LossSum(),
    PaddingInLoss(),
    IgnoredClass(),
    LegalLabels(),
    LabelPlaces(),
    LossTerms(),
    LossNumbers(),
    LossCap(),
    FirstLoss(),
    CustomGradients(),
    RowsApart(),
    RowsCutAnew(),
    TargetsUnused(),
)
