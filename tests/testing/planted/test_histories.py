"""Every planted fault of curves is found by its check, and every check has one."""

import pytest

from kilter.checks.curves import CURVE_CHECKS
from kilter.testing.conformance import fires, is_documented
from kilter.testing.planted.histories import PLANTED_HISTORIES
from kilter.testing.planted.histories_of_evaluations import FAULTS_OF_EVALUATIONS
from kilter.testing.planted.histories_of_layers import FAULTS_OF_LAYERS
from kilter.testing.planted.histories_of_losses import FAULTS_OF_LOSSES
from kilter.testing.planted.histories_of_steps import FAULTS_OF_STEPS

ALL = (*PLANTED_HISTORIES, *FAULTS_OF_LOSSES, *FAULTS_OF_EVALUATIONS, *FAULTS_OF_STEPS, *FAULTS_OF_LAYERS)
CHECKS = {check.code: check for check in CURVE_CHECKS}


@pytest.mark.parametrize("planted", PLANTED_HISTORIES, ids=lambda planted: f"{planted.code} {planted.name}")
def test_the_fault_is_found(planted):
    fires(CHECKS[planted.code], planted)


@pytest.mark.parametrize("check", CURVE_CHECKS, ids=lambda check: check.name)
def test_the_check_is_documented_and_has_a_planted_fault(check):
    is_documented(check)
    assert any(planted.code == check.code for planted in ALL)


def test_codes_and_names_tell_checks_apart():
    assert len(CHECKS) == len({check.name for check in CURVE_CHECKS}) == len(CURVE_CHECKS)
