"""Classes that a trained program never answers."""

import torch
from torch import nn

from kilter.checks.program.batches.minority import MinorityUnanswered


def _rare(rows=1500):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(rows, 8, generator=generator)
    y = (torch.arange(rows) % 20 == 0).long()
    x[y == 1, 0] += 1.6
    cut = int(0.6 * rows)
    return x[:cut], y[:cut], x[cut:], y[cut:]


def test_a_rare_class_that_is_crowded_out(make, alarms, parts):
    bench = make(_rare(), lambda: parts["mlp"](8, 2), rate=0.05, optimizer=torch.optim.SGD, epochs=2)
    assert alarms(MinorityUnanswered(), bench) == ["imbalance_zero_recall"]


def test_silent_where_the_loss_weighs_it_up_and_on_even_classes(make, alarms, sets, parts):
    weighed = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 19.0]))
    about = {"rate": 0.05, "optimizer": torch.optim.SGD, "epochs": 2}
    assert alarms(MinorityUnanswered(), make(_rare(), lambda: parts["mlp"](8, 2), loss_fn=weighed, **about)) == []
    assert alarms(MinorityUnanswered(), make(sets["cancer"](), lambda: parts["mlp"](30, 2), **about)) == []
