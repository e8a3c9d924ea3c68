"""Every planted fault of a training loss is found by its check, and is what is said first."""

import pytest

from kilter.checks.curves import CURVE_CHECKS
from kilter.checks.examination import examine
from kilter.testing.conformance import fires
from kilter.testing.planted.histories_of_losses import FAULTS_OF_LOSSES

CHECKS = {check.code: check for check in CURVE_CHECKS}


@pytest.mark.parametrize("planted", FAULTS_OF_LOSSES, ids=lambda planted: f"{planted.code} {planted.name}")
def test_the_fault_is_found(planted):
    fires(CHECKS[planted.code], planted)


@pytest.mark.parametrize("planted", FAULTS_OF_LOSSES, ids=lambda planted: f"{planted.code} {planted.name}")
def test_a_right_cause_is_among_the_first_three_that_are_said(planted):
    said = [cause for finding in examine(CURVE_CHECKS, planted.make()).findings for cause in finding.causes]
    assert set(list(dict.fromkeys(said))[:3]) & set(planted.causes)
