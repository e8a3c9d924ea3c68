"""Weights that are not the model's."""

import pytest
import torch
from torch import nn

from kilter.checks.program.loop.strangers import Strangers


class InAList(nn.Module):
    """Layers in a plain list."""

    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(6, 12), nn.Linear(12, 12)]
        self.out = nn.Linear(12, 3)

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.out(x)


class AnewEachTime(nn.Module):
    """A layer that is made in `forward`."""

    def __init__(self, width=16):
        super().__init__()
        self.first, self.width, self.out = nn.Linear(6, 12), width, nn.Linear(width, 3)

    def forward(self, x):
        return self.out(torch.relu(nn.Linear(12, self.width)(torch.relu(self.first(x)))))


class Bare(nn.Module):
    """A tensor that asks for a gradient and is no parameter."""

    def __init__(self):
        super().__init__()
        self.weight, self.out = (torch.randn(6, 12) / 3).requires_grad_(), nn.Linear(12, 3)

    def forward(self, x):
        return self.out(torch.relu(x @ self.weight))


@pytest.mark.parametrize(
    ("network", "cause", "count"),
    [
        (InAList, "unregistered_module", 4),
        (Bare, "unregistered_module", 1),
        (AnewEachTime, "layer_created_in_forward", 2),
        (lambda: AnewEachTime(width=15), "layer_created_in_forward", 2),
    ],
)
def test_where_weights_are_lost(alarms, network, cause, count):
    (finding,) = alarms(Strangers(), network=network)
    assert finding.causes[0] == cause
    assert finding.evidence["tensors"] == count


def with_gradient_of_inputs(model, optimizer, loss_fn, batch):
    x, y = batch[0].clone().requires_grad_(), batch[1]
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    (slope,) = torch.autograd.grad(loss, x, create_graph=True)
    total = torch.zeros(1, requires_grad=True) + loss + slope.square().sum()
    total.sum().backward()
    optimizer.step()
    return loss


def with_noise(model, optimizer, loss_fn, batch):
    noise = (0.1 * torch.randn_like(batch[0])).requires_grad_()
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0] + noise), batch[1])
    loss.backward()
    optimizer.step()
    return loss


def test_leaves_that_are_no_weights(alarms):
    assert alarms(Strangers()) == []
    assert alarms(Strangers(), step=with_gradient_of_inputs) == []
    assert alarms(Strangers(), step=with_noise) == []


def test_a_second_model_with_an_optimizer_of_its_own(alarms):
    judge = nn.Linear(3, 3)
    other = torch.optim.SGD(judge.parameters(), lr=0.1)

    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        other.zero_grad()
        loss = loss_fn(judge(model(batch[0])), batch[1])
        loss.backward()
        optimizer.step()
        other.step()
        return loss

    assert alarms(Strangers(), step=step) == []
