"""Every check of data over healthy sets of sequences, labels and several targets."""

import pytest

from kilter.checks.data import DATA_CHECKS
from kilter.testing.conformance import is_silent
from kilter.testing.healthy.sequences import HEALTHY_SEQUENCES
from kilter.testing.state import state_of


@pytest.mark.parametrize("healthy", HEALTHY_SEQUENCES, ids=lambda healthy: healthy.name)
@pytest.mark.parametrize("check", DATA_CHECKS, ids=lambda check: check.name)
def test_nobody_cries_wolf(check, healthy):
    is_silent(check, healthy)


@pytest.mark.parametrize("healthy", HEALTHY_SEQUENCES, ids=lambda healthy: healthy.name)
def test_a_subject_is_the_same_each_time_it_is_made(healthy):
    assert state_of(healthy.make().splits) == state_of(healthy.make().splits)


def test_names_tell_subjects_apart():
    assert len({healthy.name for healthy in HEALTHY_SEQUENCES}) == len(HEALTHY_SEQUENCES)
