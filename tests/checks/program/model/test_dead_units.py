"""Rectifiers that are at rest on every example."""

import pytest
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.model.dead_units import DeadUnits
from kilter.values.finding import Severity, Skipped


def _with_bias(parts, value):
    model = parts.mlp(12, 32, 32, 3)
    nn.init.constant_(model[2].bias, value)
    return model


class Functional(nn.Module):
    """Rectifiers are functions, in place too; the second layer's weights are all negative."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.out = nn.Linear(12, 32), nn.Linear(32, 32), nn.Linear(32, 3)
        nn.init.uniform_(self.second.weight, -0.5, -0.1)
        nn.init.zeros_(self.second.bias)

    def forward(self, numbers):
        return self.out(self.second(F.relu(self.first(numbers))).clamp(min=0))


def _convolutions(weight):
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU6(), nn.Conv2d(8, 8, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(8 * 36, 2)
    )
    if weight is not None:
        nn.init.normal_(model[2].weight, weight, 0.01)
    return model


@pytest.mark.parametrize("seed", [0, 1])
def test_dead_layers_are_found_however_the_rectifier_is_written(seed, parts, program, findings):
    numbers = (parts.data.numbers, parts.data.classes)
    pictures = (parts.data.pictures, parts.data.sides)
    faulty = [
        program(lambda: _with_bias(parts, -5.0), numbers),
        program(Functional, numbers),
        program(lambda: _convolutions(-1.0), pictures),
    ]
    for one in faulty:
        (finding,) = findings(DeadUnits(), one, seed)
        assert finding.causes[0] == "dead_relu"
        assert finding.evidence["dead"] >= 0.9
        assert finding.severity is Severity.FAILURE  # the outputs answer to nothing any more


def test_a_layer_of_which_a_part_is_dead_is_a_warning_from_a_share_on(parts, program, findings):
    given = (parts.data.numbers, parts.data.classes)

    def made(share):
        def model():
            network = parts.mlp(12, 40, 3)
            network[0].bias.data[: int(40 * share)] = -20.0
            return network

        return program(model, given)

    (finding,) = findings(DeadUnits(), made(0.95))
    assert finding.severity is Severity.WARNING
    assert findings(DeadUnits(), made(0.5)) == []


def test_ordinary_rectifiers_are_silent(parts, program, said):
    numbers = (parts.data.numbers, parts.data.classes)
    pictures = (parts.data.pictures, parts.data.sides)
    healthy = [
        program(lambda: parts.mlp(12, 32, 32, 3), numbers),
        program(lambda: parts.mlp(12, *[32] * 10, 3), numbers),
        program(lambda: _convolutions(None), pictures),
        program(
            lambda: nn.Sequential(parts.mlp(12, 8, 1), nn.ReLU()),
            (parts.data.numbers, parts.data.values),
            loss=nn.MSELoss,
            task="regression",
        ),
    ]
    for one in healthy:
        assert said(DeadUnits(), one) == []
    (none,) = said(DeadUnits(), program(lambda: parts.mlp(12, 8, 3, act=nn.GELU), numbers))
    assert isinstance(none, Skipped)
