"""Every check of curves over the training losses that look like trouble and are none."""

import pytest

from kilter.checks.curves import CURVE_CHECKS
from kilter.testing.conformance import is_silent
from kilter.testing.healthy.histories_of_losses import HEALTHY_LOSSES


@pytest.mark.parametrize("healthy", HEALTHY_LOSSES, ids=lambda healthy: healthy.name)
@pytest.mark.parametrize("check", CURVE_CHECKS, ids=lambda check: check.name)
def test_nobody_cries_wolf(check, healthy):
    is_silent(check, healthy)


def test_names_tell_subjects_apart():
    assert len({healthy.name for healthy in HEALTHY_LOSSES}) == len(HEALTHY_LOSSES)
