"""What is listened to is what a step calls, however it calls it."""

import functools

import pytest
import torch
from torch import nn

from kilter.engine.listening import Notes, graph_leaves, hearing_loss, listening, named_parameters, settings
from kilter.engine.programs import Made


def made(model, *optimizers, loss_fn=None):
    return Made(model=model, optimizer=list(optimizers), loss_fn=loss_fn, train=[], valid=None)


class Halves(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(2, 2), nn.Sequential(nn.Dropout(0.1), nn.Linear(2, 1))

    def forward(self, x):
        return self.right(self.left(x))


def loss_of(outputs, targets, weight=1.0):
    return weight * (outputs - targets).pow(2).mean()


class Measure:
    """A loss that is an object with a setting."""

    scale = 2.0

    def __call__(self, outputs, targets):
        return self.scale * loss_of(outputs, targets)


@pytest.mark.parametrize(
    "loss_fn", [nn.MSELoss(), loss_of, functools.partial(loss_of, weight=2.0), Measure(), lambda a, b: (a - b).sum()]
)
def test_every_kind_of_loss_function_is_heard_once(loss_fn):
    heard = []
    outputs, targets = torch.ones(3, requires_grad=True), torch.zeros(3)
    with hearing_loss(loss_fn, heard.append) as stand_in:
        result = stand_in(outputs, targets)
    loss_fn(outputs, targets)

    (call,) = heard
    assert torch.equal(call.result, result.detach())
    assert not call.arguments[0].requires_grad


def test_several_loss_functions_are_heard_in_their_containers():
    heard = []
    with hearing_loss({"a": nn.MSELoss(), "b": [loss_of, None]}, heard.append) as stand_in:
        stand_in["a"](torch.ones(2), torch.ones(2))
        stand_in["b"][0](torch.ones(2), targets=torch.ones(2))
        assert stand_in["b"][1] is None

    assert len(heard) == 2
    assert set(heard[1].keywords) == {"targets"}


def test_what_stands_in_is_the_function_in_all_else():
    with hearing_loss(Measure(), lambda _: None) as stand_in:
        assert stand_in.scale == 2.0


def test_only_outermost_calls_are_noted_with_modes_and_names():
    model = Halves()
    model.right.eval()
    notes = Notes()
    with listening(made(model), named_parameters(made(model)), lambda: notes):
        model(torch.ones(1, 2))
        with torch.no_grad():
            model.left(torch.ones(1, 2))

    whole, part = notes.calls
    assert (whole.name, whole.training, whole.gradients) == ("", True, True)
    assert whole.evaluating == ("right", "right.0", "right.1")
    assert (part.name, part.gradients) == ("left", False)
    assert notes.order == ["call", "call"]


def test_a_forward_that_raises_leaves_the_next_one_outermost():
    model = Halves()
    notes = Notes()
    with listening(made(model), named_parameters(made(model)), lambda: notes):
        with pytest.raises(RuntimeError):
            model(torch.ones(1, 5))
        model(torch.ones(1, 2))

    assert notes.calls[-1].name == ""
    assert notes.calls[-1].result.shape == (1, 1)


def test_parameters_that_are_not_the_models_get_a_name_of_their_own():
    model, stranger = nn.Linear(1, 1), nn.Parameter(torch.zeros(2))
    optimizer = torch.optim.SGD([{"params": model.weight, "lr": torch.tensor(0.5)}, {"params": [stranger]}], 0.1)
    parameters = named_parameters(made(model, optimizer))

    assert list(parameters) == ["weight", "bias", "optimizer[0].1"]
    first, second = settings(optimizer, parameters)
    assert (first["names"], first["lr"]) == (("weight",), 0.5)
    assert second["names"] == ("optimizer[0].1",)


def test_leaves_of_a_graph_are_those_that_ask_for_a_gradient():
    asked, other = torch.ones(2, requires_grad=True), torch.ones(2)
    found = graph_leaves(((asked * other).exp().sum(),))

    assert len(found) == 1
    assert found[0] is asked
    assert graph_leaves((torch.ones(()),)) == []
    assert graph_leaves((torch.ones((), requires_grad=True),))[0].is_leaf


def test_a_backward_by_a_gradient_of_its_own_is_told():
    model = nn.Linear(2, 3)
    notes = Notes()
    with listening(made(model), dict(model.named_parameters()), lambda: notes):
        torch.autograd.backward([model(torch.ones(1, 2))], [torch.full((1, 3), 2.0)])

    (backward,) = notes.backwards
    assert torch.equal(backward.fresh["bias"], torch.full((3,), 2.0))
    assert torch.equal(model.bias.grad, torch.full((3,), 2.0))


def test_a_parameter_held_twice_is_one_value_of_an_update():
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD([{"params": [model.weight]}, {"params": [model.bias]}], 0.1)
    optimizer.param_groups[1]["params"].append(model.weight)
    notes = Notes()
    with listening(made(model, optimizer), named_parameters(made(model, optimizer)), lambda: notes):
        model(torch.ones(1, 1)).sum().backward()
        optimizer.step()

    (update,) = notes.updates
    assert set(update.gradients) == {"weight", "bias"}
    assert [group["names"] for group in update.groups] == [("weight",), ("bias", "weight")]
