"""Steps that change nothing."""

import copy

import pytest
import torch

from kilter.checks.program.loop.standstill import Standstill


class Idle(torch.optim.SGD):
    """An optimizer whose step was overwritten."""

    @torch.no_grad()
    def step(self, closure=None):
        return None


def no_backward(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    optimizer.step()
    return loss.item()


def no_update(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    return loss


def update_elsewhere(model, optimizer, loss_fn, batch):
    """Steps an optimizer of a copy."""
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    torch.optim.SGD(copy.deepcopy(model).parameters(), lr=0.1).step()
    return loss


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"step": no_backward}, "missing_backward"),
        ({"step": no_update}, "no_optimizer_step"),
        ({"step": update_elsewhere}, "no_optimizer_step"),
        ({"optimizer": lambda model: Idle(model.parameters(), lr=0.1)}, "no_optimizer_step"),
    ],
)
def test_what_is_missing_is_named(alarms, options, cause):
    (finding,) = alarms(Standstill(), **options)
    assert finding.causes[0] == cause


def test_a_model_that_is_frozen_as_a_whole(alarms):
    def step(model, optimizer, loss_fn, batch):
        return loss_fn(model(batch[0]), batch[1])

    (finding,) = alarms(Standstill(), step=step, prepare=lambda model, _: model.requires_grad_(False))
    assert finding.causes == ("unintended_frozen_layer",)


def update_at_the_end(model, optimizer, epoch):
    optimizer.step()
    optimizer.zero_grad()


def only_backward(model, optimizer, loss_fn, batch):
    loss = loss_fn(model(batch[0]), batch[1])
    (loss / 40).backward()
    return loss


def no_optimizer(model):
    return None


def by_hand(model, optimizer, loss_fn, batch):
    loss = loss_fn(model(batch[0]), batch[1])
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    with torch.no_grad():
        for parameter, gradient in zip(model.parameters(), gradients, strict=True):
            parameter.sub_(0.1 * gradient)
    return loss


def test_updates_that_come_late_or_in_other_ways(alarms, gathering):
    assert alarms(Standstill()) == []
    assert alarms(Standstill(), step=gathering(24, 24)) == []
    assert alarms(Standstill(), step=only_backward, epoch_end=update_at_the_end, batch=2) == []
    assert alarms(Standstill(), step=by_hand, optimizer=no_optimizer) == []


def test_a_rate_of_zero_is_no_missing_step(alarms):
    assert alarms(Standstill(), optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=0.0)) == []
