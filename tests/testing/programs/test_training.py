"""A training that does not learn, and a fault that costs nothing, are told."""

from dataclasses import replace

import pytest

from kilter.testing.programs.entries import fault
from kilter.testing.programs.healthy import named
from kilter.testing.programs.training import final_metric, hurts, learns

EASY = named("blobs easy")


def test_a_promise_that_is_not_kept_is_told():
    learns(EASY)
    with pytest.raises(AssertionError, match="its entry promises"):
        learns(replace(EASY, reaches=1.1))
    with pytest.raises(AssertionError, match="reports nothing"):
        learns(replace(EASY, reaches=None))


def test_a_fault_that_costs_nothing_is_told():
    with pytest.raises(AssertionError, match="its twin with"):
        hurts(fault("none", EASY, "lr_too_low", costs=0.1))
    with pytest.raises(AssertionError, match="neither what it costs"):
        hurts(fault("none", EASY, "lr_too_low"))
    hurts(fault("nothing trained", EASY, "no_optimizer_step", costs=0.1, step=lambda *_: 0.0))


def test_a_metric_repeats():
    assert final_metric(EASY.program, 3) == final_metric(EASY.program, 3)
