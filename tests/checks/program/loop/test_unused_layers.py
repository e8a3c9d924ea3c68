"""Layers that are left out."""

import torch
from torch import nn

from kilter.checks.program.loop.unused_layers import UnusedLayers


class Forgotten(nn.Module):
    """One of three layers is never called."""

    def __init__(self, width=12):
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(6, 12), nn.Linear(12, width), nn.Linear(12, 3)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))


class Called(Forgotten):
    """It is called, and its result dropped."""

    def forward(self, x):
        self.middle(torch.relu(self.first(x)))
        return super().forward(x)


class Overwritten(nn.Module):
    """What the first layers gave is thrown away."""

    def __init__(self):
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(6, 12), nn.Linear(12, 12), nn.Linear(6, 3)

    def forward(self, x):
        hidden = self.middle(self.first(x))
        hidden = x
        return self.last(hidden)


class Rare(nn.Module):
    """Two heads that take turns, the second one seldom."""

    def __init__(self):
        super().__init__()
        self.body, self.often, self.seldom, self.count = nn.Linear(6, 12), nn.Linear(12, 3), nn.Linear(12, 3), 0

    def forward(self, x):
        self.count += 1
        return (self.seldom if self.count % 30 == 0 else self.often)(torch.relu(self.body(x)))


def test_a_layer_that_is_never_called(alarms):
    (finding,) = alarms(UnusedLayers(), network=Forgotten)
    assert finding.causes == ("unused_layer",)
    assert finding.where == ("middle.weight", "middle.bias")


def test_most_of_a_model_for_nothing(alarms):
    (finding,) = alarms(UnusedLayers(), network=Overwritten)
    assert len(finding.where) == 4


def test_what_is_called_or_small_is_a_note(alarms, notes):
    for network in (lambda: Called(width=6), lambda: Forgotten(width=1)):
        assert alarms(UnusedLayers(), network=network) == []
        (note,) = notes(UnusedLayers(), network=network)
        assert note.causes == ("unused_layer",)


def test_what_takes_part(alarms, notes):
    assert alarms(UnusedLayers()) == notes(UnusedLayers()) == []
    assert alarms(UnusedLayers(), network=Rare) == []
    assert alarms(UnusedLayers(), network=Forgotten, frozen=["middle"]) == []
