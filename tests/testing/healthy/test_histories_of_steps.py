"""Every check of curves over curves some of whose steps look odd."""

import pytest

from kilter.checks.curves import CURVE_CHECKS
from kilter.testing.conformance import is_silent
from kilter.testing.healthy.histories_of_steps import ODD_BUT_HEALTHY


@pytest.mark.parametrize("healthy", ODD_BUT_HEALTHY, ids=lambda healthy: healthy.name)
def test_nobody_cries_wolf(healthy):
    for check in CURVE_CHECKS:
        is_silent(check, healthy)


def test_names_tell_subjects_apart():
    assert len({healthy.name for healthy in ODD_BUT_HEALTHY}) == len(ODD_BUT_HEALTHY)
