"""Entries: programs repeat from their seed, and a fault is its twin with one thing changed."""

import torch
from torch import nn

from kilter.testing.programs.entries import fault, well


def build():
    model = nn.Linear(2, 1)
    return model, torch.optim.SGD(model.parameters(), lr=0.1), nn.MSELoss(), [], None


def other():
    model = nn.Linear(3, 1)
    return model, torch.optim.SGD(model.parameters(), lr=0.1), nn.MSELoss(), [], None


def test_a_program_repeats_from_its_seed():
    program = well("line", build, task="regression", epochs=2).program
    first, second, third = (program.make(seed)[0].weight for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_a_fault_is_its_twin_with_one_thing_changed():
    twin = well("line", build, task="regression", epochs=2)
    found = fault("wider", twin, "target_leak", build=other, epochs=3, breaks="a column more")
    assert found.family == "data"
    assert found.program.epochs == 3
    assert found.program.task is twin.program.task
    assert found.program.make(0)[0].weight.shape == (1, 3)
    assert found.entry.make() is found.program
    assert found.entry.causes == ("target_leak",)
    assert twin.entry.make() is twin.program
