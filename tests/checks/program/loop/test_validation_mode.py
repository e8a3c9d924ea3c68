"""The mode of validation, and what it leaves."""

import torch
from torch import nn

from kilter.checks.program.loop.validation_mode import ValidationMode
from kilter.values.finding import Severity


def dropping():
    return nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Dropout(0.5), nn.Linear(12, 3))


def normalised():
    return nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 3))


def score(model, loss_fn, loader):
    with torch.no_grad():
        losses = [float(loss_fn(model(x), y)) for x, y in loader]
    return sum(losses) / len(losses), -sum(losses)


def in_training(model, loss_fn, loader):
    model.train()
    return score(model, loss_fn, loader)


def in_part(model, loss_fn, loader):
    model[0].eval()
    model.training = False
    return score(model, loss_fn, loader)


def many_passes(model, loss_fn, loader):
    model.train()
    with torch.no_grad():
        losses = [float(loss_fn(torch.stack([model(x) for _ in range(5)]).mean(0), y)) for x, y in loader]
    return sum(losses), -sum(losses)


def learning(model, loss_fn, loader):
    model.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader:
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
    return loss.item(), 0.0


def test_validation_in_training_mode(alarms):
    for network in (dropping, normalised):
        for validate in (in_training, score, in_part):
            (finding,) = alarms(ValidationMode(), network=network, validate=validate)
            assert finding.causes == ("eval_in_train_mode",)


def test_validation_that_learns(alarms):
    (finding,) = alarms(ValidationMode(), validate=learning)
    assert finding.severity is Severity.FAILURE
    assert finding.causes == ("train_val_leak",)


def test_validation_that_is_well(alarms):
    for network in (dropping, normalised):
        assert alarms(ValidationMode(), network=network) == []
    assert alarms(ValidationMode(), validate=in_training) == []
    assert alarms(ValidationMode(), network=dropping, validate=many_passes) == []
    assert alarms(ValidationMode(), network=dropping, validate=None) == []
