"""Layers in the order of their calls."""

import pytest
import torch
from torch import nn

from kilter.checks.program.model.depth import gradient_norms, layers, slope


class Backwards(nn.Module):
    """Written down in the other order."""

    def __init__(self):
        super().__init__()
        self.last, self.unused, self.first = nn.Linear(8, 3), nn.Linear(2, 2), nn.Linear(12, 8)

    def forward(self, numbers):
        return self.last(self.first(numbers).relu())


def test_layers_stand_in_the_order_of_their_calls_with_their_norms(parts, program, bench):
    one = bench(program(Backwards, (parts.data.numbers, parts.data.classes)))
    found = layers(one)
    assert [layer.name for layer in found] == ["first", "last"]
    step = one.recording.steps[0]
    gradient = step.backwards[0].fresh["first.weight"]
    weight = step.before["first.weight"]
    assert found[0].gradient == pytest.approx(float(gradient.norm() / weight.norm()), rel=1e-5)
    assert found[0].moved == pytest.approx(
        float((one.recording.after["first.weight"] - weight).norm() / weight.norm()), rel=1e-5
    )
    assert len(gradient_norms(one.recording)) == len(one.recording.steps)


def test_without_a_backward_there_are_none(parts, program, bench):
    def step(model, optimizer, loss_fn, batch):
        return loss_fn(model(batch[0]), batch[1]).detach()

    assert layers(bench(program(Backwards, (parts.data.numbers, parts.data.classes), step=step))) == ()


def test_the_typical_factor_from_one_to_the_next():
    assert slope([1.0, 2.0, 4.0, 8.0]) == pytest.approx(2.0)
    assert slope([1.0]) == 1.0
    assert slope([1.0, 0.0, float("inf"), 0.5]) == pytest.approx(0.5)
    assert torch.isfinite(torch.tensor(slope([])))
