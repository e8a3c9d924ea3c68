import copy

import pytest
import torch
from torch import nn

from kilter.engine.averaging import go_on, judged
from kilter.engine.schedule_free import ScheduleFreeAdamW


def trained(make_optimizer, *, steps=5):
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizer = make_optimizer(model.parameters())
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(6, 4)).square().mean().backward()
        optimizer.step()
    return model, optimizer


def schedule_free(parameters):
    return ScheduleFreeAdamW(parameters, lr=0.05)


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def test_inside_stand_the_averages_and_afterwards_the_very_same_bits():
    model, optimizer = trained(schedule_free)
    before, state = weights(model), copy.deepcopy(optimizer.state_dict())
    expected = {id(parameter): average for parameter, average in optimizer.averages()}
    with judged(optimizer):
        assert all(torch.equal(parameter, expected[id(parameter)]) for parameter in model.parameters())
        assert not same(before, weights(model))
    assert same(before, weights(model))
    after = optimizer.state_dict()
    assert after["param_groups"] == state["param_groups"]
    assert all(same(state["state"][at], after["state"][at]) for at in state["state"])
    assert all(state["state"][at].keys() == after["state"][at].keys() for at in state["state"])


def test_an_error_inside_leaves_the_trained_weights():
    model, optimizer = trained(schedule_free)
    before = weights(model)
    with pytest.raises(ValueError, match="planted"), judged(optimizer):
        raise ValueError("planted")
    assert same(before, weights(model))


def test_one_inside_another_changes_nothing():
    model, optimizer = trained(schedule_free)
    before = weights(model)
    with judged(optimizer):
        average = weights(model)
        with judged(optimizer):
            assert same(average, weights(model))
        assert same(average, weights(model))
    assert same(before, weights(model))


def test_an_optimizer_that_does_not_average_is_left_alone():
    model, optimizer = trained(lambda parameters: torch.optim.AdamW(parameters, lr=0.1))
    before = weights(model)
    with judged(optimizer):
        assert same(before, weights(model))
        assert all("trained" not in state for state in optimizer.state.values())


def test_before_the_first_step_weights_are_judged_as_they_are():
    model, optimizer = trained(schedule_free, steps=0)
    before = weights(model)
    with judged(optimizer):
        assert same(before, weights(model))


def test_what_was_stored_while_judged_goes_on_exactly():
    """The model's weights of a checkpoint are the judged ones, and the trained ones come back from beside them."""
    model, optimizer = trained(schedule_free)
    before = weights(model)
    with judged(optimizer):
        stored, state = weights(model), copy.deepcopy(optimizer.state_dict())
    other, beside = trained(schedule_free, steps=0)
    other.load_state_dict(stored)
    beside.load_state_dict(state)
    assert not same(before, weights(other))
    go_on(beside)
    assert same(before, weights(other))
    for each, by in ((model, optimizer), (other, beside)):
        torch.manual_seed(9)
        by.zero_grad()
        each(torch.randn(6, 4)).square().mean().backward()
        by.step()
    assert same(weights(model), weights(other))


def test_no_step_is_made_from_averages():
    model, optimizer = trained(schedule_free)
    model(torch.randn(6, 4)).square().mean().backward()
    with judged(optimizer), pytest.raises(RuntimeError, match="go_on"):
        optimizer.step()
