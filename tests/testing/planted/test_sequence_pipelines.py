"""Every planted fault of pipelines over sequences is found by its check."""

from dataclasses import replace

import pytest

from kilter.checks.preflight import PREFLIGHT_CHECKS
from kilter.testing.conformance import fires
from kilter.testing.planted.sequence_pipelines import PLANTED_SEQUENCE_PIPELINES

# A busy machine must not end a try before its steps are used up.
PATIENT = tuple(replace(check, seconds=600.0) if hasattr(check, "seconds") else check for check in PREFLIGHT_CHECKS)
CHECKS = {check.code: check for check in PATIENT}


@pytest.mark.parametrize("planted", PLANTED_SEQUENCE_PIPELINES, ids=lambda planted: f"{planted.code} {planted.name}")
def test_the_fault_is_found(planted):
    fires(CHECKS[planted.code], planted)
