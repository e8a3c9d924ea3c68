"""A step's gradient and loss are heard, and nothing of it is done."""

import pytest
import torch
from torch import nn

from kilter.engine.programs import make
from kilter.engine.recording import record
from kilter.engine.seeding import seed_everything
from kilter.engine.stopped_step import as_vector, gradient_of_step, loss_of_step, trainable
from kilter.values.errors import UsageError
from kilter.values.program import Program

pytestmark = pytest.mark.filterwarnings("ignore:.*use_reentrant.*:UserWarning")


def first_batch(made):
    return next(iter(made.train))


def test_the_gradient_is_that_of_the_steps_own_backward(make_program):
    program = make_program()
    made = make(program)
    seed_everything(0)
    seen = record(program, made, steps=1).steps[0]
    expected = seen.backwards[0].fresh

    program = make_program()
    again = make(program)
    seed_everything(0)
    batch = first_batch(again)
    heard = gradient_of_step(program, again, batch)

    names = [name for name, parameter in again.model.named_parameters() if parameter.requires_grad]
    gradients = [expected.get(name) for name in names]
    assert torch.allclose(heard, as_vector(again.model, gradients), atol=1e-6)
    assert heard.norm() > 0


def test_nothing_is_updated_and_torch_is_as_before(make_program):
    program = make_program()
    made = make(program)
    before, original = dict(made.model.named_parameters()), torch.autograd.backward
    values = {name: parameter.detach().clone() for name, parameter in before.items()}

    for _ in range(4):  # an accumulating step updates in one of three
        gradient_of_step(program, made, first_batch(made))
        loss_of_step(program, made, first_batch(made))

    assert torch.autograd.backward is original
    assert all(torch.equal(parameter, values[name]) for name, parameter in made.model.named_parameters())
    assert all(parameter.grad is None for parameter in made.model.parameters())


def test_the_batch_stays_whole(program_called):
    program = program_called("sparse, answers as mappings")
    made = make(program)
    batch = first_batch(made)
    loss_of_step(program, made, batch)
    assert set(batch) == {"input_ids", "labels", "names"}


@pytest.mark.parametrize("name", ["plain", "accumulation", "scaled", "closure", "dropout"])
def test_a_loss_is_that_of_the_loss_function_however_a_step_divides_or_scales_it(program_called, name):
    program = program_called(name)
    made = make(program)
    made.model.eval()
    numbers, classes = first_batch(made)
    expected = nn.functional.cross_entropy(made.model(numbers), classes).item()
    tolerance = 0.01 if name == "scaled" else 1e-6  # half precision

    assert loss_of_step(program, made, (numbers, classes)) == pytest.approx(expected, rel=tolerance)


def two_losses(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1]) + 2 * loss_fn(model(batch[0]), batch[1])
    torch.autograd.backward(tensors=[loss])
    optimizer.step()
    return loss


def small(step):
    def make_small(seed):
        model = nn.Linear(2, 1)
        return (
            model,
            torch.optim.SGD(model.parameters(), 0.1),
            nn.MSELoss(),
            [(torch.ones(3, 2), torch.ones(3, 1))],
            None,
        )

    return Program(make=make_small, step=step)


def test_of_several_losses_it_is_that_on_which_backward_is_called():
    program = small(two_losses)
    made = make(program)
    batch = first_batch(made)
    one = nn.functional.mse_loss(made.model(batch[0]), batch[1]).item()
    assert loss_of_step(program, made, batch) == pytest.approx(3 * one)


def test_a_step_without_backward_is_said():
    program = small(lambda model, _, loss_fn, batch: loss_fn(model(batch[0]), batch[1]))
    made = make(program)
    with pytest.raises(UsageError, match="calls no backward"):
        gradient_of_step(program, made, first_batch(made))


def test_errors_of_the_step_are_its_own_and_torch_is_as_before():
    original = torch.autograd.backward

    def failing(*_):
        message = "mine"
        raise KeyError(message)

    program = small(failing)
    made = make(program)
    with pytest.raises(KeyError, match="mine"):
        loss_of_step(program, made, first_batch(made))
    assert torch.autograd.backward is original


def test_frozen_parameters_have_no_place_and_missing_gradients_are_zeros():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False))
    model[0].weight.requires_grad_(False)
    assert trainable(model) == [model[1].weight]
    assert as_vector(model, [None]).tolist() == [0.0, 0.0]
    assert as_vector(nn.ReLU(), []).shape == (0,)
