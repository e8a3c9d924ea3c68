"""Thresholds at which validation says yes."""

import pytest
import torch
from torch import nn

from kilter.checks.program.batches.threshold import Threshold


def _above(threshold):
    def validate(model, loss_fn, loader):
        model.eval()
        with torch.no_grad():
            hits = [((model(x).squeeze(-1) > threshold) == (y > 0.5)).float() for x, y in loader]
        return 0.0, float(torch.cat(hits).mean())

    return validate


@pytest.mark.parametrize("threshold", [0.5, 4.0, -4.0])
def test_logits_that_are_compared_with_something_else(make, alarms, sets, parts, threshold):
    bench = make(sets["cancer"](), lambda: parts["mlp"](30, 1), loss_fn=parts["Half"](), validate=_above(threshold))
    assert alarms(Threshold(), bench) == ["threshold_wrong"]


class Share(nn.Module):
    """Binary cross-entropy of a probability."""

    def forward(self, outputs, targets):
        return nn.functional.binary_cross_entropy(outputs.squeeze(-1), targets.float())


@pytest.mark.parametrize(
    ("threshold", "expected"), [(0.0, ["threshold_wrong"]), (0.5, []), (0.97, ["threshold_wrong"])]
)
def test_probabilities(make, alarms, sets, threshold, expected):
    def model():
        return nn.Sequential(nn.Linear(30, 1), nn.Sigmoid())

    bench = make(sets["cancer"](), model, loss_fn=Share(), validate=_above(threshold))
    assert alarms(Threshold(), bench) == expected


def test_silent_at_indifference_and_a_note_on_a_chosen_one(make, look, sets, parts):
    def bench(threshold):
        return make(sets["cancer"](), lambda: parts["mlp"](30, 1), loss_fn=parts["Half"](), validate=_above(threshold))

    assert look(Threshold(), bench(0.0)) == ([], [])
    alarms, notes = look(Threshold(), bench(-0.9))
    assert not alarms
    assert len(notes) == 1
    assert look(Threshold(), make(sets["digits"]())) == ([], [])
