"""A recording tells what happened, and changes nothing of what would have happened."""

from itertools import count

import pytest
import torch
from torch import nn

from kilter.engine.programs import batches, make, train_step
from kilter.engine.recording import LONGEST, STEPS, optimizer_groups, record, state
from kilter.engine.seeding import random_state
from kilter.values.program import Program


def test_the_weights_come_out_as_without_looking(make_program):
    recording = record(made_program := make_program(), make(made_program))
    assert recording.error is None
    assert len(recording.steps) == STEPS

    alone = make_program()
    made = make(alone)
    for _, batch in batches(alone, made, STEPS):
        train_step(alone, made, batch)

    expected = state(made.model)
    assert recording.after.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(recording.after[name], tensor), name


def test_the_random_states_go_on_as_without_looking(make_program):
    record(made_program := make_program(), make(made_program))
    seen = random_state()
    alone = make_program()
    made = make(alone)
    for _, batch in batches(alone, made, STEPS):
        train_step(alone, made, batch)

    assert torch.equal(seen.torch, random_state().torch)


def test_each_update_leads_from_the_weights_before_to_those_after(make_program):
    program = make_program()
    recording = record(program, make(program))
    updates = recording.updates

    assert updates
    for update in updates:
        assert any(not torch.equal(update.before[name], update.after[name]) for name in update.before)
    for step, following in zip(recording.steps, recording.steps[1:], strict=False):
        for update in step.updates[-1:]:
            for name in update.after:
                assert torch.equal(update.after[name], following.before[name])


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "dropout",
        "batch norm",
        "checkpointed",
        "checkpointed by re-entering",
        "scheduled",
        "changing its batch",
    ],
)
def test_a_fresh_gradient_is_what_the_optimizer_meets(program_called, name):
    program = program_called(name)
    for step in record(program, make(program)).steps:
        assert step.order == ("call", "loss", "backward", "update")
        for parameter, gradient in step.updates[0].gradients.items():
            assert torch.equal(gradient, step.backwards[0].fresh[parameter])


def test_a_step_is_told_in_its_order(program_called):
    program = program_called("plain")
    step = record(program, make(program)).steps[0]

    assert step.order == ("call", "loss", "backward", "update")
    (call,), (loss,), (backward,) = step.calls, step.losses, step.backwards
    assert call.training
    assert call.gradients
    assert torch.equal(call.arguments[0], step.batch[0])
    assert torch.equal(loss.arguments[0], call.result)
    assert torch.equal(loss.arguments[1], step.batch[1])
    assert float(backward.loss) == step.returned
    assert backward.differentiable
    assert backward.strangers == ()


def test_gradients_that_accumulate_are_seen_before_and_fresh(program_called):
    program = program_called("accumulation")
    first, second, third = record(program, make(program)).steps[:3]

    assert not first.updates
    assert len(third.updates) == 1
    assert all(gradient is None for gradient in first.backwards[0].before.values())
    for name, gradient in second.backwards[0].before.items():
        assert torch.equal(gradient, first.backwards[0].fresh[name])


def test_updates_are_waited_for_where_gradients_accumulate():
    counted = count()

    def step(model, optimizer, loss_fn, batch):
        loss = model(batch).mean()
        loss.backward()
        if next(counted) % 20 == 19:
            optimizer.step()
            optimizer.zero_grad()
        return loss

    def make_it(seed):
        model = nn.Linear(2, 1)
        return model, torch.optim.SGD(model.parameters(), 0.1), None, [torch.ones(3, 2)] * 7, None

    program = Program(make=make_it, step=step)
    recording = record(program, make(program))

    assert len(recording.updates) == 2
    assert len(recording.steps) == 40 < LONGEST


def test_what_a_person_pops_from_a_batch_is_still_recorded(program_called):
    program = program_called("sparse, answers as mappings")
    step = record(program, make(program)).steps[0]

    assert set(step.batch) == {"input_ids", "labels", "names"}
    assert torch.equal(step.calls[0].keywords["labels"], step.batch["labels"])
    assert torch.equal(step.calls[0].result["loss"], step.calls[0].result.loss)
    assert len(step.updates) == 2
    assert {update.optimizer for update in step.updates} == {0, 1}
    assert not step.updates[0].gradients["words.weight"].is_sparse


def test_what_a_person_writes_into_a_batch_is_recorded_as_it_came(program_called):
    program = program_called("changing its batch")
    made = make(program)
    given = [numbers for numbers, _ in make(program).train]
    step = record(program, made).steps[0]

    assert torch.equal(step.batch[0], given[0])
    assert not torch.equal(step.calls[0].arguments[0], given[0])


def test_gradients_asked_for_some_are_fresh_for_those_alone(program_called):
    program = program_called("two optimizers")
    first, second = record(program, make(program)).steps[0].backwards

    assert set(first.fresh) == {"0.weight", "0.bias"}
    assert set(second.fresh) == {"2.weight", "2.bias"}


def test_an_error_of_the_persons_code_ends_the_recording():
    def step(model, optimizer, loss_fn, batch):
        loss = model(batch).mean()
        if float(batch[0, 0]) == 2:
            message = "the third is bad"
            raise ValueError(message)
        loss.backward()
        optimizer.step()
        return loss

    def make_it(seed):
        model = nn.Linear(2, 1)
        return (
            model,
            torch.optim.SGD(model.parameters(), 0.1),
            None,
            [torch.full((3, 2), float(i)) for i in range(5)],
            0,
        )

    program = Program(make=make_it, step=step)
    recording = record(program, make(program))

    assert isinstance(recording.error, ValueError)
    assert len(recording.steps) == 2
    assert torch.autograd.backward.__module__ == "torch.autograd"


def test_nothing_stays_hooked(make_program):
    program = make_program()
    made = make(program)
    record(program, made)

    assert all(not module._forward_hooks and not module._forward_pre_hooks for module in made.model.modules())  # noqa: SLF001
    assert all(not own._optimizer_step_pre_hooks and not own._optimizer_step_post_hooks for own in made.optimizers)  # noqa: SLF001
    assert torch.autograd.backward.__module__ == "torch.autograd"


def test_strange_leaves_and_strange_parameters_are_seen():
    outside = nn.Linear(2, 2)

    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = model(outside(batch)).mean()
        loss.backward()
        optimizer.step()
        return loss

    def make_it(seed):
        model = nn.Linear(2, 1)
        held = [*model.parameters(), torch.zeros(3, requires_grad=True)]
        return model, torch.optim.SGD(held, 0.1), None, [torch.ones(3, 2)], None

    program = Program(make=make_it, step=step)
    made = make(program)
    recording = record(program, made)

    assert sorted(recording.steps[0].backwards[0].strangers) == [(2,), (2, 2)]
    assert recording.held == ("weight", "bias", "optimizer[0].2")
    assert recording.shapes["optimizer[0].2"] == (3,)
    assert recording.names == ("weight", "bias")
    assert optimizer_groups(made)[0]["lr"] == pytest.approx(0.1)


def test_a_loss_without_a_graph_is_told_and_raises_as_ever():
    def step(model, optimizer, loss_fn, batch):
        loss = model(batch).mean().detach()
        loss.backward()

    def make_it(seed):
        model = nn.Linear(2, 1)
        return model, torch.optim.SGD(model.parameters(), 0.1), None, [torch.ones(3, 2)], None

    program = Program(make=make_it, step=step)
    recording = record(program, make(program))

    assert isinstance(recording.error, RuntimeError)
    assert "does not require grad" in str(recording.error)
