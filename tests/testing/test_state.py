"""States of subjects are equal where nothing changed, and unequal where anything did."""

import random

import numpy as np
import pytest
import torch

from kilter.testing.healthy.pipelines import over_numbers
from kilter.testing.state import random_states, state_of
from kilter.values.history import History


def test_equal_things_have_equal_states():
    made = [{"a": np.array([1.0, np.nan]), "b": [None, "x", (1, 2)]} for _ in range(2)]
    assert state_of(made[0]) == state_of(made[1])


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (np.zeros(2), np.zeros(3)),
        (np.zeros(2), np.zeros(2, np.float32)),
        (np.array(["a"], dtype=object), np.array(["b"], dtype=object)),
        (torch.zeros(2), torch.ones(2)),
        ({"a": 1}, {"a": 2}),
        (History.of([(1, {"loss": 1.0})]), History.of([(2, {"loss": 1.0})])),
    ],
)
def test_different_things_have_different_states(left, right):
    assert state_of(left) != state_of(right)


def test_a_change_deep_inside_a_pipeline_is_seen():
    pipeline = over_numbers()
    before = state_of(pipeline)
    assert state_of(pipeline) == before
    pipeline.splits["train"].targets[0] += 1
    assert state_of(pipeline) != before


def test_a_thing_that_holds_itself_has_a_state():
    knot = []
    knot.append(knot)
    assert state_of(knot) == ("itself",)


@pytest.mark.parametrize("draw", [random.random, np.random.random, lambda: torch.rand(1)])
def test_a_draw_changes_the_random_states(draw):
    before = random_states()
    assert random_states() == before
    draw()
    assert random_states() != before
