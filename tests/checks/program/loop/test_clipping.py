"""Gradients that are cut."""

import pytest
import torch
from torch import nn

from kilter.checks.program.loop.clipping import Clipping


def clipped(limit, *, by_value=False, scale=1.0, unscaled=True):
    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        (loss * scale).backward()
        parameters = list(model.parameters())
        if not unscaled:
            nn.utils.clip_grad_norm_(parameters, limit)
        for parameter in parameters:
            parameter.grad /= scale
        if unscaled:
            (nn.utils.clip_grad_value_ if by_value else nn.utils.clip_grad_norm_)(parameters, limit)
        optimizer.step()
        return loss

    return step


@pytest.mark.parametrize(
    ("step", "cause"),
    [
        (clipped(1e-4), "grad_clip_too_small"),
        (clipped(1e-5, by_value=True), "grad_clip_too_small"),
        (clipped(1e-4, scale=1024.0), "grad_clip_too_small"),
        (clipped(1.0, scale=2.0**16, unscaled=False), "amp_unscaled_clip"),
    ],
)
def test_limits_that_leave_nothing(alarms, step, cause):
    (finding,) = alarms(Clipping(), step=step)
    assert finding.causes[0] == cause


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=1e-3)


def by_a_constant(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    for parameter in model.parameters():
        parameter.grad /= 4096
    optimizer.step()
    return loss


def test_limits_that_leave_enough(alarms):
    for limit in (1.0, 0.1):
        assert alarms(Clipping(), step=clipped(limit)) == []
        assert alarms(Clipping(), step=clipped(limit, scale=2.0**16)) == []
    assert alarms(Clipping()) == []
    assert alarms(Clipping(), step=by_a_constant) == []
    assert alarms(Clipping(), step=clipped(1e-4), optimizer=adam) == []


def test_an_unscaled_order_matters_to_adam_too(alarms):
    (finding,) = alarms(Clipping(), step=clipped(1.0, scale=2.0**16, unscaled=False), optimizer=adam)
    assert finding.evidence["loss scale"] == 2.0**16
