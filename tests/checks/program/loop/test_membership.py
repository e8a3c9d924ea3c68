"""What optimizers hold."""

import copy
import warnings

import pytest
import torch
from torch import nn

from kilter.checks.program.loop.membership import Membership
from kilter.values.finding import Severity


def sgd(*parts):
    return lambda model: torch.optim.SGD([p for part in parts for p in model[part].parameters()], lr=0.1)


def of_a_copy(model):
    return torch.optim.Adam(copy.deepcopy(model).parameters())


def new_head(model, _):
    model[2] = nn.Linear(12, 3)


def with_decay_only(model):
    return torch.optim.AdamW([p for p in model.parameters() if p.ndim > 1])


def zero_biases(model, _):
    for layer in (model[0], model[2]):
        nn.init.zeros_(layer.bias)


@pytest.mark.parametrize(
    ("options", "cause", "missing"),
    [
        ({"optimizer": sgd(2)}, "optimizer_missing_group", 2),
        ({"optimizer": of_a_copy}, "optimizer_wrong_params", 4),
        ({"prepare": new_head}, "optimizer_wrong_params", 2),
        ({"optimizer": with_decay_only, "prepare": zero_biases}, "optimizer_missing_group", 2),
    ],
)
def test_what_no_optimizer_holds(alarms, options, cause, missing):
    (finding,) = alarms(Membership(), **options)
    assert finding.severity is Severity.FAILURE
    assert finding.causes[0] == cause
    assert finding.evidence["missing"] == missing


class Late(nn.Module):
    """Makes its head at the first call."""

    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(6, 12), None

    def forward(self, x):
        hidden = torch.relu(self.body(x))
        if self.head is None:
            self.head = nn.Linear(hidden.shape[-1], 3)
        return self.head(hidden)


def test_a_layer_that_is_made_after_the_optimizer(alarms):
    (finding,) = alarms(Membership(), network=Late)
    assert finding.causes[0] == "layer_created_in_forward"
    assert finding.where == ("head.weight", "head.bias")


def twice(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.optim.SGD([*model.parameters(), *model[2].parameters()], lr=0.1)


def two_optimizers(model):
    return [torch.optim.SGD(model.parameters(), lr=0.1), torch.optim.SGD(model[2].parameters(), lr=0.1)]


def step_of_two(model, optimizers, loss_fn, batch):
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
    return loss


def in_turns(model, optimizers, loss_fn, batch):
    for optimizer in optimizers:
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
    return loss


def test_what_is_held_more_than_once(alarms):
    for options in ({"optimizer": twice}, {"optimizer": two_optimizers, "step": step_of_two}):
        (finding,) = alarms(Membership(), **options)
        assert finding.causes == ("optimizer_duplicate_param",)
        assert finding.where == ("2.weight", "2.bias")
    assert alarms(Membership(), optimizer=two_optimizers, step=in_turns) == []


class Weighted(nn.Module):
    """A loss with a weight of its own."""

    def __init__(self):
        super().__init__()
        self.temperature = nn.Parameter(torch.ones(()))

    def forward(self, outputs, target):
        return nn.functional.cross_entropy(outputs * self.temperature, target)


def learnt(model, _):
    model[0].weight.data.copy_(torch.outer(torch.linspace(-1, 1, 12), torch.linspace(0.5, 1, 6)))
    model[0].bias.data.zero_()


def test_what_is_meant_is_left_alone(alarms):
    weighted = Weighted()

    def both(model):
        return torch.optim.SGD([*model.parameters(), *weighted.parameters()], lr=0.1)

    assert alarms(Membership()) == []
    assert alarms(Membership(), optimizer=both, loss_fn=lambda: weighted) == []
    assert alarms(Membership(), optimizer=sgd(2), prepare=learnt) == []
    assert alarms(Membership(), optimizer=sgd(2), pretrained=["0."]) == []
    assert alarms(Membership(), optimizer=lambda model: [sgd(0)(model), sgd(2)(model)], step=step_of_two) == []
