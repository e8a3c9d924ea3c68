"""Every example has the same input."""

import torch

from kilter.checks.program.batches.one_input import OneInput


def test_one_input_for_all_rows(make, alarms, sets):
    x, y, *valid = sets["digits"]()
    assert alarms(OneInput(), make((x[:1].expand(len(x), -1).clone(), y, *valid))) == ["constant_input"]


def test_a_handful_of_inputs(make, alarms, sets):
    x, y, *valid = sets["digits"]()
    assert alarms(OneInput(), make((x[torch.arange(len(x)) % 7], y, *valid))) == ["constant_input"]


def test_silent_on_rows_of_their_own_and_on_rows_of_few_values(make, alarms, sets):
    assert alarms(OneInput(), make(sets["digits"]())) == []
    x = torch.randint(0, 2, (400, 4), generator=torch.Generator().manual_seed(0)).float()
    y = (x.sum(1) > 2).long()
    assert alarms(OneInput(), make((x[:300], y[:300], x[300:], y[300:]))) == []
