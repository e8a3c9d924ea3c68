"""Which tensors are inputs and which are targets."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from kilter.checks.program.roles import Roles, find_roles
from kilter.engine.programs import make
from kilter.engine.recording import record
from kilter.values.errors import UsageError
from kilter.values.program import Program


def roles_of(batch, step, *, model=None, loss_fn=None, **said):
    model = nn.Linear(3, 3) if model is None else model
    program = Program(
        make=lambda _: (model, torch.optim.SGD(model.parameters(), 0.1), loss_fn, [batch], None), step=step, **said
    )
    return find_roles(program, record(program, make(program), steps=1))


def numbers():
    return torch.randn(6, 3, generator=torch.Generator().manual_seed(1))


def classes():
    return torch.tensor([0, 1, 2, 2, 1, 0])


def learn(model, optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


def test_a_pair_is_inputs_and_targets():
    def step(model, optimizer, loss_fn, batch):
        return learn(model, optimizer, loss_fn(model(batch[0]), batch[1]))

    found = roles_of((numbers(), classes()), step, loss_fn=nn.CrossEntropyLoss())
    assert found == Roles(inputs=((0,),), targets=((1,),))


def test_the_order_of_a_pair_does_not_matter():
    def step(model, optimizer, loss_fn, batch):
        return learn(model, optimizer, loss_fn(model(batch[1]), batch[0]))

    found = roles_of((classes(), numbers()), step, loss_fn=nn.CrossEntropyLoss())
    assert found == Roles(inputs=((1,),), targets=((0,),))


def test_changed_shapes_and_types_are_seen_through():
    def step(model, optimizer, loss_fn, batch):
        return learn(model, optimizer, loss_fn(model(batch["x"].flatten(1)), batch["y"].float().unsqueeze(1)))

    batch = {"x": numbers().reshape(6, 1, 3), "y": classes(), "weight": torch.ones(6), "name": ["a"] * 6}
    found = roles_of(batch, step, model=nn.Linear(3, 1), loss_fn=nn.MSELoss())
    assert found == Roles(inputs=(("x",),), targets=(("y",),), rest=(("weight",),))


class Inside(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(3, 3)

    def forward(self, pixels, mask=None, labels=None):
        return functional.cross_entropy(self.out(pixels), labels)


def test_a_loss_inside_the_model_gets_its_targets_by_name():
    def step(model, optimizer, loss_fn, batch):
        return learn(model, optimizer, model(**batch))

    batch = {"pixels": numbers(), "mask": torch.ones(6, 2, dtype=torch.bool), "labels": classes()}
    found = roles_of(batch, step, model=Inside())
    assert found == Roles(inputs=(("pixels",), ("mask",)), targets=(("labels",),))


def test_a_loss_that_nobody_hears_leaves_one_tensor_for_the_target():
    def step(model, optimizer, loss_fn, batch):
        return learn(model, optimizer, functional.cross_entropy(model(batch[0]), batch[1]))

    assert roles_of((numbers(), classes()), step).targets == ((1,),)
    assert roles_of((numbers(), classes(), torch.zeros(6)), step).targets == ()


def test_an_autoencoder_has_its_input_for_a_target():
    def step(model, optimizer, loss_fn, batch):
        return learn(model, optimizer, loss_fn(model(batch), batch))

    found = roles_of(numbers(), step, loss_fn=nn.MSELoss())
    assert found.inputs == ((),)


@pytest.mark.parametrize(("place", "path"), [("y", ("y",)), (lambda batch: batch["y"] + 0, ("y",))])
def test_the_persons_word_decides(place, path):
    def step(model, optimizer, loss_fn, batch):
        return learn(model, optimizer, functional.cross_entropy(model(batch["x"]), batch["y"]))

    batch = {"x": numbers(), "other": torch.zeros(6), "y": classes()}
    found = roles_of(batch, step, targets=place, inputs="x")
    assert found == Roles(inputs=(("x",),), targets=(path,), rest=(("other",),))


@pytest.mark.parametrize("place", ["pixels", 7, lambda batch: batch.pixels])
def test_a_place_that_is_not_there_is_said_in_three_parts(place):
    def step(model, optimizer, loss_fn, batch):
        return learn(model, optimizer, functional.cross_entropy(model(batch["x"]), batch["y"]))

    with pytest.raises(UsageError, match="it is a key or an index") as raised:
        roles_of({"x": numbers(), "y": classes()}, step, inputs=place)
    assert "['x', 'y']" in str(raised.value)


def test_a_program_that_never_stepped_has_no_roles():
    def step(model, optimizer, loss_fn, batch):
        raise ValueError

    assert roles_of((numbers(), classes()), step) == Roles(inputs=(), targets=())
