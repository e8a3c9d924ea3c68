"""Gradients of the last update."""

import pytest
import torch
from torch import nn

from kilter.checks.program.loop.gradients_left import GradientsLeft
from kilter.values.finding import Severity


def never_emptied(model, optimizer, loss_fn, batch):
    x, y = batch
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def window_never_emptied(model, optimizer, loss_fn, batch):
    for half in zip(*(part.chunk(2) for part in batch), strict=True):
        loss = loss_fn(model(half[0]), half[1]) / 2
        loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss


def closure_never_emptied(model, optimizer, loss_fn, batch):
    def closure():
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        return loss

    return optimizer.step(closure)


def closure(model, optimizer, loss_fn, batch):
    def closure():
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        return loss

    return optimizer.step(closure)


def lbfgs(model):
    return torch.optim.LBFGS(model.parameters(), max_iter=4)


@pytest.mark.parametrize(
    ("step", "optimizer"),
    [
        (never_emptied, lambda model: torch.optim.SGD(model.parameters(), lr=0.05)),
        (never_emptied, lambda model: torch.optim.AdamW(model.parameters())),
        (window_never_emptied, lambda model: torch.optim.SGD(model.parameters(), lr=0.05)),
        (closure_never_emptied, lbfgs),
    ],
)
def test_gradients_that_are_never_emptied(alarms, step, optimizer):
    (finding,) = alarms(GradientsLeft(), step=step, optimizer=optimizer)
    assert finding.causes == ("missing_zero_grad",)
    assert finding.severity is Severity.FAILURE
    assert finding.evidence["parameters"] == 4


def adversaries(model, optimizers, loss_fn, batch):
    """The second loss leaves gradients in the first one's parameters, which are emptied before they count."""
    x, y = batch
    first, second = optimizers
    first.zero_grad()
    loss_fn(model(x), y).backward()
    first.step()
    second.zero_grad()
    loss = -loss_fn(model(x), y)
    loss.backward()
    second.step()
    return loss


def two(model):
    return [torch.optim.SGD(model[0].parameters(), lr=0.1), torch.optim.Adam(model[2].parameters())]


def test_whoever_empties_is_left_alone(alarms, gathering):
    assert alarms(GradientsLeft()) == []
    assert alarms(GradientsLeft(), step=closure, optimizer=lbfgs) == []
    assert alarms(GradientsLeft(), step=adversaries, optimizer=two) == []
    assert alarms(GradientsLeft(), step=gathering(4, 4)) == []


def test_a_second_optimizer_that_is_forgotten(alarms):
    def step(model, optimizers, loss_fn, batch):
        optimizers[0].zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        return loss

    (finding,) = alarms(GradientsLeft(), step=step, optimizer=two)
    assert finding.where == ("2.weight", "2.bias")
