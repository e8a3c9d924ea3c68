"""The mode of training."""

import torch
from torch import nn

from kilter.checks.program.loop.training_mode import TrainingMode


def dropping():
    return nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Dropout(0.5), nn.Linear(12, 3))


def normalised():
    return nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 3))


def evaluating(plain):
    def step(model, optimizer, loss_fn, batch):
        model.eval()
        return plain(model, optimizer, loss_fn, batch)

    return step


def test_training_in_evaluation_mode(alarms, plain_step):
    for network in (dropping, normalised):
        (finding,) = alarms(TrainingMode(), network=network, step=evaluating(plain_step))
        assert finding.causes == ("train_in_eval_mode",)


def learnt(model, _):
    model[0].weight.data.copy_(torch.outer(torch.linspace(-1, 1, 12), torch.linspace(0.5, 1, 6)))


def test_modes_that_do_not_matter_or_are_meant(alarms, plain_step):
    step = evaluating(plain_step)
    assert alarms(TrainingMode(), network=dropping) == []
    assert alarms(TrainingMode(), step=step) == []
    assert alarms(TrainingMode(), network=dropping, step=step, prepare=learnt) == []

    def look_first(model, optimizer, loss_fn, batch):
        model.eval()
        with torch.no_grad():
            model(batch[0])
        model.train()
        return plain_step(model, optimizer, loss_fn, batch)

    def frozen_statistics(model, optimizer, loss_fn, batch):
        model[1].eval()
        return plain_step(model, optimizer, loss_fn, batch)

    assert alarms(TrainingMode(), network=dropping, step=look_first) == []
    assert alarms(TrainingMode(), network=normalised, step=frozen_statistics) == []
