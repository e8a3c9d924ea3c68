"""Constant targets, loaders that run dry, rows that drown the others."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kilter.checks.program.batches.oddities import DryLoader, HugeRows, OneTarget


def test_one_target_for_all(make, alarms, sets):
    x, y, *valid = sets["digits"]()
    assert alarms(OneTarget(), make((x, torch.full_like(y, 3), *valid))) == ["task_trivial"]
    assert alarms(OneTarget(), make((x, y, *valid))) == []


def test_a_generator_that_runs_dry(make, alarms, sets):
    x, y, *valid = sets["digits"]()

    def loaders():
        train = DataLoader(TensorDataset(x, y), 32)
        return (batch for batch in train), DataLoader(TensorDataset(*valid), 64)

    assert alarms(DryLoader(), make((x,), loaders=loaders)) == ["data_anomaly"]
    assert alarms(DryLoader(), make((x,), loaders=loaders, epochs=1)) == []
    assert alarms(DryLoader(), make((x, y, *valid))) == []


def test_a_loader_without_batches(make, alarms, sets):
    x, y, *_ = sets["digits"]()
    train = DataLoader(TensorDataset(x, y), 32)
    assert alarms(DryLoader(), make((x,), loaders=lambda: (train, []))) == ["data_anomaly"]


def test_a_row_that_drowns_the_others(make, alarms, sets, parts):
    x, y, *valid = sets["diabetes"]()
    about = {"loss_fn": nn.MSELoss(), "task": "regression", "validate": parts["explained"]}
    for place in (0, 1):
        changed = [x.clone(), y.clone()]
        changed[place][7, 0] = 99_999.0
        bench = make((*changed, *valid), lambda: parts["mlp"](10, 1), **about)
        assert alarms(HugeRows(), bench) == ["data_anomaly"]
    assert alarms(HugeRows(), make((x, y, *valid), lambda: parts["mlp"](10, 1), **about)) == []


def test_silent_where_the_model_bounds_its_inputs(make, alarms, sets, parts):
    x, y, *valid = sets["diabetes"]()
    x = x.clone()
    x[7, 0] = 99_999.0
    about = {"loss_fn": nn.MSELoss(), "task": "regression", "validate": parts["explained"]}
    bench = make((x, y, *valid), lambda: nn.Sequential(nn.Hardtanh(-5, 5), parts["mlp"](10, 1)), **about)
    assert alarms(HugeRows(), bench) == []
