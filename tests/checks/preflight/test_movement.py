"""Parameters after a step."""

from functools import partial

import torch
from torch import nn

from kilter.checks.preflight.movement import Movement
from kilter.testing.healthy.pipelines import classify, labels, numbers, over_numbers
from kilter.testing.networks import Perceptron
from kilter.testing.planted.networks import Unused
from kilter.testing.planted.pipelines import Idle
from kilter.values.finding import Severity, Skipped


def examined(**options):
    return list(Movement().examine(over_numbers(**options)))


def test_a_step_that_does_nothing_is_a_failure():
    (finding,) = examined(make_optimizer=Idle)
    assert finding.severity is Severity.FAILURE
    assert finding.causes[0] == "no_optimizer_step"
    assert finding.evidence["with a gradient"] == 4


class PartlyIdle(torch.optim.SGD):
    """Forgets its last parameter."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model.parameters(), lr=0.1)

    def step(self, closure=None):
        last = self.param_groups[-1]["params"][-1]
        before = last.detach().clone()
        super().step(closure)
        with torch.no_grad():
            last.copy_(before)


def test_a_parameter_that_is_left_out_is_a_warning_that_names_it():
    (finding,) = examined(make_optimizer=PartlyIdle)
    assert finding.severity is Severity.WARNING
    assert finding.where == ("out.bias",)


def test_a_rate_below_what_numbers_can_tell_apart_is_found():
    (finding,) = examined(optimizer={"name": "sgd", "learning_rate": 1e-12, "momentum": 0.0})
    assert "lr_too_low" in finding.causes


def test_what_others_look_at_is_left_to_them():
    assert examined(make_model=partial(Unused, 6, 3)) == []
    targets = labels()
    broken = classify(partial(Perceptron, 6, 3), {"numbers": numbers(targets) * float("nan")}, targets)
    assert isinstance(next(Movement().examine(broken)), Skipped)
    frozen = over_numbers(
        lambda: Perceptron(6, 3), make_optimizer=lambda _: torch.optim.SGD(Perceptron(6, 3).parameters(), lr=0.1)
    )
    assert isinstance(next(Movement().examine(frozen)), Skipped)
