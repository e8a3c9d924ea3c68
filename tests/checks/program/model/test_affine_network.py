"""Stacked layers that make one linear layer."""

import pytest
from torch import nn

from kilter.checks.program.model.affine_network import AffineNetwork
from kilter.values.finding import Finding, Severity, Skipped


@pytest.mark.parametrize("seed", [0, 1])
def test_missing_functions_are_found_through_normalisation_convolution_and_softmax(seed, parts, program, findings):
    numbers = (parts.data.numbers, parts.data.classes)
    faulty = [
        program(lambda: nn.Sequential(nn.Linear(12, 32), nn.Linear(32, 32), nn.Linear(32, 3)), numbers),
        program(lambda: nn.Sequential(nn.Linear(12, 64), nn.Linear(64, 3)), numbers),
        program(
            lambda: nn.Sequential(
                nn.Linear(12, 64),
                nn.BatchNorm1d(64),
                nn.Dropout(0.2),
                nn.Linear(64, 32),
                nn.Linear(32, 3),
                nn.LogSoftmax(-1),
            ),
            numbers,
            loss=nn.NLLLoss,
        ),
        program(
            lambda: nn.Sequential(
                nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(256, 2)
            ),
            (parts.data.pictures, parts.data.sides),
        ),
    ]
    for one in faulty:
        (finding,) = findings(AffineNetwork(), one, seed)
        assert finding.causes == ("missing_activation",)
        assert finding.evidence["bend"] < 1e-4


def test_what_bends_anywhere_is_silent(parts, program, said):
    numbers = (parts.data.numbers, parts.data.classes)
    for model in (
        lambda: parts.mlp(12, 32, 32, 3),
        lambda: nn.Sequential(nn.Linear(12, 32), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 3)),
        lambda: parts.Residual(0.0),
    ):
        assert said(AffineNetwork(), program(model, numbers)) == []


def test_bottlenecks_are_meant_and_one_narrow_layer_is_a_note(parts, program, said):
    numbers = (parts.data.numbers, parts.data.classes)
    both = (parts.data.numbers, parts.data.numbers)
    low = program(lambda: nn.Sequential(nn.Linear(12, 2, bias=False), nn.Linear(2, 3)), numbers)
    code = program(lambda: nn.Sequential(nn.Linear(12, 4), nn.Linear(4, 12)), both, loss=nn.MSELoss, task="regression")
    assert [said(AffineNetwork(), one) for one in (low, code)] == [[], []]
    (finding,) = said(AffineNetwork(), program(lambda: nn.Sequential(nn.Linear(12, 8), nn.Linear(8, 3)), numbers))
    assert isinstance(finding, Finding)
    assert finding.severity is Severity.NOTE


def test_one_layer_and_tokens_are_skipped(parts, program, said):
    (one,) = said(AffineNetwork(), program(lambda: nn.Linear(12, 3), (parts.data.numbers, parts.data.classes)))
    assert isinstance(one, Skipped)
    words = program(parts.Transformer, (parts.data.padded, parts.data.verdicts))
    (tokens,) = said(AffineNetwork(), words)
    assert isinstance(tokens, Skipped)


def test_a_part_that_the_step_calls_by_itself_is_not_the_network(parts, program, said):
    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_fn(model[1](model[0](batch[0]).relu()), batch[1])
        loss.backward()
        optimizer.step()

    given = (parts.data.numbers, parts.data.classes)
    (skipped,) = said(
        AffineNetwork(), program(lambda: nn.Sequential(nn.Linear(12, 32), nn.Linear(32, 3)), given, step=step)
    )
    assert isinstance(skipped, Skipped)
