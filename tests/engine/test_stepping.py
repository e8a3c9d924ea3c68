import copy
import math
import random
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from kilter.engine.optimizers import make_optimizer
from kilter.engine.seeding import fresh_model
from kilter.engine.stepping import clip, gradient_norm, loss_and_gradients, loss_of, step
from kilter.values.task import Loss

from .accumulating import MAKERS, ROWS, agree, batch_of, cut, make, stepped
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


@pytest.mark.parametrize("kind", MAKERS)
@settings(max_examples=12)
@given(
    sizes=st.sampled_from([(8,), (4, 4), (2,) * 4, (1,) * 8, (3, 3, 2), (1, 7)]),
    weights=st.lists(st.sampled_from([0.0, 0.25, 1.0, 3.0]), min_size=ROWS, max_size=ROWS),
    seed=st.integers(0, 1000),
)
def test_windows_of_one_batch_give_one_step_whatever_the_task(kind, sizes, weights, seed):
    pipeline, model = make(kind)
    rows = random.Random(seed).sample(range(len(pipeline.splits["train"])), ROWS)
    whole = stepped(pipeline, model, [batch_of(pipeline, rows, weights)])
    assert whole.said.empty == (not any(weights[row % ROWS] for row in rows))
    ends = [sum(sizes[:at]) for at in range(len(sizes) + 1)]
    parts = [rows[start:end] for start, end in pairwise(ends)]
    agree(stepped(pipeline, model, [batch_of(pipeline, part, weights) for part in parts]), whole)


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


@pytest.mark.parametrize("kind", ["classes", "next words", "tasks of rows apart"])
@pytest.mark.parametrize("parts", [1, 2])
def test_a_window_without_weight_changes_nothing_and_says_so(kind, parts):
    pipeline, model = make(kind)
    batches = [batch_of(pipeline, part, [0.0] * ROWS) for part in cut(list(range(ROWS)), parts, random.Random(1))]
    outcome = stepped(pipeline, model, batches)
    assert outcome.said.empty
    assert outcome.said.gradient_norm == 0.0
    torch.testing.assert_close(outcome.weights, dict(model.state_dict()), rtol=0, atol=0)


def test_a_batch_without_weight_has_no_say_whatever_its_numbers(make_pipeline):
    pipeline = make_pipeline()
    model = fresh_model(pipeline, 0)
    whole, expected, _ = gradients_after(pipeline, model, [source(8).plain(range(4))])
    empty = source(8, weights=[0.0] * 8).plain(range(4, 8))
    empty.inputs["numbers"].fill_(float("nan"))
    parts, got, _ = gradients_after(pipeline, model, [source(8).plain(range(4)), empty])
    assert parts.loss == pytest.approx(whole.loss)
    for ours, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


class Detached:
    """A task whose loss hangs on no parameter."""

    def loss(self, outputs, batch):
        return Loss(outputs.detach().sum(), batch.weight.sum(), None)


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_a_loss_without_gradient_is_an_error_where_there_is_something_to_learn(make_pipeline, parts, weight):
    pipeline = make_pipeline()
    model = fresh_model(pipeline, 0)
    object.__setattr__(pipeline, "task", Detached())
    window = [source(8, weights=[weight] * 8).plain(range(4))] * parts
    if weight:
        with pytest.raises(RuntimeError, match="does not require grad"):
            gradients_after(pipeline, model, window)
    else:
        assert gradients_after(pipeline, model, window)[0].empty


@pytest.mark.parametrize("parts", [1, 2])
def test_statistics_of_a_step_that_is_not_finite_are_put_back(make_pipeline, parts):
    pipeline = make_pipeline()
    model = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 3))
    fine, broken = source(8).plain(range(8)), source(8).plain(range(8))
    broken.inputs["numbers"][0, 0] = float("nan")
    optimizer, buffers = torch.optim.SGD(model.parameters(), lr=0.1), tuple(model.buffers())
    step(pipeline, model, optimizer, [fine], learning_rate=0.1, clip_norm=None, buffers=buffers)
    before = copy.deepcopy(model.state_dict())
    assert before["0.num_batches_tracked"] == 1
    said = step(pipeline, model, optimizer, [broken] * parts, learning_rate=0.1, clip_norm=None, buffers=buffers)
    assert math.isnan(said.loss)
    assert not said.empty
    torch.testing.assert_close(dict(model.state_dict()), dict(before), rtol=0, atol=0)


@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=20),
    st.none() | st.floats(0.1, 50),
    st.none() | st.floats(0.1, 50),
)
def test_clipping_against_the_librarys(values, most, size):
    ours = [torch.tensor([value], dtype=torch.float64) for value in values]
    parameters = [nn.Parameter(tensor.clone()) for tensor in ours]
    for parameter in parameters:
        parameter.grad = parameter.detach().clone()
    norm = gradient_norm(ours)
    clip(ours, norm, clip_norm=most, clip_value=size)
    if size is not None:
        nn.utils.clip_grad_value_(parameters, size)
    if most is not None:
        nn.utils.clip_grad_norm_(parameters, most)
    for mine, parameter in zip(ours, parameters, strict=True):
        torch.testing.assert_close(mine, parameter.grad, rtol=1e-5, atol=1e-9)


def test_values_are_clipped_before_the_step_and_the_norm_is_told_as_it_was(make_pipeline):
    pipeline = make_pipeline()
    model = fresh_model(pipeline, 0)
    batch = source(16).plain(range(16))
    free, gradients, _ = gradients_after(pipeline, model, [batch])
    size = float(max(gradient.abs().max() for gradient in gradients)) / 4
    bound, clipped, _ = gradients_after(pipeline, model, [batch], clip_value=size)
    assert bound == free
    for ours, theirs in zip(clipped, gradients, strict=True):
        torch.testing.assert_close(ours, theirs.clamp(-size, size))
