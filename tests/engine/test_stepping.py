import copy
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from kilter.engine.optimizers import make_optimizer
from kilter.engine.seeding import fresh_model
from kilter.engine.stepping import gradient_norm, loss_and_gradients, loss_of, step

from .conftest import source


def gradients_after(pipeline, model, window, **options):
    model = copy.deepcopy(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    result = step(pipeline, model, optimizer, window, learning_rate=0.1, clip_norm=None, **options)
    return result, [parameter.grad for parameter in model.parameters()], model


@pytest.mark.parametrize("size", [1, 2, 4, 8])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_window_gives_the_gradient_of_the_whole_whatever_its_parts(make_pipeline, size, weighted):
    pipeline = make_pipeline()
    weights = [0.5, 2.0, 1.0, 0.0, 3.0, 1.0, 1.0, 0.25] if weighted else None
    rows = source(8, weights=weights)
    model = fresh_model(pipeline, 0)
    whole, expected, _ = gradients_after(pipeline, model, [rows.plain(range(8))])
    window = [rows.plain(range(at, at + size)) for at in range(0, 8, size)]
    parts, got, _ = gradients_after(pipeline, model, window)
    assert parts.loss == pytest.approx(whole.loss, rel=1e-5)
    assert parts.gradient_norm == pytest.approx(whole.gradient_norm, rel=1e-5)
    for ours, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_last_partial_window_weighs_by_its_rows(make_pipeline):
    pipeline = make_pipeline()
    rows, model = source(8), fresh_model(pipeline, 0)
    _, expected, _ = gradients_after(pipeline, model, [rows.plain(range(5))])
    _, got, _ = gradients_after(pipeline, model, [rows.plain([0, 1, 2]), rows.plain([3, 4])])
    for ours, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_step_against_plain_torch(make_pipeline):
    pipeline = make_pipeline()
    batch, model = source(16).plain(range(16)), fresh_model(pipeline, 0)
    twin = copy.deepcopy(model)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.1)
    loss = nn.functional.cross_entropy(twin(batch.inputs["numbers"]), batch.target)
    torch.autograd.backward(loss)
    norm = nn.utils.clip_grad_norm_(twin.parameters(), 0.5)
    optimizer.step()

    ours = torch.optim.SGD(model.parameters(), lr=123.0)
    result = step(pipeline, model, ours, [batch], learning_rate=0.1, clip_norm=0.5)
    assert result.loss == pytest.approx(loss.item())
    assert result.gradient_norm == pytest.approx(norm.item())
    for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6)


def test_gradients_of_an_earlier_step_are_gone(make_pipeline):
    pipeline = make_pipeline()
    batch, model = source(16).plain(range(16)), fresh_model(pipeline, 0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    first = step(pipeline, model, optimizer, [batch], learning_rate=0.0, clip_norm=None)
    second = step(pipeline, model, optimizer, [batch], learning_rate=0.0, clip_norm=None)
    assert first == second


def test_numbers_that_are_none_change_nothing(make_pipeline):
    pipeline = make_pipeline()
    rows = source(8)
    batch = rows.plain(range(8))
    batch.inputs["numbers"][0, 0] = float("nan")
    model = fresh_model(pipeline, 0)
    before = copy.deepcopy(model.state_dict())
    result, _, after = gradients_after(pipeline, model, [batch])
    assert math.isnan(result.loss)
    assert all(torch.equal(tensor, before[name]) for name, tensor in after.state_dict().items())


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20))
def test_a_norm_against_its_formula(values):
    tensors = [torch.tensor(value, dtype=torch.float64).reshape(1) for value in values]
    assert gradient_norm(tensors) == pytest.approx(sum(value**2 for value in values) ** 0.5)
    assert gradient_norm([]) == 0.0


def test_probing_gradients_leaves_the_model_alone(make_pipeline):
    pipeline = make_pipeline()
    batch, model = source(16).plain(range(16)), fresh_model(pipeline, 0)
    model.out.bias.requires_grad_(False)
    loss, gradients = loss_and_gradients(pipeline, model, batch)
    assert loss == pytest.approx(loss_of(pipeline, model, batch).item())
    assert set(gradients) == {"hidden.weight", "hidden.bias", "out.weight"}
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_rate_reaches_every_group(make_pipeline):
    pipeline = make_pipeline()
    model = fresh_model(pipeline, 0)
    optimizer = make_optimizer(pipeline, model)
    step(pipeline, model, optimizer, [source(8).plain(range(8))], learning_rate=0.0125, clip_norm=1.0)
    assert {group["lr"] for group in optimizer.param_groups} == {0.0125}
