"""Faults of layers in recorded curves: each is found by its own check, and hides none that is graver."""

import pytest

from kilter.checks.curves import CURVE_CHECKS
from kilter.checks.examination import examine
from kilter.testing.conformance import fires
from kilter.testing.planted.histories_of_layers import FAULTS_OF_LAYERS
from kilter.values.finding import Severity

CHECKS = {check.code: check for check in CURVE_CHECKS}


@pytest.mark.parametrize("planted", FAULTS_OF_LAYERS, ids=lambda planted: f"{planted.code} {planted.name}")
def test_the_fault_is_found(planted):
    fires(CHECKS[planted.code], planted)


@pytest.mark.parametrize("planted", FAULTS_OF_LAYERS, ids=lambda planted: f"{planted.code} {planted.name}")
def test_all_checks_together_name_it(planted):
    findings = examine(CURVE_CHECKS, planted.make()).findings
    told = [finding for finding in findings if finding.severity >= min(planted.severity, Severity.WARNING)]
    assert any(set(finding.causes[:3]) & set(planted.causes) for finding in told), findings


def test_histories_are_the_same_each_time():
    assert all(planted.make() == planted.make() for planted in FAULTS_OF_LAYERS)
