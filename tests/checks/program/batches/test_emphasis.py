"""How much the loss makes of each class."""

import pytest
import torch
from torch import nn

from kilter.checks.program.batches.emphasis import class_emphasis


def _nought():
    layer = nn.Linear(4, 2)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


@pytest.mark.parametrize("weight", [1.0, 7.0])
def test_weights_of_the_loss_are_seen(make, weight):
    x, y = torch.randn(64, 4), torch.arange(64) % 2
    loss_fn = nn.CrossEntropyLoss(weight=torch.tensor([1.0, weight]))
    emphasis = class_emphasis(make((x, y, x, y), _nought, loss_fn=loss_fn))
    assert emphasis[1] / emphasis[0] == pytest.approx(weight, rel=0.05)


def test_nothing_is_said_without_classes(make):
    x, y = torch.randn(64, 4), torch.randn(64, 2)
    about = {"loss_fn": nn.MSELoss(), "task": "regression", "validate": None}
    assert class_emphasis(make((x, y, x, y), _nought, **about)) is None
