"""Bounded functions at their ends."""

import pytest
from torch import nn

from kilter.checks.program.model.saturated_units import SaturatedUnits
from kilter.values.finding import Skipped


def _drawn(parts, act, size):
    model = parts.mlp(12, 32, 32, 3, act=act)
    if size:
        for layer in (model[0], model[2]):
            nn.init.normal_(layer.weight, 0, size)
    return model


class Highway(nn.Module):
    """Gates that begin nearly closed, on purpose."""

    def __init__(self):
        super().__init__()
        self.first, self.out = nn.Linear(12, 24), nn.Linear(24, 3)
        self.layers = nn.ModuleList(nn.Linear(24, 24) for _ in range(4))
        self.gates = nn.ModuleList(nn.Linear(24, 24) for _ in range(4))
        for gate in self.gates:
            nn.init.constant_(gate.bias, -6.0)

    def forward(self, numbers):
        hidden = self.first(numbers)
        for layer, gate in zip(self.layers, self.gates, strict=True):
            share = gate(hidden).sigmoid()
            hidden = share * layer(hidden).relu() + (1 - share) * hidden
        return self.out(hidden)


@pytest.mark.parametrize(("act", "size"), [(nn.Tanh, 8.0), (nn.Sigmoid, 12.0)])
def test_weights_that_are_drawn_too_large_are_found(act, size, parts, program, findings):
    faulty = program(lambda: _drawn(parts, act, size), (parts.data.numbers, parts.data.classes))
    (finding,) = findings(SaturatedUnits(), faulty)
    assert finding.causes[0] == "saturated_activation"
    assert min(finding.evidence["open"]) < 0.25
    assert finding.evidence["gradient"] < 1e-2


def test_open_functions_and_output_sigmoids_are_silent(parts, program, said):
    given = (parts.data.numbers, parts.data.classes)
    healthy = [
        program(lambda: _drawn(parts, nn.Tanh, None), given),
        program(lambda: _drawn(parts, nn.Sigmoid, None), given),
        program(lambda: nn.Sequential(parts.mlp(12, 8, 3), nn.Sigmoid()), given),
    ]
    assert [said(SaturatedUnits(), one) for one in healthy[:2]] == [[], []]
    (outward,) = said(SaturatedUnits(), healthy[2])
    assert isinstance(outward, Skipped)


def test_gates_that_begin_closed_on_purpose_are_silent(parts, program, said):
    assert said(SaturatedUnits(), program(Highway, (parts.data.numbers, parts.data.classes))) == []
