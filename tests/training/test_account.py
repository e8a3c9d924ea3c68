import time

import pytest
import torch

from kilter.training.account import Account
from kilter.training.itinerary import Leg
from kilter.training.loading import Loaded
from kilter.values.batch import Batch
from kilter.values.curve_names import COSTS, EVALUATING, EXAMPLES, MEMORY, SAVING, TOKENS, TOTAL, WAITING
from kilter.values.history import History


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until somebody moves it."""

    class Clock:
        now = 100.0

        def wait(self, seconds):
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", lambda: clock.now)
    return clock


def batch(rows, mask=None):
    inputs = {"numbers": torch.zeros(rows, 1)} if mask is None else {"mask": mask}
    return Batch(inputs=inputs, target=None, weight=torch.ones(rows), ids=tuple(map(str, range(rows))))


def legs(clock, *windows, closed=None):
    try:
        for step, window in enumerate(windows):
            clock.wait(2.0)
            yield Loaded(Leg(step, 0, ()), window)
    finally:
        if closed is not None:
            closed.append(True)


def test_waits_are_added_up_and_steps_are_not(clock):
    account = Account()
    for _ in account.heard(legs(clock, (batch(3), batch(2)), (batch(3),))):
        clock.wait(50.0)
    assert account.costs(104.0, "cpu")[WAITING] == 4.0
    assert account.costs(104.0, "cpu")[EXAMPLES] == 8


def test_tokens_are_those_that_are_not_padding(clock):
    mask = torch.tensor([[True, True, False], [True, False, False]])
    account = Account()
    list(account.heard(legs(clock, (batch(2, mask), batch(2, mask)))))
    assert account.costs(0.0, "cpu")[TOKENS] == 6


def test_without_tokens_and_savings_nothing_is_said_of_them(clock):
    account = Account()
    list(account.heard(legs(clock, (batch(2),))))
    assert set(account.costs(1.0, "cpu")) == {WAITING, EXAMPLES, MEMORY, TOTAL} < set(COSTS)


def test_only_what_was_handed_over_counts(clock):
    closed, account = [], Account()
    heard = account.heard(legs(clock, (batch(2),), (batch(2),), closed=closed))
    next(heard)
    assert account.costs(1.0, "cpu")[EXAMPLES] == 2
    heard.close()
    assert closed, "the processes that prepare batches go on"


def test_evaluating_and_saving_are_timed_also_where_they_fail(clock):
    account = Account()
    with account.evaluating():
        clock.wait(3.0)

    def save():
        with account.saving():
            clock.wait(1.5)
            raise OSError("full")

    for _ in range(2):
        with pytest.raises(OSError, match="full"):
            save()
    costs = account.costs(10.0, "cpu")
    assert (costs[EVALUATING], costs[SAVING], costs[TOTAL]) == (3.0, 3.0, 10.0)


def test_a_resumed_training_counts_on(clock):
    before = {WAITING: 4.0, EVALUATING: 1.0, EXAMPLES: 80.0, TOKENS: 7.0, MEMORY: 1e18, TOTAL: 12.0}
    history = History().append(8, {"clock.seconds": 10.0}).append(8, before)
    account = Account(history)
    list(account.heard(legs(clock, (batch(2),))))
    costs = account.costs(11.0, "cpu")  # the clock goes on from the last step, after which 2 s had gone by
    assert costs == before | {WAITING: 6.0, EXAMPLES: 82.0, TOTAL: 13.0}
