"""Checks of a person's program: what the loaders give."""

from kilter.checks.program.batches.class_shares import ClassesMissing, SplitByClass
from kilter.checks.program.batches.copies import Copies
from kilter.checks.program.batches.giveaway import Giveaway
from kilter.checks.program.batches.input_difference import InputNoise, InputsDiffer, PreprocessingDiffers
from kilter.checks.program.batches.label_relation import LabelRelation
from kilter.checks.program.batches.little_data import LittleData
from kilter.checks.program.batches.metric import HonestMetric
from kilter.checks.program.batches.minority import MinorityUnanswered
from kilter.checks.program.batches.missing_numbers import NumbersMissing
from kilter.checks.program.batches.oddities import DryLoader, HugeRows, OneTarget
from kilter.checks.program.batches.one_input import OneInput
from kilter.checks.program.batches.order import SortedBatches
from kilter.checks.program.batches.overlap import SplitOverlap
from kilter.checks.program.batches.repeated_noise import RepeatedNoise
from kilter.checks.program.batches.scales import InputScale, TargetScale
from kilter.checks.program.batches.threshold import Threshold
from kilter.checks.program.batches.truncation import Truncation
from kilter.checks.program.batches.unsteady_validation import UnsteadyValidation
from kilter.checks.program.batches.vocabulary import Vocabulary
from kilter.checks.program.batches.waiting import WaitingForBatches
from kilter.checks.program.probe import ProgramProbe

BATCH_CHECKS: tuple[ProgramProbe, ...] = (
    NumbersMissing(),
    OneInput(),
    LabelRelation(),
    SplitOverlap(),
    SortedBatches(),
    Giveaway(),
    SplitByClass(),
    ClassesMissing(),
    PreprocessingDiffers(),
    InputNoise(),
    InputsDiffer(),
    InputScale(),
    TargetScale(),
    LittleData(),
    RepeatedNoise(),
    UnsteadyValidation(),
    Truncation(),
    Vocabulary(),
    HonestMetric(),
    Threshold(),
    OneTarget(),
    DryLoader(),
    HugeRows(),
    MinorityUnanswered(),
    WaitingForBatches(),
    Copies(),
)
