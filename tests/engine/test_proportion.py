"""Steps that grow with gradients are told from those that do not."""

import pytest
import torch

from kilter.engine import light_optimizers
from kilter.engine.proportion import proportional


def made(kind, **settings):
    return kind([torch.nn.Parameter(torch.randn(3, 3))], **settings)


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        (torch.optim.SGD, {"lr": 0.1}, True),
        (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, True),
        (torch.optim.ASGD, {}, True),
        (light_optimizers.SGD, {"lr": 0.1}, True),
        (torch.optim.Adam, {}, False),
        (torch.optim.AdamW, {"weight_decay": 0.5}, False),
        (light_optimizers.AdamW, {}, False),
        (light_optimizers.ScheduleFreeAdamW, {}, False),
        (torch.optim.RMSprop, {}, False),
        (torch.optim.Adagrad, {}, False),
        (torch.optim.Rprop, {}, False),
        (torch.optim.NAdam, {}, False),
        (torch.optim.Adafactor, {}, False),
        (torch.optim.Muon, {}, False),
    ],
)
def test_optimizers_are_told_by_what_they_do(kind, settings, expected):
    assert proportional(made(kind, **settings)) is expected


@pytest.mark.parametrize("kind", [torch.optim.LBFGS, torch.optim.SparseAdam])
def test_what_takes_other_than_gradients_cannot_be_told(kind):
    assert proportional(made(kind)) is None


class Still(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {})

    def step(self, closure=None):
        return None


def test_a_step_that_moves_nothing_says_nothing():
    assert proportional(Still([torch.nn.Parameter(torch.ones(2))])) is None


def test_the_optimizer_stays_as_it_is():
    optimizer = made(torch.optim.Adam)
    before = optimizer.param_groups[0]["params"][0].detach().clone()
    proportional(optimizer)
    assert not optimizer.state
    assert torch.equal(optimizer.param_groups[0]["params"][0], before)
