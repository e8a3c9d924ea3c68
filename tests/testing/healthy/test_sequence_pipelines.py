"""Every check of preflight over every healthy pipeline whose answers are no single numbers."""

from dataclasses import replace

import pytest

from kilter.checks.preflight import PREFLIGHT_CHECKS
from kilter.testing.conformance import is_silent
from kilter.testing.healthy.pipelines import HEALTHY_PIPELINES
from kilter.testing.healthy.sequence_pipelines import HEALTHY_SEQUENCE_PIPELINES
from kilter.testing.state import state_of

# A busy machine must not end a try before its steps are used up.
PATIENT = tuple(replace(check, seconds=600.0) if hasattr(check, "seconds") else check for check in PREFLIGHT_CHECKS)


@pytest.mark.parametrize("healthy", HEALTHY_SEQUENCE_PIPELINES, ids=lambda healthy: healthy.name)
@pytest.mark.parametrize("check", PATIENT, ids=lambda check: check.name)
def test_nobody_cries_wolf(check, healthy):
    is_silent(check, healthy)


@pytest.mark.parametrize("healthy", HEALTHY_SEQUENCE_PIPELINES, ids=lambda healthy: healthy.name)
def test_a_pipeline_is_the_same_each_time_it_is_made(healthy):
    assert state_of(dict(healthy.make().splits)) == state_of(dict(healthy.make().splits))


def test_names_tell_pipelines_apart():
    names = [healthy.name for healthy in (*HEALTHY_PIPELINES, *HEALTHY_SEQUENCE_PIPELINES)]
    assert len(set(names)) == len(names)
