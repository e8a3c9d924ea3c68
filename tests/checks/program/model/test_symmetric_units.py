"""Units that are copies of one another for good."""

import pytest
import torch
from torch import nn

from kilter.checks.program.model.symmetric_units import SymmetricUnits
from kilter.values.finding import Severity, Skipped


def _filled(model, value, *, but=()):
    for name, parameter in model.named_parameters():
        if not name.startswith(but) or not but:
            nn.init.constant_(parameter, value)
    return model


def _pictures():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 2),
    )


def _words(parts):
    model = parts.Words(lambda width: nn.LSTM(width, width, batch_first=True), pool=lambda hidden, _: hidden[:, -1])
    return _filled(model, 0.1, but=("embedding", "out"))


class Adapted(nn.Module):
    """A frozen network with a low-rank branch that begins at zero."""

    def __init__(self, network):
        super().__init__()
        self.network = network.requires_grad_(requires_grad=False)
        self.down, self.up = nn.Linear(12, 4, bias=False), nn.Linear(4, 3, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, numbers):
        return self.network(numbers) + self.up(self.down(numbers))


@pytest.mark.parametrize("seed", [0, 1])
def test_constant_weights_are_found_in_layers_of_all_kinds(seed, parts, program, findings):
    numbers = (parts.data.numbers, parts.data.classes)
    faulty = [
        program(lambda: _filled(parts.mlp(12, 32, 32, 3), 0.1), numbers),
        program(lambda: _filled(_pictures(), 0.1), (parts.data.pictures, parts.data.sides)),
    ]
    for one in faulty:
        (finding,) = findings(SymmetricUnits(), one, seed)
        assert finding.causes == ("constant_init",)
        assert finding.severity is Severity.WARNING
    (nothing,) = findings(SymmetricUnits(), program(lambda: _filled(parts.mlp(12, 32, 32, 3), 0.0), numbers), seed)
    assert nothing.severity is Severity.FAILURE


def test_gates_of_a_recurrent_layer_differ_and_its_units_do_not(parts, program, findings):
    def model():
        network = _words(parts)
        nn.init.constant_(network.out.weight, 0.1)
        return network

    (finding,) = findings(SymmetricUnits(), program(model, (parts.data.text, parts.data.verdicts)))
    assert finding.where[0].startswith("over.weight")


def test_what_goes_apart_is_silent(parts, program, said):
    numbers = (parts.data.numbers, parts.data.classes)

    def zero_head():
        model = parts.mlp(12, 32, 32, 3)
        nn.init.zeros_(model[-1].weight)
        return model

    def unused_rows():
        model = parts.Transformer()
        nn.init.zeros_(model.places)
        return model

    healthy = [
        program(lambda: parts.mlp(12, 32, 3), numbers),
        program(zero_head, numbers),
        program(lambda: nn.Linear(12, 5), (parts.data.numbers, parts.data.classes + 1)),
        program(lambda: parts.Residual(0.0), numbers),
        program(lambda: Adapted(parts.mlp(12, 16, 3)), numbers),
        program(unused_rows, (parts.data.padded, parts.data.verdicts)),
    ]
    assert [said(SymmetricUnits(), one) for one in healthy] == [[]] * len(healthy)


def test_without_updates_nothing_is_said(parts, program, said):
    def step(model, optimizer, loss_fn, batch):
        return loss_fn(model(batch[0]), batch[1])

    given = (parts.data.numbers, parts.data.classes)
    (skipped,) = said(SymmetricUnits(), program(lambda: _filled(parts.mlp(12, 8, 3), 0.1), given, step=step))
    assert isinstance(skipped, Skipped)


def test_a_zero_linear_layer_alone_learns_and_is_silent(parts, program, said):
    given = (parts.data.numbers, parts.data.classes)

    def model():
        return _filled(nn.Linear(12, 3), 0.0)

    assert (
        said(SymmetricUnits(), program(model, given, optimizer=lambda m: torch.optim.SGD(m.parameters(), lr=0.1))) == []
    )
