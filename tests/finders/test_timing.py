"""Times are told by a clock that a test turns; nothing here depends on the machine's."""

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from kilter.finders import timing
from kilter.finders.ending import Ended
from kilter.finders.timing import ROUNDS, time_sizes, timed
from kilter.values.batch_suggestion import Budget, Counted, NoiseScale, StepTime

SIZES = (1024, 512, 256, 128, 64, 32, 16)


@dataclass
class World:
    """A machine on which a step takes some seconds and so many more a number; busy at times."""

    fixed: float = 0.01
    each: float = 1e-4
    busy: float = 0.0
    now: float = 0.0
    steps: list[int] = field(default_factory=list)
    draw: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def begin(self, subject, *, seed, batch):
        return Attempt(self, batch, subject)

    def clock(self):
        return self.now


@dataclass
class Attempt:
    world: World
    batch: int
    widths: dict[int, tuple[float, float]]
    device: str = "cpu"

    def typical(self, count):
        width, _ = self.widths.get(self.batch, (1, 1))
        return (torch.zeros(self.batch, int(width)),) * count

    def numbers_per_example(self):
        return self.widths.get(self.batch, (1, 1))[1]

    def step_on(self, batch):
        took = self.world.fixed + self.world.each * batch.numel()
        self.world.now += took * (1 + self.world.busy * self.world.draw.exponential())
        self.world.steps.append(len(batch))


@pytest.fixture
def run(monkeypatch):
    def call(world, *, widths=None, sizes=SIZES, scale=None):
        monkeypatch.setattr(timing, "begin", world.begin)
        return dict(timed(widths or {}, sizes=sizes, seed=0, scale=scale, clock=world.clock))

    return call


def test_seconds_are_those_of_a_step(run):
    found = run(World())
    assert list(found)[:2] == [1024, 512]
    for size, seconds in found.items():
        assert seconds == pytest.approx(0.01 + 1e-4 * size)


def test_smaller_sizes_are_not_tried_where_it_does_not_pay(run):
    world = World()
    found = run(world)
    assert min(found) == 128  # 5,614 examples a second, against 9,110 of the largest
    assert min(world.steps) == 128


def test_what_larger_batches_waste_sends_it_further_down(run):
    assert min(run(World(), scale=20.0)) == 16
    assert min(run(World(fixed=0.0), scale=None)) == 16


def test_a_busy_machine_only_adds_time_and_the_least_counts(run):
    found = run(World(fixed=0.0, busy=0.02))
    for size, seconds in found.items():
        assert 1.0 <= seconds / (1e-4 * size) < 1.03


def test_batches_that_happen_to_be_narrow_do_not_decide(run):
    """At 64 a batch of half the width came, and at 32 one of twice the width: on the average all are 10 wide."""
    found = run(World(fixed=0.0), widths={size: ({64: 5, 32: 20}.get(size, 10), 10) for size in SIZES})
    for size, seconds in found.items():
        assert seconds == pytest.approx(1e-3 * size)


def test_padding_counts_against_the_sizes_that_have_more_of_it(run):
    found = run(World(fixed=0.0), widths={1024: (30, 30.0), 512: (20, 20.0)}, sizes=(1024, 512))
    assert found == pytest.approx({1024: 3e-3 * 1024, 512: 2e-3 * 512})


def test_all_sizes_are_gone_through_several_times_and_long_ones_less(run):
    world = World(fixed=0.0, each=1e-3)
    run(world, sizes=(4096, 1024, 64))
    assert world.steps.count(4096) == 1 + 2  # one apart from the clock; a visit of 8 seconds is enough
    assert world.steps.count(1024) == 1 + 2 * 3  # 2 seconds each, until 5 are spent
    assert world.steps.count(64) == 1 + 2 * ROUNDS


def test_a_last_batch_that_is_not_full_is_not_timed(monkeypatch):
    world = World()
    monkeypatch.setattr(timing, "begin", world.begin)
    monkeypatch.setattr(Attempt, "typical", lambda self, _: (torch.zeros(self.batch, 1), torch.zeros(3, 1)))
    timed({}, sizes=[8], seed=0, clock=world.clock)
    assert set(world.steps) == {8}


def test_a_real_training_is_timed_and_the_pipeline_stays(make_pipeline):
    pipeline = make_pipeline()
    before = pipeline.recipe
    found = timed(pipeline, sizes=[16, 8], seed=0)
    assert [size for size, _ in found] == [16, 8]
    assert all(0 < seconds < 60 for _, seconds in found)
    assert pipeline.recipe is before


class Child:
    """A nursery that tells what it was asked."""

    def __init__(self, ended):
        self.ended = ended

    def beyond(self, counts):
        return 100

    def call(self, act, *, doing, limit, counts, **arguments):
        self.asked = (act, limit, counts, arguments)
        return self.ended


BUDGET = Budget(bytes=1000, counts=Counted.RESIDENT, source="a test", kept_back=0.0)


def test_times_come_from_a_child_within_the_budget():
    child = Child(Ended(answer=[[64, 0.5], [32, 0.3]]))
    noise = NoiseScale(examples=77.0, low=50.0, high=None, batches=32, after=50)
    assert time_sizes(child, (64, 32), BUDGET, noise=noise) == (
        StepTime(size=64, seconds=0.5),
        StepTime(size=32, seconds=0.3),
    )
    assert child.asked == (timed, 900, Counted.RESIDENT, {"sizes": [64, 32], "scale": 77.0, "seed": 0})


def test_where_memory_ends_the_child_nothing_is_known():
    assert time_sizes(Child(Ended(ran_out="killed by SIGKILL")), (64,), BUDGET) == ()
