"""The tightest limit, and what is kept back of it."""

import pytest

from kilter.finders.budget import KEPT_OF_OWN, KEPT_OF_SHARED, read_budget, tightest
from kilter.finders.limits import Limit
from kilter.finders.usage import held
from kilter.values.batch_suggestion import Counted
from kilter.values.errors import UsageError


def limit(left, counts=Counted.RESIDENT, *, shared=True):
    return Limit(left=left, counts=counts, source="somewhere", shared=shared)


def test_the_tightest_decides_and_what_is_held_counts():
    own = limit(800, Counted.ADDRESSES, shared=False)

    budget = tightest([limit(1000), own], {Counted.RESIDENT: 50, Counted.ADDRESSES: 70})

    assert budget.counts is Counted.ADDRESSES
    assert budget.bytes == 70 + round(800 * (1 - KEPT_OF_OWN))
    assert budget.kept_back == KEPT_OF_OWN


def test_less_is_taken_of_what_others_share():
    assert KEPT_OF_SHARED > KEPT_OF_OWN
    assert tightest([limit(1000), limit(950, shared=False)], {}).bytes == round(1000 * (1 - KEPT_OF_SHARED))


def test_what_is_asked_for_is_taken_whole():
    budget = read_budget(10**15)

    assert budget.bytes == pytest.approx(10**15, rel=1e-6)
    assert (budget.kept_back, budget.source) == (0.0, "asked")
    assert budget.counts is Counted.RESIDENT


def test_a_budget_below_what_is_held_is_refused():
    with pytest.raises(UsageError, match="already"):
        read_budget(held(Counted.RESIDENT) - 2**20)


def test_a_device_has_its_own():
    assert read_budget(free_on_device=1000).bytes == 900
    assert read_budget(500, free_on_device=1000).counts is Counted.DEVICE


def test_this_machine_has_one():
    budget = read_budget()

    assert budget.bytes > (held(budget.counts) or 0)


def test_without_a_limit_it_must_be_said():
    with pytest.raises(UsageError, match="budget=BYTES"):
        tightest([], {})
