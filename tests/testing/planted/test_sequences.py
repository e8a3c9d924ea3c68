"""Planted faults of sequences, labels, several targets and texts; that each is found is tested with all others."""

import pytest

from kilter.testing.planted.datasets import PLANTED_DATASETS
from kilter.testing.planted.sequences import PLANTED_SEQUENCES
from kilter.testing.state import state_of


def test_they_are_among_the_faults_of_data_sets():
    assert set(PLANTED_SEQUENCES) <= set(PLANTED_DATASETS)
    assert len({(planted.code, planted.name) for planted in PLANTED_SEQUENCES}) == len(PLANTED_SEQUENCES)


@pytest.mark.parametrize("planted", PLANTED_SEQUENCES, ids=lambda planted: f"{planted.code} {planted.name}")
def test_a_fault_is_the_same_each_time_it_is_made(planted):
    assert state_of(planted.make().splits) == state_of(planted.make().splits)
