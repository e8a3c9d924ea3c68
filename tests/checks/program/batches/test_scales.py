"""Scales of inputs and targets."""

import torch
from torch import nn

from kilter.checks.program.batches.scales import InputScale, TargetScale


def test_raw_columns_that_keep_a_program_from_learning(make, look, sets, parts):
    data = sets["cancer"](raw=True)
    found, _ = look(InputScale(), make(data, lambda: parts["mlp"](30, 2), rate=0.01, optimizer=torch.optim.SGD))
    assert found[0].causes == ("unnormalized_input",)
    assert found[0].evidence["mended"] > found[0].evidence["raw"] + 0.2


def test_inputs_that_are_all_tiny(make, look, alarms, sets, parts):
    x, y, valid_x, valid_y = sets["digits"]()
    tiny = (x / 1000, y, valid_x / 1000, valid_y)
    found, _ = look(InputScale(), make(tiny, lambda: parts["mlp"](64, 10), rate=0.01, optimizer=torch.optim.SGD))
    assert found[0].causes == ("unnormalized_input",)

    class Enlarged(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = parts["mlp"](64, 10)

        def forward(self, x):
            return self.network(1000 * x)

    assert alarms(InputScale(), make(tiny, Enlarged)) == []


def test_silent_where_the_model_normalises_first(make, alarms, sets, parts):
    data = sets["cancer"](raw=True)
    about = {"rate": 0.01, "optimizer": torch.optim.SGD}
    bench = make(data, lambda: nn.Sequential(nn.BatchNorm1d(30), parts["mlp"](30, 2)), **about)
    assert alarms(InputScale(), bench) == []
    assert alarms(InputScale(), make(sets["cancer"](), lambda: parts["mlp"](30, 2), **about)) == []
    assert alarms(InputScale(), make(sets["digits"]())) == []


def test_targets_out_of_reach(make, look, sets, parts):
    about = {"loss_fn": nn.MSELoss(), "task": "regression", "validate": parts["explained"]}
    found, _ = look(TargetScale(), make(sets["diabetes"](raw=True), lambda: parts["mlp"](10, 1), **about))
    assert found[0].causes[0] == "unnormalized_target"


def test_silent_where_targets_are_reached(make, alarms, sets, parts):
    about = {"loss_fn": nn.MSELoss(), "task": "regression", "validate": parts["explained"]}
    assert alarms(TargetScale(), make(sets["diabetes"](), lambda: parts["mlp"](10, 1), **about)) == []

    def centred():
        network = parts["mlp"](10, 1)
        nn.init.constant_(network[-1].bias, 150.0)
        return network

    raw = sets["diabetes"](raw=True)
    assert alarms(TargetScale(), make(raw, centred, **about)) == []
    long = about | {"epochs": 400, "rate": 0.02}
    assert alarms(TargetScale(), make(raw, lambda: parts["mlp"](10, 1), **long)) == []
