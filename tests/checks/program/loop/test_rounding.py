"""Updates of half precision."""

import torch

from kilter.checks.program.loop.rounding import Rounding


def in_bfloat(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0].bfloat16()).float(), batch[1])
    loss.backward()
    optimizer.step()
    return loss


def half(model, _):
    model.bfloat16()


def sgd(rate):
    return lambda model: torch.optim.SGD(model.parameters(), lr=rate)


def test_updates_that_are_rounded_away(alarms):
    (finding,) = alarms(Rounding(), step=in_bfloat, prepare=half, optimizer=sgd(1e-3), validate=None)
    assert finding.causes[0] == "low_precision_update"


def test_updates_that_are_held(alarms):
    assert alarms(Rounding(), optimizer=sgd(1e-3)) == []
    assert alarms(Rounding(), step=in_bfloat, prepare=half, optimizer=sgd(0.5), validate=None) == []

    def adam(model):
        return torch.optim.Adam(model.parameters(), lr=3e-3)

    assert alarms(Rounding(), step=in_bfloat, prepare=half, optimizer=adam, validate=None) == []


def test_autocast_keeps_the_weights(alarms):
    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    assert alarms(Rounding(), step=step, optimizer=sgd(1e-3)) == []
