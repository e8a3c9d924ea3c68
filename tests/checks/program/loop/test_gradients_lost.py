"""Gradients that do not arrive."""

import torch

from kilter.checks.program.loop.gradients_lost import GradientsLost


def emptied_too_late(model, optimizer, loss_fn, batch):
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss


def zeros_too_late(model, optimizer, loss_fn, batch):
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    optimizer.zero_grad(set_to_none=False)
    optimizer.step()
    return loss


def update_first(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    optimizer.step()
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    return loss


def delayed(model, optimizer, loss_fn, batch):
    """The gradient of the last batch is used in this step: late, but not lost."""
    optimizer.step()
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    return loss


def last_layer_rests(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    for parameter in model[2].parameters():
        parameter.grad = None
    optimizer.step()
    return loss


def test_gradients_that_are_emptied_too_late(alarms):
    for step in (emptied_too_late, zeros_too_late, update_first):
        (finding,) = alarms(GradientsLost(), step=step)
        assert finding.causes == ("zero_grad_after_backward",)
        assert finding.evidence["update before backward"] == (step is update_first)
        assert finding.advice.startswith("Make" if step is update_first else "Empty")


def test_gradients_that_arrive(alarms):
    adam = {"optimizer": lambda model: torch.optim.Adam(model.parameters())}
    assert alarms(GradientsLost(), **adam) == []
    assert alarms(GradientsLost(), step=delayed) == []
    assert alarms(GradientsLost(), step=last_layer_rests) == []
