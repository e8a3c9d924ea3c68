"""Every check of preflight over every healthy subject of its family."""

import pytest

from kilter.checks.preflight import PREFLIGHT_CHECKS
from kilter.testing.conformance import is_silent
from kilter.testing.healthy.pipelines import HEALTHY_PIPELINES
from kilter.testing.state import state_of


@pytest.mark.parametrize("healthy", HEALTHY_PIPELINES, ids=lambda healthy: healthy.name)
@pytest.mark.parametrize("check", PREFLIGHT_CHECKS, ids=lambda check: check.name)
def test_nobody_cries_wolf(check, healthy):
    is_silent(check, healthy)


@pytest.mark.parametrize("healthy", HEALTHY_PIPELINES, ids=lambda healthy: healthy.name)
def test_a_subject_is_the_same_each_time_it_is_made(healthy):
    assert state_of(_values(healthy.make())) == state_of(_values(healthy.make()))


def test_names_tell_subjects_apart():
    assert len({healthy.name for healthy in HEALTHY_PIPELINES}) == len(HEALTHY_PIPELINES)


def _values(subject):
    """What can be compared: models and functions are made anew each time."""
    return {
        name: getattr(subject, name)
        for name in ("splits", "schema", "names", "predictions", "baselines")
        if hasattr(subject, name)
    }
