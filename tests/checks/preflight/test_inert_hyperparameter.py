"""Values of the recipe that decide nothing."""

import pytest
import torch
from torch import nn

from kilter.checks.preflight.inert_hyperparameter import InertHyperparameter
from kilter.testing.healthy.pipelines import over_numbers
from kilter.values.finding import Severity, Skipped


def examined(**options):
    return list(InertHyperparameter().examine(over_numbers(**options)))


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=1e-3)


@pytest.mark.parametrize(
    "sections",
    [
        {"optimizer": {"weight_decay": 0.1, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-6}},
        {"optimizer": {"name": "sgd", "momentum": 0.8, "weight_decay": 1e-3, "nesterov": True}},
        {"optimizer": {"name": "sgd", "momentum": 0.0, "weight_decay": 0.0}},
        {"schedule": {"name": "cosine", "warmup": "2st", "floor": 0.1}},
        {"schedule": {"name": "constant", "warmup": "0st"}},
        {"schedule": {"name": "plateau", "warmup": "2st", "factor": 0.5, "floor": 0.01, "minimum_difference": 0.1}},
        {"schedule": {"name": "cyclical", "period": "4st", "decay": 0.5, "floor": 0.1}},
        {"schedule": {"name": "one_cycle", "start": 0.1, "floor": 0.01}},
        {
            "optimizer": {"name": "schedule_free_adamw", "beta1": 0.8, "beta2": 0.99, "weight_decay": 0.1},
            "schedule": {"name": "constant", "warmup": "4st"},
        },
        {"train": {"clip_norm": 1.0}},
    ],
)
def test_values_that_decide_something_are_left_alone(sections):
    assert examined(**sections) == []


def test_what_nobody_said_is_not_asked_about():
    (skipped,) = examined(optimizer={"learning_rate": 1e-3})
    assert isinstance(skipped, Skipped)


def test_what_an_optimizer_of_ones_own_does_not_read_is_found():
    (finding,) = examined(make_optimizer=adam, optimizer={"weight_decay": 0.3, "beta2": 0.9})
    assert finding.severity is Severity.WARNING
    assert finding.causes == ("inert_hyperparameter",)
    assert finding.where == ("optimizer.beta2", "optimizer.weight_decay")
    assert "weight_decay = 0.3" in finding.seen


def undecayed(numbers=6, outputs=3):
    class Scales(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.LayerNorm(numbers)

        def forward(self, numbers):
            return self.norm(numbers)[:, :outputs]

    return Scales()


def test_a_decay_that_meets_no_parameter_is_found():
    (finding,) = examined(make_model=undecayed, optimizer={"weight_decay": 0.3})
    assert finding.where == ("optimizer.weight_decay",)


def test_a_bound_that_no_gradient_comes_near_is_a_note():
    (finding,) = examined(train={"clip_norm": 1e6})
    assert finding.severity is Severity.NOTE
    assert finding.where == ("train.clip_norm",)
    assert finding.evidence["largest norm"] < 100


def test_a_warm_up_shorter_than_a_step_is_a_note():
    (finding,) = examined(schedule={"name": "constant", "warmup": "0.001%"})
    assert finding.severity is Severity.NOTE
    assert finding.where == ("schedule.warmup",)


def test_a_decay_of_cycles_of_which_there_is_one_is_a_note():
    (finding,) = examined(train={"length": "8st"}, schedule={"name": "cyclical", "period": "8st", "decay": 0.5})
    assert finding.where == ("schedule.decay",)
