"""Faults of single steps, as the curves of a training show them."""

import pytest

from kilter.checks.curves import CURVE_CHECKS
from kilter.testing.conformance import fires
from kilter.testing.planted.histories_of_steps import FAULTS_OF_STEPS, stepped

CHECKS = {check.code: check for check in CURVE_CHECKS}


@pytest.mark.parametrize("planted", FAULTS_OF_STEPS, ids=lambda planted: f"{planted.code} {planted.name}")
def test_the_fault_is_found(planted):
    fires(CHECKS[planted.code], planted)


def test_the_training_without_a_fault_is_silent():
    for code in {planted.code for planted in FAULTS_OF_STEPS}:
        assert not [said for said in CHECKS[code].examine(stepped()) if hasattr(said, "severity")]
