"""A column that gives the target away."""

import torch
from torch import nn

from kilter.checks.program.batches.giveaway import Giveaway


def _with_target(data, noise):
    generator = torch.Generator().manual_seed(0)
    x, y, valid_x, valid_y = data
    columns = [t.float().reshape(-1, 1) + noise * torch.randn(len(t), 1, generator=generator) for t in (y, valid_y)]
    return torch.cat([x, columns[0]], 1), y, torch.cat([valid_x, columns[1]], 1), valid_y


def test_a_column_made_from_the_target_of_a_regression(make, look, sets, parts):
    data = _with_target(sets["diabetes"](), 0.05)
    bench = make(
        data, lambda: parts["mlp"](11, 1), loss_fn=nn.MSELoss(), task="regression", validate=parts["explained"]
    )
    found, _ = look(Giveaway(), bench)
    assert found[0].causes == ("target_leak",)
    assert found[0].where == ("0[10]",)


def test_a_column_made_from_the_label(make, alarms):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(500, 6, generator=generator)
    y = (x[:, 0] + 2 * torch.randn(500, generator=generator) > 0).long()
    data = _with_target((x[:350], y[:350], x[350:], y[350:]), 0.1)
    assert alarms(Giveaway(), make(data)) == ["target_leak"]


def test_silent_where_the_others_tell_it_too(make, alarms, sets, parts):
    assert alarms(Giveaway(), make(sets["cancer"]())) == []
    assert alarms(Giveaway(), make(_with_target(sets["digits"](), 0.05))) == []
    about = {"loss_fn": nn.MSELoss(), "task": "regression", "validate": parts["explained"]}
    assert alarms(Giveaway(), make(sets["diabetes"](), lambda: parts["mlp"](10, 1), **about)) == []
    x = torch.linspace(-3, 3, 300)[:, None][torch.randperm(300, generator=torch.Generator().manual_seed(0))]
    line = (x[:200], torch.sin(x[:200]), x[200:], torch.sin(x[200:]))
    assert alarms(Giveaway(), make(line, lambda: parts["mlp"](1, 1), **about)) == []
