"""Graphs that are cut inside of a model."""

import copy

import pytest
import torch
from torch import nn

from kilter.checks.program.loop.cut_graph import CutGraph
from kilter.values.finding import Severity


class Net(nn.Module):
    """Two layers, and something between them."""

    def __init__(self, between):
        super().__init__()
        self.first, self.second, self.between = nn.Linear(6, 12), nn.Linear(12, 3), between

    def forward(self, x):
        return self.second(self.between(torch.tanh(self.first(x))))


class Bag(nn.Module):
    """Looks a code up in an embedding by the place of the largest number."""

    def __init__(self):
        super().__init__()
        self.first, self.codes, self.second = nn.Linear(6, 12), nn.Embedding(12, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.second(self.codes(self.first(x).argmax(-1)))


@pytest.mark.parametrize(
    ("network", "cause"),
    [
        (lambda: Net(lambda h: h.detach()), "detached_graph"),
        (lambda: Net(lambda h: torch.tensor(h.tolist())), "detached_graph"),
        (lambda: Net(lambda h: (h > 0).float()), "non_differentiable_op"),
        (lambda: Net(torch.sign), "non_differentiable_op"),
        (lambda: Net(lambda h: torch.round(2 * h) / 2), "non_differentiable_op"),
        (Bag, "non_differentiable_op"),
    ],
)
def test_a_cut_is_told_by_what_comes_after_it(alarms, network, cause):
    (finding,) = alarms(CutGraph(), network=network)
    assert finding.severity is Severity.FAILURE
    assert finding.causes[0] == cause
    assert set(finding.where) == {"first.weight", "first.bias"}


LEARNT = torch.outer(torch.linspace(-1, 1, 12), torch.linspace(0.5, 1, 6))


def with_learnt_weights():
    net = Net(lambda h: h.detach())
    net.first.weight.data.copy_(LEARNT)
    net.first.bias.data.zero_()
    return net


class Spare(nn.Module):
    """A layer whose result nobody uses, as the pooler of an encoder."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.spare = nn.Linear(6, 12), nn.Linear(12, 3), nn.Linear(12, 4)

    def forward(self, x):
        hidden = torch.tanh(self.first(x))
        self.spare(hidden)
        return self.second(hidden)


class Through(nn.Module):
    """Rounds forward, and lets gradients through."""

    def forward(self, h):
        return h + (torch.round(h) - h).detach()


class Slow(nn.Module):
    """A target that follows the network slowly, and is in no optimizer."""

    def __init__(self):
        super().__init__()
        self.net, self.target = nn.Linear(6, 3), nn.Linear(6, 3)

    def forward(self, x):
        with torch.no_grad():
            self.target.weight.lerp_(self.net.weight, 0.1)
            goal = self.target(x)
        return self.net(x) + 0 * goal + 0.1 * goal


class Target(nn.Module):
    """A target that began as a copy and is renewed seldom, in the optimizer by mistake."""

    def __init__(self):
        super().__init__()
        self.net = nn.Linear(6, 3)
        self.target = copy.deepcopy(self.net)

    def forward(self, x):
        with torch.no_grad():
            goal = self.target(x)
        return self.net(x) + 0.1 * goal


def test_cuts_on_purpose_are_left_alone(alarms):
    assert alarms(CutGraph()) == []
    assert alarms(CutGraph(), network=with_learnt_weights) == []
    assert alarms(CutGraph(), network=lambda: Net(lambda h: h.detach()), frozen=["first"]) == []
    assert alarms(CutGraph(), network=Spare) == []
    assert alarms(CutGraph(), network=lambda: Net(Through())) == []
    assert alarms(CutGraph(), network=Target) == []
    held = {"optimizer": lambda model: torch.optim.SGD(model.net.parameters(), lr=0.1)}
    assert alarms(CutGraph(), network=Slow, **held) == []
