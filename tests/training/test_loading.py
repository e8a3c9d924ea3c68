import gc
import multiprocessing
import os
import signal
import threading

import pytest
import torch

from kilter.engine.seeding import random_state
from kilter.training.itinerary import Itinerary
from kilter.training.loading import load, workers_answered_for
from kilter.values.errors import TrainingError
from kilter.values.recipe import Recipe

from .conftest import source

SECTIONS = {"train": {"length": "2.5ep"}, "batch": {"accumulate": 2}}


def batches(workers, *, start=0, seed=3):
    rows = source(30, size=4, noise=0.3)
    legs = Itinerary(rows, Recipe.read(SECTIONS)).legs(start)
    return list(load(rows, legs, seed=seed, workers=workers))


def same(one, other):
    return one.leg == other.leg and all(
        torch.equal(left.inputs["numbers"], right.inputs["numbers"])
        and torch.equal(left.target, right.target)
        and torch.equal(left.weight, right.weight)
        and left.ids == right.ids
        for left, right in zip(one.window, other.window, strict=True)
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(workers):
    alone, helped = batches(0), batches(workers)
    assert len(alone) == len(helped) == 10
    assert all(same(one, other) for one, other in zip(alone, helped, strict=True))


@pytest.mark.parametrize("workers", [0, 2])
def test_what_is_skipped_leaves_the_rest_as_it_is(workers):
    assert all(same(one, other) for one, other in zip(batches(0)[7:], batches(workers, start=7), strict=True))


def test_batches_follow_from_the_seed():
    assert not same(batches(0, seed=3)[0], batches(0, seed=4)[0])


@pytest.mark.parametrize("workers", [0, 2])
def test_no_global_randomness_is_used(workers):
    before = random_state()
    batches(workers)
    after = random_state()
    assert after.python == before.python
    assert torch.equal(after.torch, before.torch)
    assert (after.numpy[1] == before.numpy[1]).all()
    assert after.numpy[2:] == before.numpy[2:]


@pytest.mark.parametrize("workers", [0, 2])
def test_legs_are_read_as_it_goes(workers):
    """A run that only the clock ends has a thousand million legs."""
    rows = source(30, size=4)
    endless = Itinerary(rows, Recipe.read({"train": {"length": "1h"}, "schedule": "constant"})).legs()
    read = []
    loaded = load(rows, (read.append(leg.step) or leg for leg in endless), seed=0, workers=workers)
    assert [next(loaded).leg.step for _ in range(3)] == [0, 1, 2]
    loaded.close()
    assert len(read) < 20
    assert threading.active_count() < 10


def test_a_dead_worker_is_an_error_of_ours_and_other_errors_stay_what_they_are():
    with (
        pytest.raises(TrainingError, match=r"pid 5.*is killed: what was saved before is untouched; free memory or set"),
        workers_answered_for(),
    ):
        raise RuntimeError("DataLoader worker (pid 5) is killed")
    with pytest.raises(RuntimeError, match="shapes"), workers_answered_for():
        raise RuntimeError("shapes do not fit")


class Faulty:
    def batch(self, rows, *, seed, epoch):
        raise ValueError("row 7 is broken")


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_while_a_batch_is_made_keeps_its_kind_and_words(workers):
    legs = Itinerary(source(8, size=4), Recipe.read(SECTIONS)).legs()
    with pytest.raises(ValueError, match="row 7 is broken"):
        list(load(Faulty(), legs, seed=0, workers=workers))


class Telling:
    def batch(self, rows, *, seed, epoch):
        return os.getpgrp(), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)


def test_what_is_sent_to_the_group_does_not_reach_workers_and_what_the_parent_sends_does():
    legs = Itinerary(source(8, size=4), Recipe.read(SECTIONS)).legs()
    said = [told for loaded in load(Telling(), legs, seed=0, workers=2) for told in loaded.window]
    assert os.getpgrp() not in {group for group, *_ in said}
    assert {tuple(handlers) for _, *handlers in said} == {(signal.SIG_IGN, signal.SIG_DFL)}


def test_an_interrupt_while_workers_begin_waits_until_they_stand():
    rows = source(30, size=4)

    def interrupted(legs):
        signal.raise_signal(signal.SIGINT)  # torch asks for the first legs while it makes its iterator
        went_on.append(True)
        yield from legs

    went_on = []
    with pytest.raises(KeyboardInterrupt):
        list(load(rows, interrupted(Itinerary(rows, Recipe.read(SECTIONS)).legs()), seed=0, workers=2))
    assert went_on
    gc.collect()  # an iterator half made would complain here, which is an error in these tests
    assert multiprocessing.active_children() == []
