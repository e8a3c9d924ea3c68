"""A program on the bench."""

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.bench import Bench
from kilter.checks.program.trials import Change
from kilter.engine.recording import state
from kilter.engine.seeding import random_state
from kilter.values.program import Kind, Program


def program(*, rate=0.1, valid=True, **more):
    made = []

    def make(seed):
        made.append(seed)
        torch.manual_seed(seed)
        numbers = torch.randn(64, 4)
        data = TensorDataset(numbers, (numbers[:, 0] > 0).long())
        model = nn.Linear(4, 2)
        loader = DataLoader(data, 8, shuffle=True)
        return (
            model,
            torch.optim.SGD(model.parameters(), rate),
            nn.CrossEntropyLoss(),
            loader,
            loader if valid else None,
        )

    return Program(make=make, task=Kind.CLASSIFICATION, classes=2, epochs=2, **more), made


def test_the_recording_is_made_once_and_the_random_states_stay():
    given, made = program()
    bench = Bench(program=given)
    before = random_state().torch
    assert bench.recording is bench.recording
    assert bench.roles.targets == ((1,),)
    assert made == [0]
    assert torch.equal(before, random_state().torch)


def test_instances_are_fresh_and_follow_from_the_seed():
    bench = Bench(program=program()[0], seed=3)
    first, second = bench.made(), bench.made()
    assert first.model is not second.model
    assert torch.equal(first.model.weight, second.model.weight)
    assert not torch.equal(first.model.weight, bench.made(4).model.weight)


def test_a_warmed_program_has_taken_its_steps_unless_they_break_it():
    bench = Bench(program=program()[0])
    third = bench.recording.steps[3].before
    assert all(torch.equal(tensor, third[name]) for name, tensor in state(bench.warmed(3).model).items())
    broken = Bench(program=program(rate=float("inf"))[0])
    assert torch.equal(broken.warmed().model.weight, broken.made().model.weight)


def test_batches_are_those_that_the_training_meets():
    bench = Bench(program=program()[0])
    for batch, step in zip(bench.batches(3), bench.recording.steps, strict=False):
        assert torch.equal(batch[0], step.batch[0])
    assert len(bench.valid_batches(2)) == 2
    assert Bench(program=program(valid=False)[0]).valid_batches(2) == []


def test_rows_of_an_epoch_are_gathered():
    bench = Bench(program=program()[0])
    assert bench.gathered((0,)).shape == (64, 4)
    assert bench.gathered((0,), most=10).shape == (10, 4)
    assert bench.gathered((1,)).shape == (64,)
    assert bench.gathered((5,)) is None


def test_a_trial_is_run_once_for_each_name():
    bench = Bench(program=program()[0])
    first = bench.trial()
    assert bench.trial() is first
    other = bench.trial(Change(name="with tiny updates", scale=1e-9))
    assert torch.allclose(other.made.model.weight, bench.made().model.weight, atol=1e-6)
    assert not torch.allclose(first.made.model.weight, bench.made().model.weight, atol=1e-3)
    assert first.epochs == 2
    assert len(first.losses) == 16


def test_what_is_computed_once_is_kept():
    bench = Bench(program=program()[0])
    asked = []
    for _ in range(2):
        assert bench.once(("sum",), lambda: asked.append(1) or 5) == 5
    assert asked == [1]


def raising(*_):
    message = "no"
    raise KeyError(message)


@pytest.mark.parametrize(
    ("broken", "use"),
    [
        (Program(make=raising), lambda bench: bench.made()),
        (program(step=raising)[0], lambda bench: bench.warmed()),
        (program(step=raising)[0], lambda bench: bench.trial()),
        (program(step=raising)[0], lambda bench: bench.peek(bench.made(), bench.batches(1)[0])),
        (program(validate=raising)[0], lambda bench: bench.trial()),
    ],
)
def test_errors_of_the_persons_code_are_told_as_theirs(broken, use):
    with pytest.raises(PersonsCodeFailed) as raised:
        use(Bench(program=broken))
    assert isinstance(raised.value.error, KeyError)
