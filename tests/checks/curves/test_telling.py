"""Checks are told what a log does not say, and stay as they are where they do not ask for it."""

from kilter.checks.curves import CURVE_CHECKS
from kilter.checks.curves.divergence import Divergence
from kilter.checks.curves.first_logged_loss import FirstLoggedLoss
from kilter.checks.curves.still_improving import StillImproving
from kilter.checks.curves.telling import told
from kilter.checks.curves.validation_constant import ValidationConstant


def test_who_has_a_field_for_it_knows():
    (first,) = told([FirstLoggedLoss(times=2.0)], task="classification", classes=10)

    assert (first.task, first.classes, first.times) == ("classification", 10, 2.0)


def test_what_nobody_said_is_left_open():
    assert told(CURVE_CHECKS) == CURVE_CHECKS


def test_others_stay_as_they_are():
    constant = ValidationConstant()

    assert told([constant], task="classification", classes=10) == (constant,)


def test_all_of_them_can_be_told_in_their_order():
    assert [check.name for check in told(CURVE_CHECKS, task="regression", classes=3)] == [c.name for c in CURVE_CHECKS]
    assert told([Divergence()], classes=3) == (Divergence(classes=3),)
    assert told([StillImproving()], classes=3) == (StillImproving(),)
