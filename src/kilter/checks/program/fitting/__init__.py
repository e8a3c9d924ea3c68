"""Checks of a person's program: hyperparameters: by trainings with one thing changed."""

from kilter.checks.program.fitting.behind_simple_models import BehindSimpleModels
from kilter.checks.program.fitting.counterfactuals import Counterfactuals
from kilter.checks.program.fitting.inert_setting import InertSetting
from kilter.checks.program.fitting.little_way import LittleWay
from kilter.checks.program.fitting.momentum import Momentum
from kilter.checks.program.fitting.nothing_learnt import NothingLearnt
from kilter.checks.program.fitting.optimizer_epsilon import OptimizerEpsilon
from kilter.checks.program.fitting.rate_too_high import RateTooHigh
from kilter.checks.program.fitting.rows_by_heart import RowsByHeart
from kilter.checks.program.fitting.too_few_epochs import TooFewEpochs
from kilter.checks.program.fitting.weight_decay import WeightDecay
from kilter.checks.program.probe import ProgramProbe

FITTING_CHECKS: tuple[ProgramProbe, ...] = (
    RateTooHigh(),
    LittleWay(),
    WeightDecay(),
    OptimizerEpsilon(),
    Momentum(),
    InertSetting(),
    RowsByHeart(),
    Counterfactuals(),
    TooFewEpochs(),
    NothingLearnt(),
    BehindSimpleModels(),
)
