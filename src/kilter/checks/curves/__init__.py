"""Checks of curves."""

from kilter.checks.check import Check
from kilter.checks.curves.attention_collapse import AttentionCollapse
from kilter.checks.curves.dead_layers import DeadLayers
from kilter.checks.curves.divergence import Divergence
from kilter.checks.curves.early_decay import EarlyDecay
from kilter.checks.curves.explosion import Explosion
from kilter.checks.curves.first_logged_loss import FirstLoggedLoss
from kilter.checks.curves.frozen_midway import FrozenMidway
from kilter.checks.curves.generalization_gap import GeneralizationGap
from kilter.checks.curves.gradient_depth import GradientDepth
from kilter.checks.curves.input_bound import InputBound
from kilter.checks.curves.loss_spike import LossSpike
from kilter.checks.curves.metric_disagreement import MetricDisagreement
from kilter.checks.curves.missed_class import MissedClass
from kilter.checks.curves.negative_loss import NegativeLoss
from kilter.checks.curves.no_learning import NoLearning
from kilter.checks.curves.not_a_number import NotANumber
from kilter.checks.curves.odd_batch import OddBatch
from kilter.checks.curves.oscillation import Oscillation
from kilter.checks.curves.overfitting import Overfitting
from kilter.checks.curves.rate_jump import RateJump
from kilter.checks.curves.repeated_batch import RepeatedBatch
from kilter.checks.curves.repeated_epochs import RepeatedEpochs
from kilter.checks.curves.saturated_layers import SaturatedLayers
from kilter.checks.curves.schedule_length import ScheduleLength
from kilter.checks.curves.settled_high import SettledHigh
from kilter.checks.curves.slow_learning import SlowLearning
from kilter.checks.curves.softmax_floor import SoftmaxFloor
from kilter.checks.curves.step_noise import StepNoise
from kilter.checks.curves.still_improving import StillImproving
from kilter.checks.curves.still_layers import StillLayers
from kilter.checks.curves.trivial_task import TrivialTask
from kilter.checks.curves.update_size import UpdateSize
from kilter.checks.curves.validation_ahead import ValidationAhead
from kilter.checks.curves.validation_apart import ValidationApart
from kilter.checks.curves.validation_constant import ValidationConstant
from kilter.checks.curves.validation_noise import ValidationNoise
from kilter.checks.curves.weights_shrink import WeightsShrink
from kilter.values.history import History

CURVE_CHECKS: tuple[Check[History], ...] = (
    Divergence(),
    NotANumber(),
    Overfitting(),
    NoLearning(),
    StillImproving(),
    FirstLoggedLoss(),
    SlowLearning(),
    Oscillation(),
    Explosion(),
    TrivialTask(),
    NegativeLoss(),
    RepeatedEpochs(),
    StepNoise(),
    SoftmaxFloor(),
    MetricDisagreement(),
    MissedClass(),
    ValidationAhead(),
    EarlyDecay(),
    ScheduleLength(),
    ValidationConstant(),
    ValidationApart(),
    ValidationNoise(),
    GeneralizationGap(),
    SettledHigh(),
    LossSpike(),
    RateJump(),
    RepeatedBatch(),
    FrozenMidway(),
    OddBatch(),
    InputBound(),
    GradientDepth(),
    DeadLayers(),
    SaturatedLayers(),
    StillLayers(),
    AttentionCollapse(),
    UpdateSize(),
    WeightsShrink(),
)
