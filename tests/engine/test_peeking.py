"""A peek sees what a step had computed, and takes it back."""

import pytest
import torch
from torch import nn

from kilter.engine.peeking import Peek, call_again, float_tensors, gradients_of, output_gradient, peek
from kilter.engine.programs import batches, make, train_step
from kilter.engine.recording import state
from kilter.engine.seeding import random_state
from kilter.values.program import Program


def everything(made):
    """All that a training goes on from."""
    return {
        "weights and buffers": state(made.model),
        "gradients": {name: None if p.grad is None else p.grad.clone() for name, p in made.model.named_parameters()},
        "modes": [module.training for module in made.model.modules()],
        "trainable": [p.requires_grad for p in made.model.parameters()],
        "optimizers": [
            [{key: value for key, value in group.items() if key != "params"} for group in own.param_groups]
            for own in made.optimizers
        ],
        "steps": [own.step for own in made.optimizers],
        "schedules": [schedule.state_dict() for schedule in made.schedulers],
    }


def same(left, right):
    if isinstance(left, torch.Tensor):
        if left.is_sparse:
            left, right = left.to_dense(), right.to_dense()
        return torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def trained(program, count):
    made = make(program)
    for _, batch in batches(program, made, count):
        train_step(program, made, batch)
    return made


@pytest.mark.parametrize("training", [None, True, False])
@pytest.mark.parametrize("seed", [None, 5])
def test_everything_is_taken_back(make_program, training, seed):
    program = make_program()
    made = trained(program, 3)
    batch = next(iter(make(program).train))
    before, random = everything(made), random_state().torch

    seen = peek(program, made, batch, training=training, seed=seed)

    assert seen.loss is not None
    assert torch.equal(random, random_state().torch)
    after = everything(made)
    for part, value in before.items():
        assert same(value, after[part]), part
    assert torch.autograd.backward.__module__ == "torch.autograd"
    assert all(not module._forward_hooks and not module._forward_pre_hooks for module in made.model.modules())  # noqa: SLF001


def test_a_training_goes_on_as_if_nobody_had_peeked(make_program):
    alone = trained(make_program(), 8)

    program = make_program()
    made = make(program)
    for _, batch in batches(program, made, 8):
        peek(program, made, batch, training=False, seed=1)
        peek(program, made, batch)
        train_step(program, made, batch)

    assert same(state(made.model), state(alone.model))


def test_the_same_batch_is_peeked_at_twice(make_program):
    program = make_program()
    made = make(program)
    batch = next(iter(make(program).train))
    first = peek(program, made, batch, seed=0)
    second = peek(program, made, batch, seed=0)

    assert torch.equal(first.loss, second.loss)


def test_what_a_step_does_before_its_backward_is_taken_back():
    def step(model, optimizer, loss_fn, batch):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.data.clamp_(-0.01, 0.01)
        model[1].requires_grad_(False)
        model[0].eval()
        for group in optimizer.param_groups:
            group["lr"] *= 0.5
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    def make_it(seed):
        model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
        batch = torch.randn(6, 3), torch.randint(0, 2, (6,))
        return model, torch.optim.SGD(model.parameters(), 0.1), nn.CrossEntropyLoss(), [batch], None

    program = Program(make=make_it, step=step)
    made = make(program)
    before = everything(made)
    peek(program, made, next(iter(made.train)))

    assert same(before, everything(made))


@pytest.mark.filterwarnings("error")
def test_a_step_that_never_comes_to_a_backward_changes_nothing_either():
    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        optimizer.step()
        optimizer.schedule.step()
        return loss

    def make_it(seed):
        model = nn.Linear(3, 2)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        optimizer.schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
        return model, optimizer, nn.CrossEntropyLoss(), [(torch.randn(6, 3), torch.randint(0, 2, (6,)))], None

    program = Program(make=make_it, step=step)
    made = make(program)
    before = everything(made)
    seen = peek(program, made, next(iter(made.train)))

    assert seen.loss is None
    assert float(seen.returned.detach()) > 0
    assert same(before, everything(made))


def test_an_error_of_the_persons_code_takes_nothing_along():
    def step(model, optimizer, loss_fn, batch):
        model.eval()
        model(batch[0])
        message = "no"
        raise ValueError(message)

    def make_it(seed):
        model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
        return model, torch.optim.SGD(model.parameters(), 0.1), None, [(torch.randn(6, 3), 0)], None

    program = Program(make=make_it, step=step)
    made = make(program)
    before = everything(made)
    with pytest.raises(ValueError, match="no"):
        peek(program, made, next(iter(made.train)))

    assert same(before, everything(made))


def test_it_sees_the_loss_and_the_outputs_with_their_graph(program_called):
    program = program_called("plain")
    made = make(program)
    batch = next(iter(made.train))
    seen = peek(program, made, batch)
    expected = nn.functional.cross_entropy(made.model(batch[0]), batch[1])

    assert seen.calls == 1
    assert len(seen.losses) == 1
    assert torch.equal(seen.outputs, made.model(batch[0]))
    assert torch.equal(seen.loss, expected)
    gradients = gradients_of(seen.loss, made.model)
    expected.backward()
    assert same(gradients, {name: p.grad for name, p in made.model.named_parameters()})
    by_outputs = output_gradient(seen.loss, seen.outputs)
    assert by_outputs.shape == seen.outputs.shape
    assert output_gradient(seen.loss, torch.ones(1, requires_grad=True)) is None


def test_gradients_by_what_normalises_are_there_in_both_modes(program_called):
    program = program_called("batch norm")
    made = make(program)
    batch = next(iter(made.train))

    for training in (True, False):
        seen = peek(program, made, batch, training=training)
        assert all(gradient is not None for gradient in gradients_of(seen.loss, made.model).values())


def test_a_gradient_by_the_inputs_can_be_asked_for(program_called):
    program = program_called("plain")
    made = make(program)
    numbers, classes = next(iter(made.train))
    numbers = numbers.clone().requires_grad_()
    seen = peek(program, made, (numbers, classes))

    assert output_gradient(seen.loss, numbers).shape == numbers.shape


def test_the_tensors_of_numbers_are_in_order():
    answer = {"scores": torch.zeros(2), "best": torch.zeros(2, dtype=torch.long), "more": (torch.ones(1),)}

    assert [len(tensor) for tensor in float_tensors(answer)] == [2, 1]


def test_a_call_is_repeated_with_other_arguments_in_either_mode_and_leaves_all_as_it_was(program_called):
    program = program_called("batch norm")
    made = make(program)
    numbers, classes = next(iter(made.train))
    seen = peek(program, made, (numbers, classes), training=False)
    before, randomness = everything(made), random_state()

    assert seen.module is made.model
    assert torch.equal(call_again(made, seen, seen.arguments, seen.keywords), seen.outputs)
    halves = call_again(made, seen, (numbers[:4],), {})
    assert torch.allclose(halves, seen.outputs[:4], atol=1e-6)
    assert not halves.requires_grad
    assert not torch.equal(call_again(made, seen, (numbers,), {}, training=True), seen.outputs)
    assert same(everything(made), before)
    assert torch.equal(random_state().torch, randomness.torch)


def test_what_was_not_called_cannot_be_called_again(program_called):
    made = make(program_called("plain"))
    nothing = Peek(outputs=None, arguments=(), keywords={}, calls=0, loss=None, losses=())

    with pytest.raises(ValueError, match="no call"):
        call_again(made, nothing, (), {})
