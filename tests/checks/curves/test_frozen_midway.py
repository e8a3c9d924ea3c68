"""Parameters that stop on the way."""

import pytest

from kilter.checks.curves.frozen_midway import FrozenMidway
from kilter.values.curve_names import MOVING, TRAIN_LOSS
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History


def moving(changes, until=300):
    """A history of what was said of parameters at some steps, and of losses."""
    return History.of(
        (step, {TRAIN_LOSS: 1.0, **{MOVING + name: value for name, value in changes.get(step, {}).items()}})
        for step in range(1, until + 1)
    )


@pytest.mark.parametrize(
    ("why", "said"), [(0.0, "come to nothing"), (-1.0, "asked"), (-2.0, "rate is 0"), (-3.0, "reaches it")]
)
def test_it_says_which_and_since_when_and_how(why, said):
    history = moving({20: {"a.weight": 1.0, "b.weight": 1.0}, 200: {"a.weight": why}})
    (finding,) = FrozenMidway().examine(history)
    assert finding.severity is (Severity.WARNING if why else Severity.NOTE)
    assert finding.where == ("step 200", "a.weight")
    assert said in finding.seen
    assert finding.causes[0] == "unintended_frozen_layer"


def test_it_waits_a_little():
    changes = {20: {"a": 1.0, "b": 1.0}, 200: {"a": 0.0}}
    assert list(FrozenMidway().examine(moving(changes, until=209))) == []
    assert len(list(FrozenMidway().examine(moving(changes, until=210)))) == 1


def test_one_that_rested_before_is_waited_for_longer():
    changes = {20: {"a": 1.0, "b": 1.0}, 60: {"a": 0.0}, 100: {"a": 1.0}, 150: {"a": 0.0}}
    assert list(FrozenMidway().examine(moving(changes, until=269))) == []
    assert len(list(FrozenMidway().examine(moving(changes, until=270)))) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {20: {"a": -1.0, "b": 1.0}},  # frozen from the start
        {20: {"a": -1.0, "b": 1.0}, 200: {"a": 1.0}},  # thawed
        {20: {"a": 1.0, "b": 1.0}, 200: {"a": 0.0, "b": 0.0}},  # all at rest
        {20: {"a": 1.0, "b": 1.0}, 200: {"a": 0.0}, 220: {"a": 1.0}},
    ],
)
def test_what_is_meant_is_silent(changes):
    assert list(FrozenMidway().examine(moving(changes))) == []


def test_without_looks_it_is_skipped():
    assert isinstance(next(FrozenMidway().examine(moving({}))), Skipped)
