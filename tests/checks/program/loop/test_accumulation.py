"""Gradients of several batches."""

import torch
from torch import nn

from kilter.checks.program.loop.accumulation import Accumulation


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=1e-3)


def summed():
    return nn.CrossEntropyLoss(reduction="sum")


def test_a_sum_of_means(alarms, notes, gathering):
    (finding,) = alarms(Accumulation(), step=gathering(4, 1))
    assert finding.causes == ("grad_accum_unscaled",)
    assert finding.evidence["batches"] == 4
    assert alarms(Accumulation(), step=gathering(4, 1), optimizer=adam) == []
    assert len(notes(Accumulation(), step=gathering(4, 1), optimizer=adam)) == 1


def divided_after(model, optimizer, loss_fn, batch):
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    model.seen = getattr(model, "seen", 0) + 1
    if model.seen % 4 == 0:
        for parameter in model.parameters():
            parameter.grad /= 4
        optimizer.step()
        optimizer.zero_grad()
    return loss


def two_losses(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    (0.1 * model(batch[0]).square().mean()).backward()
    optimizer.step()
    return loss


def test_means_and_sums_that_are_meant(alarms, gathering):
    assert alarms(Accumulation()) == []
    assert alarms(Accumulation(), step=gathering(4, 4)) == []
    assert alarms(Accumulation(), step=gathering(4, 64), loss_fn=summed) == []
    assert alarms(Accumulation(), step=gathering(4, 1), loss_fn=summed) == []
    assert alarms(Accumulation(), step=divided_after) == []
    assert alarms(Accumulation(), step=two_losses) == []
