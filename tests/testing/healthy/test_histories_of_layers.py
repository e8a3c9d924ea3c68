"""Every check of curves over histories that are well, with odd layers."""

import pytest

from kilter.checks.curves import CURVE_CHECKS
from kilter.testing.conformance import is_silent
from kilter.testing.healthy.histories_of_layers import LAYERED


@pytest.mark.parametrize("healthy", LAYERED, ids=lambda healthy: healthy.name)
@pytest.mark.parametrize("check", CURVE_CHECKS, ids=lambda check: check.name)
def test_nobody_cries_wolf(check, healthy):
    is_silent(check, healthy)


def test_histories_are_the_same_each_time():
    assert all(healthy.make() == healthy.make() for healthy in LAYERED)


def test_names_tell_them_apart():
    assert len({healthy.name for healthy in LAYERED}) == len(LAYERED)
