"""Checks of what a training came to."""

from kilter.checks.check import Check
from kilter.checks.results.error_slices import ErrorSlices
from kilter.checks.results.expectation_missed import ExpectationMissed
from kilter.checks.results.no_better_than_chance import NoBetterThanChance
from kilter.checks.results.one_answer import OneAnswer
from kilter.checks.results.scored_on_training import ScoredOnTraining
from kilter.checks.results.simple_first import SimpleFirst
from kilter.checks.results.split_consulted_often import SplitConsultedOften
from kilter.checks.results.sure_when_wrong import SureWhenWrong
from kilter.checks.results.surer_than_right import SurerThanRight
from kilter.checks.results.train_gap import TrainGap
from kilter.checks.results.uncalibrated import Uncalibrated
from kilter.checks.results.unequal_effort import UnequalEffort
from kilter.checks.results.zero_recall import ZeroRecall
from kilter.values.outcome import Outcome

RESULT_CHECKS: tuple[Check[Outcome], ...] = (
    NoBetterThanChance(),
    SimpleFirst(),
    OneAnswer(),
    SurerThanRight(),
    TrainGap(),
    ErrorSlices(),
    ScoredOnTraining(),
    UnequalEffort(),
    SplitConsultedOften(),
    ZeroRecall(),
    Uncalibrated(),
    SureWhenWrong(),
    ExpectationMissed(),
)
