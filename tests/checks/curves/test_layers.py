"""Curves of layers, a number each."""

import math

import numpy as np
import pytest

from kilter.checks.curves.layers import layers, unlearnt
from kilter.testing.healthy.histories import falling, recorded
from kilter.values.history import History


def test_layers_come_in_the_order_of_the_log_with_their_later_half():
    rows = [
        (
            step,
            {"dead/b": step / 10, "dead/a": 0.5, "dead/rare": 1.0}
            if step < 3
            else {"dead/b": step / 10, "dead/a": 0.5},
        )
        for step in range(1, 9)
    ]
    b, a = layers(History.of(rows), "dead")
    assert (b.name, b.first, b.late) == ("b", 0.1, pytest.approx(np.median([0.5, 0.6, 0.7, 0.8])))
    assert (a.name, a.late, a.lost) == ("a", 0.5, 0)


def test_what_is_no_number_is_counted_apart():
    rows = [(step, {"update/a": math.nan if step > 3 else 0.1}) for step in range(1, 9)]
    (layer,) = layers(History.of(rows), "update")
    assert (layer.lost, len(layer.values)) == (5, 3)


def test_steps_without_a_rate_move_nothing_and_are_left_out():
    rows = [(s, {"train.learning_rate": float(s > 4), "update/a": float(s > 4)}) for s in range(1, 9)]
    (layer,) = layers(History.of(rows), "update")
    assert layer.values.tolist() == [1.0] * 4


def test_weights_are_told_by_their_names():
    row = {"gradient/0.weight": 1.0, "gradient/0.bias": 1.0, "gradient/rnn.weight_ih_l0": 1.0, "gradient/places": 1.0}
    history = History.of((step, row) for step in range(3))
    assert [layer.name for layer in layers(history, "gradient", weights=True)] == ["0.weight", "rnn.weight_ih_l0"]
    assert len(layers(history, "gradient")) == 4


def test_a_loss_is_learnt_once_it_has_left_its_start():
    assert not unlearnt(recorded(falling(2.3, 0.3)), share=0.8)
    assert unlearnt(recorded(falling(2.3, 2.2)), share=0.8)
    assert unlearnt(History(), share=0.8)
    assert not unlearnt(recorded(falling(-1.0, -3.0)), share=0.8)
