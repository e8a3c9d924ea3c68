"""Signals and gradients that grow with depth or time."""

import pytest
import torch
from torch import nn

from kilter.checks.program.model.exploding_gradient import ExplodingGradient
from kilter.values.finding import Finding, Severity


def _large(parts, size):
    model = parts.mlp(12, *[64] * 8, 3)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0, size)
    return model


class Recurrent(nn.Module):
    """Rectified, over a long row of numbers."""

    def __init__(self, draw):
        super().__init__()
        self.rnn, self.out = nn.RNN(1, 32, nonlinearity="relu", batch_first=True), nn.Linear(32, 3)
        draw(self.rnn.weight_hh_l0)

    def forward(self, numbers):
        return self.out(self.rnn(numbers.repeat(1, 3)[..., None])[0][:, -1])


def _clipping(model, optimizer, loss_fn, batch):
    numbers, classes = batch
    optimizer.zero_grad()
    loss = loss_fn(model(numbers), classes)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss


def _plain(model):
    return torch.optim.SGD(model.parameters(), lr=1e-3)


@pytest.mark.parametrize("seed", [0, 1])
def test_growth_with_depth_and_time_is_found(seed, parts, program, findings):
    given = (parts.data.numbers, parts.data.classes)
    deep = program(lambda: _large(parts, 1.0), given, optimizer=_plain)
    long = program(lambda: Recurrent(lambda weight: nn.init.orthogonal_(weight, 1.6)), given, optimizer=_plain)
    for one in (deep, long):
        (finding,) = findings(ExplodingGradient(), one, seed)
        assert finding.causes[0] == "exploding_gradient"
        assert finding.severity is Severity.WARNING


def test_what_is_clipped_is_a_note(parts, program, said):
    given = (parts.data.numbers, parts.data.classes)
    (finding,) = said(ExplodingGradient(), program(lambda: _large(parts, 1.0), given, step=_clipping))
    assert isinstance(finding, Finding)
    assert finding.severity is Severity.NOTE


@pytest.mark.parametrize(
    "draw",
    [
        nn.init.xavier_normal_,
        nn.init.eye_,
        nn.init.orthogonal_,
        nn.init.xavier_uniform_,
        lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
    ],
)
def test_recurrent_weights_that_keep_the_variance_are_silent(draw, parts, program, said):
    given = (parts.data.numbers, parts.data.classes)
    assert said(ExplodingGradient(), program(lambda: Recurrent(draw), given)) == []


def test_deep_healthy_networks_are_silent(parts, program, said):
    given = (parts.data.numbers, parts.data.classes)
    for model in (
        lambda: parts.mlp(12, *[32] * 12, 3),
        lambda: _large(parts, (2 / 64) ** 0.5),
        lambda: parts.mlp(12, *[32] * 12, 3, act=nn.SELU),
        lambda: parts.Residual(1.0, blocks=12),
    ):
        assert said(ExplodingGradient(), program(model, given)) == []
