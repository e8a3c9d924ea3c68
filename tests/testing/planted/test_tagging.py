import pytest

from kilter.testing.healthy.tagging import tagged
from kilter.testing.planted.datasets import PLANTED_DATASETS
from kilter.testing.planted.tagging import PLANTED_TAGGING
from kilter.testing.state import state_of


@pytest.mark.parametrize("planted", PLANTED_TAGGING, ids=lambda planted: planted.name)
def test_one_split_alone_is_not_as_it_should_be(planted):
    made, well = planted.make(), tagged()
    assert len([split for split in made if state_of(made[split].columns) != state_of(well[split].columns)]) == 1


def test_they_are_among_the_planted_data_sets():
    assert set(PLANTED_TAGGING) <= set(PLANTED_DATASETS)
