"""Losses without the model."""

import pytest
import torch
from torch import nn

from kilter.checks.program.loop.loss_detached import LossDetached, few_valued


def rewrapped(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = torch.tensor(loss_fn(model(batch[0]), batch[1]).item(), requires_grad=True)
    loss.backward()
    optimizer.step()
    return loss


def outputs_rewrapped(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    outputs = torch.from_numpy(model(batch[0]).detach().numpy()).requires_grad_()
    loss = loss_fn(outputs, batch[1])
    loss.backward()
    optimizer.step()
    return loss


def hard(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    decided = model(batch[0]).argmax(-1).float()
    loss = loss_fn(decided, batch[1].float()).requires_grad_()
    loss.backward()
    optimizer.step()
    return loss


class Blind(nn.Sequential):
    """Computes without a graph."""

    def forward(self, x):
        with torch.no_grad():
            return super().forward(x)


def forced(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1]).requires_grad_()
    loss.backward()
    optimizer.step()
    return loss


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"step": rewrapped}, "loss_detached"),
        ({"step": outputs_rewrapped}, "loss_detached"),
        ({"step": hard, "loss_fn": nn.MSELoss}, "non_differentiable_op"),
        ({"step": forced, "network": lambda: Blind(nn.Linear(6, 3))}, "detached_graph"),
    ],
)
def test_where_the_graph_was_lost_is_said(alarms, options, cause):
    (finding,) = alarms(LossDetached(), **options)
    assert finding.causes[0] == cause


def test_a_loss_that_reaches_a_part(alarms):
    class Half(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(6, 6), nn.Linear(6, 3)

        def forward(self, x):
            return self.second(self.first(x).detach())

    assert alarms(LossDetached()) == []
    assert alarms(LossDetached(), network=Half) == []


def test_whole_numbers():
    assert few_valued(torch.tensor([0.0, 1.0, 1.0, 0.0]))
    assert not few_valued(torch.tensor([0.0, 1.5, 1.0, 0.0]))
    assert not few_valued(torch.zeros(8))
