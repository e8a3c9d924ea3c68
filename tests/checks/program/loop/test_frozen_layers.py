"""Frozen layers."""

import torch
from torch import nn

from kilter.checks.program.loop.frozen_layers import FrozenLayers


class Lookup(nn.Module):
    """Numbers are cut into classes and looked up."""

    def __init__(self, weights=None):
        super().__init__()
        values = torch.randn(10, 8) if weights is None else weights
        self.codes, self.out = nn.Embedding.from_pretrained(values), nn.Linear(48, 3)

    def forward(self, x):
        return self.out(self.codes((x * 2 + 5).long().clamp(0, 9)).flatten(1))


def frozen_first(model, _):
    model[0].requires_grad_(False)


def test_layers_that_are_frozen_as_they_were_drawn(alarms):
    for options in ({"network": Lookup}, {"prepare": frozen_first}):
        (finding,) = alarms(FrozenLayers(), **options)
        assert finding.causes == ("unintended_frozen_layer",)


class Features(nn.Module):
    """Random features, on purpose."""

    def __init__(self):
        super().__init__()
        self.directions, self.out = nn.Parameter(torch.randn(6, 32), requires_grad=False), nn.Linear(32, 3)

    def forward(self, x):
        return self.out(torch.cos(x @ self.directions))


class Goal(nn.Module):
    """A random network that another one is to follow."""

    def __init__(self):
        super().__init__()
        self.net, self.goal = nn.Linear(6, 12), nn.Linear(6, 12).requires_grad_(False)

    def forward(self, x):
        return self.net(x), self.goal(x)


def follow(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    mine, goal = model(batch[0])
    loss = (mine - goal).square().mean()
    loss.backward()
    optimizer.step()
    return loss


def structured(model, _):
    model[0].weight.data.copy_(torch.outer(torch.randn(12), torch.randn(6)) + 0.05 * torch.randn(12, 6))
    frozen_first(model, _)


def test_what_was_learnt_or_meant(alarms):
    table = torch.sin(torch.arange(10)[:, None] / torch.arange(1, 9))
    assert alarms(FrozenLayers()) == []
    assert alarms(FrozenLayers(), network=lambda: Lookup(table)) == []
    assert alarms(FrozenLayers(), prepare=structured) == []
    assert alarms(FrozenLayers(), prepare=frozen_first, frozen=True) == []


def test_random_features_and_targets_are_notes(alarms, notes):
    for options in ({"network": Features}, {"network": Goal, "step": follow, "validate": None}):
        assert alarms(FrozenLayers(), **options) == []
        assert len(notes(FrozenLayers(), **options)) == 1
