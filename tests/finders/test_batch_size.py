"""The flow: survey, bound, probes, speed, noise; in forks of the test's own process where it is not said otherwise."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from kilter.finders import batch_size
from kilter.finders.batch_size import find_batch_size
from kilter.finders.usage import held
from kilter.testing.healthy.pipelines import classify, over_numbers
from kilter.testing.state import random_states, state_of
from kilter.values.batch_suggestion import Counted
from kilter.values.errors import TrainingError, UsageError

MEBIBYTE = 2**20


@pytest.fixture
def forked(monkeypatch):
    monkeypatch.setattr(batch_size, "shared_room", lambda: 1)


def wide(rows=20_000, **options):
    numbers = torch.from_numpy(np.random.default_rng(0).standard_normal((rows, 16), dtype=np.float32))
    make = partial(nn.Sequential, nn.Linear(16, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 3))
    return classify(make, {"numbers": numbers}, np.arange(rows) % 3, **options)


def more(mebibytes):
    return (held(Counted.RESIDENT) or 0) + mebibytes * MEBIBYTE


@pytest.mark.usefixtures("forked")
def test_memory_bounds_what_was_tried_and_nothing_here_changes():
    pipeline = wide()
    before = state_of(pipeline), random_states()

    found = find_batch_size(pipeline, budget=more(100), speed=False)

    assert (state_of(pipeline), random_states()) == before
    assert found.bounded_by == "memory"
    assert found.size == found.largest in {probe.size for probe in found.probes if probe.fits}
    assert found.largest > 1000
    assert found.steps == sum(probe.steps for probe in found.probes) <= 16
    assert all(probe.peak <= found.budget.bytes for probe in found.probes if probe.fits)
    assert "memory allows no more" in str(found)


@pytest.mark.usefixtures("forked")
def test_the_whole_split_is_the_most_there_is():
    found = find_batch_size(over_numbers(), speed=False)

    assert (found.size, found.bounded_by, found.times, found.noise) == (96, "data", (), None)
    assert [probe.size for probe in found.probes] == [96]


@pytest.mark.usefixtures("forked")
def test_an_effective_batch_is_made_of_several_where_memory_asks_for_it():
    found = find_batch_size(wide(), budget=more(60), effective=20_000, devices=2, speed=False)

    assert found.bounded_by == "memory"
    assert found.accumulate > 1
    assert found.size <= found.largest
    assert 10_000 <= found.size * found.accumulate < 10_000 + found.accumulate
    assert found.scaling.factor > 1


@pytest.mark.usefixtures("forked")
def test_no_more_is_tried_than_was_asked_for():
    assert find_batch_size(over_numbers(), most=24, speed=False).bounded_by == "asked"
    found = find_batch_size(over_numbers(), effective=64, devices=2, speed=False)
    assert (found.size, found.accumulate, found.bounded_by) == (32, 1, "asked")


@pytest.mark.usefixtures("forked")
def test_where_nothing_fits_the_reason_is_said():
    large = over_numbers(lambda: nn.Sequential(nn.Linear(6, 4_000_000), nn.Linear(4_000_000, 3)))

    with pytest.raises(TrainingError, match="not even 1 example a batch fits: killed when it held"):
        find_batch_size(large, budget=more(30), speed=False)


def test_in_another_process_speed_and_noise_are_measured_too():
    said = []

    found = find_batch_size(over_numbers(), told=said.append)

    assert found.size <= found.largest == 96
    assert found.times[0].size == 96
    assert found.noise is not None
    assert said == ["trying batches of 96 …", "measuring the noise of gradients …", "timing steps …"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"most": 0}, "most=0"),
        ({"effective": True}, "effective=True"),
        ({"devices": -1}, "devices=-1"),
        ({"budget": 1.5}, "budget=1.5"),
    ],
)
def test_numbers_that_are_none_are_refused(asked, said):
    with pytest.raises(UsageError, match=said):
        find_batch_size(over_numbers(), **asked)
