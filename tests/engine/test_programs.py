"""Programs are made afresh and run as they were written."""

import pytest
import torch
from torch import nn

from kilter.engine.programs import batches, elements, make, optimizers_in, plain_loss, train_step, value_of
from kilter.engine.recording import state
from kilter.values.errors import UsageError
from kilter.values.program import Program


def small(seed=0, *, loss=None):
    model = nn.Linear(3, 2)
    batch = torch.randn(6, 3), torch.randint(0, 2, (6,))
    return model, torch.optim.SGD(model.parameters(), 0.1), loss, [batch], None


def test_a_make_that_forgets_its_seed_repeats_all_the_same():
    first, second, other = (make(Program(make=small), seed) for seed in (0, 0, 1))

    assert torch.equal(first.model.weight, second.model.weight)
    assert not torch.equal(first.model.weight, other.model.weight)


def test_unseeded_it_goes_on_from_the_state_at_hand():
    torch.manual_seed(3)
    first = make(Program(make=small), 0, seeded=False)
    second = make(Program(make=small), 0, seeded=False)

    assert not torch.equal(first.model.weight, second.model.weight)


def test_the_programs_loss_stands_in_for_none():
    spare, own = nn.CrossEntropyLoss(), nn.NLLLoss()
    assert make(Program(make=small, loss_fn=spare)).loss_fn is spare
    assert make(Program(make=lambda seed: small(seed, loss=own), loss_fn=spare)).loss_fn is own


@pytest.mark.parametrize("given", [None, (1, 2), ("model", None, None, [], None), [nn.Linear(1, 1)] * 4])
def test_what_is_no_program_is_said_in_three_parts(given):
    with pytest.raises(UsageError, match="`make` gave") as raised:
        make(Program(make=lambda _: given))
    assert "train_loader" in str(raised.value)


def test_a_list_of_five_is_a_program_too():
    assert make(Program(make=lambda seed: list(small(seed)))).valid is None


def test_schedules_that_make_sets_up_are_noted_and_torch_is_as_before():
    kind = torch.optim.lr_scheduler.LRScheduler
    before = kind.__init__

    def scheduled(seed):
        model, optimizer, *rest = small(seed)
        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)
        torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
        return model, optimizer, *rest

    assert [type(one).__name__ for one in make(Program(make=scheduled)).schedulers] == [
        "CosineAnnealingLR",
        "ReduceLROnPlateau",
    ]
    assert kind.__init__ is before


def test_optimizers_are_found_wherever_people_keep_them():
    class Wrapper:
        def __init__(self, optimizer):
            self.optimizer = optimizer

    one, two = (torch.optim.SGD(nn.Linear(1, 1).parameters(), 0.1) for _ in range(2))
    assert list(optimizers_in([one, {"b": two}])) == [one, two]
    assert list(optimizers_in(Wrapper(one))) == [one]
    assert list(optimizers_in("adam")) == []


class Inside(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(3, 2)

    def forward(self, x, labels=None):
        logits = self.out(x)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


@pytest.mark.parametrize(
    ("model", "batch", "more"),
    [
        (nn.Linear(3, 2), (torch.ones(4, 3), torch.zeros(4, dtype=torch.long)), {}),
        (Inside(), {"x": torch.ones(4, 3), "labels": torch.zeros(4, dtype=torch.long)}, {}),
        (
            nn.Linear(3, 2),
            {"x": torch.ones(4, 3), "y": torch.zeros(4, dtype=torch.long)},
            {"forward": lambda m, b: m(b["x"]), "loss": lambda o, b: nn.functional.cross_entropy(o, b["y"])},
        ),
    ],
)
def test_the_plain_step_learns_from_batches_of_every_kind(model, batch, more):
    program = Program(
        make=lambda _: (model, torch.optim.SGD(model.parameters(), 0.5), nn.CrossEntropyLoss(), [batch], None),
        **more,
    )
    made = make(program)
    first = float(train_step(program, made, batch).detach())
    assert float(plain_loss(program, made.model, made.loss_fn, batch).detach()) < first


def test_batches_go_over_epochs_with_the_authors_end_between():
    ends = []
    model = nn.Linear(1, 1)
    program = Program(
        make=lambda _: (model, None, None, [1, 2, 3], None), epoch_end=lambda _m, _o, epoch: ends.append(epoch)
    )
    made = make(program)
    model.eval()

    assert list(batches(program, made, 7)) == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 1)]
    assert ends == [0, 1]
    assert model.training


def test_a_loader_that_is_empty_or_runs_dry_ends_it():
    program = Program(make=lambda _: (nn.Linear(1, 1), None, None, iter([1, 2]), None))
    assert list(batches(program, make(program), 9)) == [(0, 1), (0, 2)]


@pytest.mark.parametrize(
    ("returned", "value"),
    [
        (torch.tensor(2.0, requires_grad=True), 2.0),
        (3, 3.0),
        (0.5, 0.5),
        ({"loss": torch.tensor(1.5), "other": torch.tensor(9.0)}, 1.5),
        ({"loss": 4.0}, 4.0),
        ((torch.tensor(7.0), torch.zeros(3)), 7.0),
    ],
)
def test_the_loss_that_a_step_returned_is_a_number(returned, value):
    assert value_of(returned) == value


@pytest.mark.parametrize("returned", [None, "done", torch.zeros(3), []])
def test_what_is_no_loss_is_not_a_number(returned):
    assert value_of(returned) != value_of(returned)


def test_parameters_are_counted():
    assert elements(nn.Linear(3, 2)) == 8


def test_the_recordings_state_has_buffers_that_no_file_keeps():
    model = nn.BatchNorm1d(2)
    model.register_buffer("passing", torch.zeros(1), persistent=False)
    assert "passing" in state(model)
