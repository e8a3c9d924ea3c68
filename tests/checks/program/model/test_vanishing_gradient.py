"""Gradients that die away with depth."""

import pytest
import torch
from torch import nn

from kilter.checks.program.model.vanishing_gradient import VanishingGradient
from kilter.values.finding import Severity, Skipped


def _plain(model):
    return torch.optim.SGD(model.parameters(), lr=0.1)


def _small(parts, act, depth, size):
    model = parts.mlp(12, *[32] * depth, 3, act=act)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0, size)
    return model


@pytest.mark.parametrize("seed", [0, 1])
def test_many_sigmoids_and_small_weights_are_found(seed, parts, program, findings):
    given = (parts.data.numbers, parts.data.classes)
    faulty = [
        program(lambda: parts.mlp(12, *[32] * 7, 3, act=nn.Sigmoid), given, optimizer=_plain),
        program(lambda: parts.mlp(12, *[32] * 12, 3, act=nn.Sigmoid), given),  # Adam moves what is deaf all the same
        program(lambda: _small(parts, nn.Tanh, 12, 0.05), given, optimizer=_plain),
        program(lambda: _small(parts, nn.ReLU, 8, 0.01), given, optimizer=_plain),
    ]
    said = [findings(VanishingGradient(), one, seed) for one in faulty]
    assert [[finding.causes[0] for finding in found] for found in said] == [["vanishing_gradient"]] * 4
    assert said[0][0].severity is Severity.WARNING
    assert said[1][0].severity is Severity.FAILURE
    assert said[0][0].evidence["share"] < 1e-4


def test_deep_healthy_networks_are_silent(parts, program, findings, said):
    given = (parts.data.numbers, parts.data.classes)

    def orthogonal():
        model = parts.mlp(12, *[32] * 12, 3, act=nn.Tanh)
        for layer in model:
            if isinstance(layer, nn.Linear):
                nn.init.orthogonal_(layer.weight, 1.1)
        return model

    healthy = [
        program(lambda: parts.mlp(12, *[32] * 12, 3), given),
        program(lambda: parts.mlp(12, *[32] * 12, 3, norm=nn.BatchNorm1d), given, optimizer=_plain),
        program(orthogonal, given, optimizer=_plain),
        program(lambda: parts.mlp(12, 32, 32, 32, 3, act=nn.Sigmoid), given),
        program(lambda: parts.Residual(0.0), given),
        program(lambda: parts.Residual(1e-5), given),
        program(parts.Transformer, (parts.data.padded, parts.data.verdicts)),
    ]
    assert [findings(VanishingGradient(), one) for one in healthy] == [[]] * len(healthy)
    (shallow,) = said(VanishingGradient(), program(lambda: parts.mlp(12, 8, 3), given))
    assert isinstance(shallow, Skipped)
