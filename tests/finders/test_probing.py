"""One size, tried: steps on the widest, and an evaluation."""

import pytest
import torch

from kilter.finders import probing
from kilter.finders.ending import Ended
from kilter.finders.probing import WAVERING, probe, tried
from kilter.testing.healthy.pipelines import over_numbers
from kilter.values.batch_suggestion import Budget, Counted

BUDGET = Budget(bytes=1000, counts=Counted.RESIDENT, source="asked", kept_back=0.0)


class Told:
    """Answers what it was made with, and keeps what it was asked."""

    def __init__(self, ended, beyond=0):
        self._ended, self._beyond = ended, beyond
        self.asked = {}

    def beyond(self, counts):
        return self._beyond

    def call(self, act, **asked):
        self.asked = asked
        return self._ended


def test_what_fits_says_what_it_held():
    found = probe(Told(Ended(answer=[900, 400, 2])), 8, BUDGET, steps=2)

    assert (found.size, found.fits, found.peak, found.between, found.steps) == (8, True, 900 + WAVERING * 500, 400, 2)


def test_what_this_process_holds_beyond_the_child_counts():
    told = Told(Ended(answer=[900, 400, 1]), beyond=150)

    found = probe(told, 8, BUDGET, steps=2)

    assert (found.fits, found.peak, found.between, found.steps) == (False, 1050 + WAVERING * 500, 550, 1)
    assert told.asked["limit"] == 850
    assert "too much" in found.said


def test_what_was_killed_did_not_fit():
    found = probe(Told(Ended(ran_out="killed by SIGKILL", peak=1200)), 8, BUDGET, steps=2)

    assert (found.fits, found.peak, found.said) == (False, None, "killed by SIGKILL")


class Attempted:
    """Writes down what is asked of a training."""

    def __init__(self, widest, device="cpu"):
        self.device, self._widest, self.seen = device, widest, []

    def widest(self):
        return self._widest

    def step_on(self, *batches):
        self.seen.append(batches)

    def step(self):
        self.seen.append("next")

    def evaluate(self, most):
        self.seen.append(most)


@pytest.mark.parametrize(
    ("widest", "window", "seen"),
    [
        (("wide",), 1, [("wide",), "next", 1, ("wide",)]),
        (("wide", "long"), 1, [("long",), "next", 1, ("wide",)]),
        (("wide",), 2, [("wide", "wide"), "next", 1, ("wide", "wide")]),
    ],
)
def test_the_widest_comes_after_an_evaluation_when_there_is_optimizer_state(monkeypatch, widest, window, seen):
    attempt = Attempted(widest)
    monkeypatch.setattr(probing, "begin", lambda *_, **__: attempt)

    most, between, made = tried(
        None, size=8, steps=3, seed=0, window=window, counted="resident memory", most=2**60, files=0
    )

    assert attempt.seen == seen
    assert made == 3
    assert most >= between * 0.5 > 0


def test_no_more_steps_are_made_when_one_took_too_much(monkeypatch):
    attempt = Attempted(("wide",))
    monkeypatch.setattr(probing, "begin", lambda *_, **__: attempt)

    most, _, made = tried(None, size=8, steps=3, seed=0, window=1, counted="resident memory", most=10, files=0)

    assert attempt.seen == [("wide",)]
    assert (most > 10, made) == (True, 1)


def test_a_gpu_is_held_to_its_budget_by_its_allocator(monkeypatch):
    capped = []
    monkeypatch.setattr(probing, "begin", lambda *_, **__: Attempted(("wide",), device="cuda:0"))
    monkeypatch.setattr(probing, "cap", lambda *given: capped.append(given))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _: 70)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 30)

    assert tried(None, size=8, steps=2, seed=0, window=1, counted="device memory", most=90, files=0) == (70, 30, 2)
    assert capped == [("cuda:0", 90)]


def test_a_real_training_is_tried():
    most, between, made = tried(
        over_numbers(), size=96, steps=2, seed=0, window=2, counted="address space", most=2**60, files=0
    )

    assert most >= between > 0
    assert made == 2
