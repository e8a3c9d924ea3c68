"""Copies that nobody feeds."""

import copy

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from kilter.checks.program.loop.stale_copies import StaleCopies


def averaging(update):
    """(prepare, step, validate) of a model that is validated by its average."""
    kept = {}

    def prepare(model, _):
        kept["average"] = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
        kept["average"].update_parameters(model)

    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        if update:
            kept["average"].update_parameters(model)
        return loss

    def validate(model, loss_fn, loader):
        kept["average"].eval()
        with torch.no_grad():
            losses = [float(loss_fn(kept["average"](x), y)) for x, y in loader]
        return sum(losses) / len(losses), 0.0

    return {"prepare": prepare, "step": step, "validate": validate}


class Inside(nn.Module):
    """Keeps its average inside, and evaluates by it."""

    def __init__(self, rate):
        super().__init__()
        self.net = nn.Linear(6, 3)
        self.average, self.rate = copy.deepcopy(self.net).requires_grad_(False), rate

    def forward(self, x):
        if not self.training:
            return self.average(x)
        with torch.no_grad():
            self.average.weight.lerp_(self.net.weight, self.rate)
        return self.net(x)


def test_an_average_that_is_never_fed(alarms):
    for options in (averaging(update=False), {"network": lambda: Inside(0.0)}):
        (finding,) = alarms(StaleCopies(), **options)
        assert finding.causes[0] == "ema_never_updated"


def test_averages_that_are_fed(alarms):
    assert alarms(StaleCopies()) == []
    assert alarms(StaleCopies(), **averaging(update=True)) == []
    assert alarms(StaleCopies(), network=lambda: Inside(0.1)) == []


def test_a_model_that_does_not_change(alarms):
    assert alarms(StaleCopies(), optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=0.0)) == []
    assert alarms(StaleCopies(), validate=None) == []
