"""Checks of curves."""

from kilter.checks.check import Check
from kilter.checks.curves.divergence import Divergence
from kilter.checks.curves.no_learning import NoLearning
from kilter.checks.curves.not_a_number import NotANumber
from kilter.checks.curves.overfitting import Overfitting
from kilter.checks.curves.still_improving import StillImproving
from kilter.values.history import History

CURVE_CHECKS: tuple[Check[History], ...] = (
    Divergence(),
    NotANumber(),
    Overfitting(),
    NoLearning(),
    StillImproving(),
)
