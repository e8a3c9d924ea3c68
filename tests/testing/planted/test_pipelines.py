"""Every planted fault of preflight is found by its check, and every check has one."""

from dataclasses import replace

import pytest

from kilter.checks.preflight import PREFLIGHT_CHECKS
from kilter.testing.conformance import fires, is_documented
from kilter.testing.planted.pipelines import PLANTED_PIPELINES
from kilter.testing.planted.sequence_pipelines import PLANTED_SEQUENCE_PIPELINES

# A busy machine must not end a try before its steps are used up.
PATIENT = tuple(replace(check, seconds=600.0) if hasattr(check, "seconds") else check for check in PREFLIGHT_CHECKS)
CHECKS = {check.code: check for check in PATIENT}


@pytest.mark.parametrize("planted", PLANTED_PIPELINES, ids=lambda planted: f"{planted.code} {planted.name}")
def test_the_fault_is_found(planted):
    fires(CHECKS[planted.code], planted)


@pytest.mark.parametrize("check", PREFLIGHT_CHECKS, ids=lambda check: check.name)
def test_the_check_is_documented_and_has_a_planted_fault(check):
    is_documented(check)
    assert any(planted.code == check.code for planted in (*PLANTED_PIPELINES, *PLANTED_SEQUENCE_PIPELINES))


def test_codes_and_names_tell_checks_apart():
    assert len(CHECKS) == len({check.name for check in PREFLIGHT_CHECKS}) == len(PREFLIGHT_CHECKS)
