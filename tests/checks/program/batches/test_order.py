"""Batches sorted by what is to be learnt."""

import pytest
import torch
from torch import nn

from kilter.checks.program.batches.order import SortedBatches


@pytest.mark.parametrize("name", ["digits", "cancer", "diabetes"])
def test_sorted_targets(make, alarms, sets, parts, name):
    x, y, *valid = sets[name]()
    order = y.flatten().argsort(stable=True)
    about = (
        {"loss_fn": nn.MSELoss(), "task": "regression", "validate": parts["explained"]} if name == "diabetes" else {}
    )
    bench = make(
        (x[order], y[order], *valid), lambda: parts["mlp"](x.shape[1], 1 if about else 10), shuffle=False, **about
    )
    assert alarms(SortedBatches(), bench) == ["no_shuffle_sorted"]


def test_silent_on_a_random_order_and_on_one_batch(make, alarms, sets):
    x, y, *valid = sets["digits"]()
    assert alarms(SortedBatches(), make((x, y, *valid), shuffle=False)) == []
    order = y.argsort()
    assert alarms(SortedBatches(), make((x[order], y[order], *valid))) == []
    assert alarms(SortedBatches(), make((x[order], y[order], *valid), shuffle=False, batch=4096)) == []


def test_silent_on_batches_of_one_row(make, alarms):
    x = torch.randn(40, 3)
    y = torch.arange(40) // 20
    assert alarms(SortedBatches(), make((x[:30], y[:30], x[30:], y[30:]), shuffle=False, batch=1)) == []
