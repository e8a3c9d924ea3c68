"""Not-a-number in the batches."""

import torch
from torch import nn

from kilter.checks.program.batches.missing_numbers import NumbersMissing
from kilter.values.finding import Severity


def _with(data, place, value):
    changed = [part.clone() for part in data]
    changed[place].view(-1)[5] = value
    return tuple(changed)


def test_not_a_number_in_training_inputs_is_a_failure(make, look, sets):
    bench = make(_with(sets["digits"](), 0, float("nan")))
    alarms, _ = look(NumbersMissing(), bench)
    assert [alarm.causes for alarm in alarms] == [("nan_in_data",)]
    assert alarms[0].severity is Severity.FAILURE
    assert alarms[0].evidence["rows"] == 1


def test_infinity_in_validation_is_a_warning(make, look, sets):
    alarms, _ = look(NumbersMissing(), make(_with(sets["digits"](), 2, float("inf"))))
    assert [alarm.severity for alarm in alarms] == [Severity.WARNING]


class Filling(nn.Module):
    """Takes missing values as nought."""

    def __init__(self):
        super().__init__()
        self.net = nn.Linear(64, 10)

    def forward(self, x):
        return self.net(torch.nan_to_num(x))


def test_a_model_that_fills_missing_values_is_a_note(make, look, sets):
    alarms, notes = look(NumbersMissing(), make(_with(sets["digits"](), 0, float("nan")), Filling))
    assert not alarms
    assert len(notes) == 1


def test_silent_on_whole_numbers(make, look, sets):
    assert look(NumbersMissing(), make(sets["digits"]())) == ([], [])
