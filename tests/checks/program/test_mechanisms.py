"""The names of mechanisms are those of the rooms that see them."""

from kilter.checks.program.fitting import FITTING_CHECKS
from kilter.checks.program.loop import LOOP_CHECKS
from kilter.checks.program.mechanisms import _BESIDE_THE_LOSS, MECHANISMS, OF_TRAINING


def test_every_check_of_a_mechanism_is_named_and_none_of_a_training():
    assert {check.name for check in LOOP_CHECKS} <= set(MECHANISMS)
    assert not {check.name for check in FITTING_CHECKS} & set(MECHANISMS)


def test_what_lies_beside_the_loss_is_named_as_the_checks_are():
    assert set(MECHANISMS) >= _BESIDE_THE_LOSS
    assert set(OF_TRAINING) == set(MECHANISMS) - _BESIDE_THE_LOSS
