"""Which parameters move."""

import pytest
import torch
from torch import nn

from kilter.engine.movement import MOVED, NO_GRADIENT, NO_RATE, NOT_ASKED, UNMOVED, Movement


@pytest.fixture
def made():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
    groups = [{"params": model[0].parameters()}, {"params": model[1].parameters()}]
    return model, torch.optim.SGD(groups, lr=0.1)


def step(model, optimizer, inputs=None):
    optimizer.zero_grad()
    model(torch.ones(2, 3) if inputs is None else inputs).sum().backward()
    optimizer.step()


def test_what_changed_is_told_once(made):
    model, optimizer = made
    movement = Movement(model)
    step(model, optimizer)
    assert movement.look([optimizer]) == {}  # there is nothing to compare with
    step(model, optimizer)
    assert set(movement.look([optimizer]).values()) == {MOVED}
    step(model, optimizer)
    assert movement.look([optimizer]) == {}


def test_one_number_in_ten_thousand_is_enough():
    model = nn.Linear(100, 100, bias=False)
    movement = Movement(model)
    movement.look([])
    model.weight.grad = torch.ones(100, 100)
    with torch.no_grad():
        model.weight[3, 4] *= 1 + 1e-6
    assert movement.look([]) == {"weight": MOVED}
    assert movement.look([]) == {"weight": UNMOVED}


@pytest.mark.parametrize("why", [NOT_ASKED, NO_RATE, NO_GRADIENT])
def test_why_something_rests(made, why):
    model, optimizer = made
    movement = Movement(model)
    for _ in range(2):
        step(model, optimizer)
        movement.look([optimizer])
    if why == NOT_ASKED:
        model[0].requires_grad_(requires_grad=False)
    elif why == NO_RATE:
        optimizer.param_groups[0]["lr"] = 0.0
    inputs = torch.zeros(2, 3) if why == NO_GRADIENT else None
    step(model, optimizer, inputs)
    assert movement.look([optimizer])["0.weight"] == why


def test_what_stops_is_doubted_once_and_told_at_the_look_after():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(30, 30), nn.Linear(30, 1))
    both = torch.optim.SGD(model.parameters(), lr=0.1)
    rest = torch.optim.SGD(model[1].parameters(), lr=0.1)
    movement = Movement(model)
    for _ in range(2):
        step(model, both, torch.ones(2, 30))
        movement.look([both])
    step(model, rest, torch.ones(2, 30))
    assert movement.look([rest]) == {}
    assert movement.doubtful
    step(model, rest, torch.ones(2, 30))
    assert movement.look([rest]) == {"0.weight": UNMOVED, "0.bias": UNMOVED}
    assert not movement.doubtful


def test_parameters_that_move_to_another_place_in_memory_have_not_stopped():
    model = nn.Linear(30, 30)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    movement = Movement(model)
    for _ in range(2):
        step(model, optimizer, torch.ones(2, 30))
        movement.look([optimizer])
    model.weight.data = model.weight.data.clone()
    for _ in range(4):
        step(model, optimizer, torch.ones(2, 30))
        assert movement.look([optimizer]) == {}
    assert not movement.doubtful


def test_layers_that_lie_in_memory_by_channels_are_looked_at():
    model = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    movement = Movement(model)
    for _ in range(2):
        step(model, optimizer, torch.ones(2, 3, 5, 5))
        told = movement.look([optimizer])
    assert told == {"weight": MOVED, "bias": MOVED}
    assert not movement.doubtful


def test_norms_of_gradients_that_are_known_are_believed(made):
    model, optimizer = made
    movement = Movement(model)
    for _ in range(2):
        step(model, optimizer)
        told = movement.look([optimizer], {id(model[0].weight): 0.0})
    assert told["0.weight"] == NO_GRADIENT
    assert told["1.weight"] == MOVED


def test_no_gradient_at_all_and_no_parameters():
    model = nn.Linear(2, 2)
    movement = Movement(model)
    movement.look([])
    assert movement.look([]) == {"weight": NO_GRADIENT, "bias": NO_GRADIENT}
    assert Movement(nn.ReLU()).look([]) == {}


def test_double_precision_is_kept():
    model = nn.Linear(2, 2).double()
    movement = Movement(model)
    movement.look([])
    model(torch.ones(1, 2, dtype=torch.float64)).sum().backward()
    with torch.no_grad():
        model.weight += 1e-12
    assert movement.look([]) == {"weight": MOVED, "bias": UNMOVED}
