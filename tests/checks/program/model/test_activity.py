"""What activations do on the first batches."""

import pytest
import torch
from torch import nn

from kilter.checks.program.model.activity import activity


def test_shares_of_open_and_living_units_agree_with_a_plain_computation(parts, program, bench):
    given = (parts.data.numbers, parts.data.classes)
    one = bench(program(lambda: parts.mlp(12, 16, 16, 3), given))
    rectified = activity(one).seen
    assert [(seen.kind, seen.module) for seen in rectified] == [("relu", "1"), ("relu", "3")]
    model = one.made().model
    batches = [step.batch[0] for step in one.recording.steps[:2]]
    hidden = [model[1](model[0](batch)).detach() for batch in batches]
    assert rectified[0].open == pytest.approx(sum(float((part > 0).double().mean()) for part in hidden) / 2)
    assert torch.equal(rectified[0].alive, (torch.cat(hidden) > 0).any(0))
    assert rectified[0].scale == pytest.approx(max(float(part.pow(2).mean().sqrt()) for part in hidden), rel=1e-5)


def test_the_models_own_output_is_told_apart(parts, program, bench):
    given = (parts.data.numbers, (parts.data.classes > 0).float())
    model = lambda: nn.Sequential(parts.mlp(12, 8, 1, act=nn.Tanh), nn.Sigmoid(), nn.Flatten(0))  # noqa: E731
    seen = activity(bench(program(model, given, loss=nn.BCELoss))).seen
    assert [(one.kind, one.output) for one in seen] == [("tanh", False), ("sigmoid", True)]


def test_ends_of_bounded_functions_are_closed(parts, program, bench):
    class Ends(nn.Module):
        def __init__(self):
            super().__init__()
            self.out = nn.Linear(12, 3)

        def forward(self, numbers):
            return self.out(torch.tanh(100 * numbers + 50))

    (seen,) = activity(bench(program(Ends, (parts.data.numbers, parts.data.classes)))).seen
    assert seen.open < 0.05
    assert float(seen.closed.double().mean()) < 1


def test_parts_and_how_often_weights_are_applied(parts, program, bench):
    def model():
        return parts.Words(lambda width: nn.RNN(width, width, batch_first=True), pool=lambda hidden, _: hidden[:, -1])

    watched = activity(bench(program(model, (parts.data.text, parts.data.verdicts))))
    assert watched.called == ("", "embedding", "over", "out")
    assert watched.applied["over.weight_hh_l0"] == 14
    assert watched.applied["out.weight"] == 1
