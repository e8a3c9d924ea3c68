"""All trainings that are well: enough of them, each under its own name."""

import pytest

from kilter.testing.programs.healthy import TRAININGS, named


def test_there_are_enough_under_their_own_names():
    assert len({training.name for training in TRAININGS}) == len(TRAININGS) >= 110


def test_one_is_found_by_its_name():
    assert named("bandit").name == "bandit"
    with pytest.raises(StopIteration):
        named("no such program")
