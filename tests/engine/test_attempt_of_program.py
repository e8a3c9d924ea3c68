"""A person's program, begun: as they wrote it, with another batch size or another rate."""

import functools
import math

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler as plans
from torch.utils.data import DataLoader, TensorDataset

from kilter.engine.attempt import begin
from kilter.engine.programs import batches, make, train_step, value_of
from kilter.engine.seeding import random_state, restore
from kilter.values.errors import UsageError
from kilter.values.pipeline import Pipeline
from kilter.values.program import Program

pytestmark = pytest.mark.filterwarnings("ignore:.*use_reentrant.*:UserWarning")


def test_its_steps_are_those_of_the_program(make_program):
    program = make_program()
    made = make(program, 3)
    made.model.train()
    by_hand = [value_of(train_step(program, made, batch)) for _, batch in batches(program, made, 8)]
    attempt = begin(make_program(), seed=3)
    assert [attempt.step() for _ in range(8)] == by_hand


def test_what_finders_ask_for_is_there_for_every_program(make_program):
    attempt = begin(make_program())
    typical = attempt.typical(2)
    assert len(typical) == 2
    assert attempt.examples_a_step == 8
    assert attempt.numbers_per_example() in {5.0, 6.0}
    assert len(attempt.drawn(12)) >= 8
    assert attempt.gradient(typical[0]).norm() > 0
    assert attempt.optimizers
    assert attempt.rate > 0
    assert math.isfinite(attempt.step_on(*typical))
    assert attempt.device == "cpu"
    assert attempt.total is None


ROWS, EACH = 48, 6


def table():
    draw = torch.Generator().manual_seed(7)
    numbers = torch.randn(ROWS, 4, generator=draw)
    return TensorDataset(numbers, (numbers[:, 0] > 0).long() + (numbers[:, 1] > 0).long())


def made_with(seed, *, batch_size=8, plan=None, loader=None, optimizer=None):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    own = optimizer(model) if optimizer else torch.optim.SGD(model.parameters(), 0.1)
    if plan is not None:
        own.plan = plan(own)
    data = DataLoader(table(), batch_size, shuffle=True) if loader is None else loader()
    return model, own, nn.CrossEntropyLoss(), data, DataLoader(table(), 16)


def program(**options):
    own = {name: options.pop(name) for name in ("plan", "loader", "optimizer") if name in options}
    return Pipeline.from_loop(functools.partial(made_with, **own), **options)


def step_with_plan(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    optimizer.step()
    optimizer.plan.step()
    return loss


def sizes(attempt):
    return [len(batch[0]) for batch in attempt.typical(99)]


def test_another_batch_size_is_given_by_cutting_or_by_the_program_itself():
    assert sizes(begin(program(), batch=20)) == [20, 20, 8]
    by_itself = program(batch_size=lambda size: functools.partial(made_with, batch_size=size))
    assert sizes(begin(by_itself, batch=20)) == [20, 20, 8]
    assert [len(batch[0]) for batch in begin(by_itself, batch=20).widest()] == [20]
    assert [len(batch[0]) for batch in begin(program(), batch=100).widest()] == [100]


def test_what_batch_size_gives_must_be_a_make():
    with pytest.raises(UsageError, match=r"batch_size\(4\) gave int"):
        begin(program(batch_size=lambda size: size), batch=4)


def test_the_whole_schedule_is_gone_through_in_fewer_steps_at_another_rate():
    def plan(optimizer):
        return plans.CosineAnnealingLR(optimizer, 4 * EACH)

    used = []

    def step(model, optimizer, loss_fn, batch):
        used.append(optimizer.param_groups[0]["lr"])
        return step_with_plan(model, optimizer, loss_fn, batch)

    attempt = begin(program(plan=plan, step=step, epochs=4), rate=0.4, steps=6)
    assert attempt.total == 24
    assert attempt.rate == pytest.approx(0.4)
    used.clear()  # of looking at how the schedule is stepped
    for _ in range(6):
        attempt.step()
    assert used == pytest.approx([0.2 * (1 + math.cos(math.pi * place / 24)) for place in (2, 6, 10, 14, 18, 22)])


def test_a_rate_that_the_step_sets_itself_is_said():
    def step(model, optimizer, loss_fn, batch):
        for group in optimizer.param_groups:
            group["lr"] = 0.01
        return step_plain(model, optimizer, loss_fn, batch)

    begin(program(step=step)).step()
    with pytest.raises(UsageError, match=r"0\.5 became 0\.01"):
        begin(program(step=step), rate=0.5).step()
    own = []
    declared = program(step=step, set_rate=lambda _, rate: own.append(rate))
    assert begin(declared, rate=0.5).rate == 0.5
    assert own == [0.5]


def step_plain(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    optimizer.step()
    return loss


class Mine:
    """An optimizer that is none of torch's."""

    def __init__(self, model):
        self._model = model

    def zero_grad(self):
        self._model.zero_grad()

    def step(self):
        with torch.no_grad():
            for parameter in self._model.parameters():
                parameter.sub_(0.1 * parameter.grad)


def test_an_optimizer_of_ones_own_trains_and_only_its_rate_is_unknown():
    attempt = begin(program(optimizer=Mine, step=step_plain), batch=16)
    assert math.isfinite(attempt.step())
    assert attempt.optimizers == ()
    with pytest.raises(UsageError, match="Mine as its optimizer"):
        _ = attempt.rate
    with pytest.raises(UsageError, match="Mine as its optimizer"):
        begin(program(optimizer=Mine, step=step_plain), rate=0.1)


def test_a_loader_that_runs_dry_is_said():
    attempt = begin(program(loader=lambda: iter([next(iter(DataLoader(table(), 8)))])))
    attempt.step()
    with pytest.raises(UsageError, match="gives no more batches"):
        attempt.step()


def expected_loss(attempt):
    numbers, classes = table().tensors
    with torch.no_grad():
        return nn.functional.cross_entropy(attempt.model(numbers), classes).item()


def test_evaluation_is_the_programs_own_or_the_mean_over_validation():
    attempt = begin(program())
    assert attempt.evaluate() == pytest.approx(expected_loss(attempt), rel=1e-6)
    attempt = begin(program(step=step_plain))
    assert attempt.evaluate() == pytest.approx(expected_loss(attempt), rel=1e-6)
    assert attempt.evaluate(1) != attempt.evaluate()
    assert attempt.model.training
    assert begin(program(validate=lambda *_: (0.25, 0.9))).evaluate() == 0.25


def test_without_validation_data_evaluation_is_not_a_number():
    given = Program(make=lambda seed: (*made_with(seed)[:4], None))
    assert math.isnan(begin(given).evaluate())


def test_an_update_of_several_batches_has_their_examples():
    assert begin(program(accumulate=3)).examples_a_step == 24


def test_few_batches_are_cut_into_pieces_and_those_that_cannot_be_stay():
    assert [len(piece[0]) for piece in begin(program()).drawn(12)] == [4] * 12
    assert [len(piece[0]) for piece in begin(program()).drawn(3)] == [8] * 3
    whole = [(torch.zeros(8, 4), torch.zeros(8, dtype=torch.long), torch.tensor(0.5))] * 2
    assert len(begin(program(loader=lambda: whole)).drawn(12)) == 2
    assert begin(program(loader=list)).drawn(12) == ()


def test_the_same_seed_begins_the_same_training():
    state = random_state()
    losses = [begin(program(), seed=4).step() for _ in range(2)]
    restore(state)
    assert losses[0] == losses[1] != begin(program(), seed=5).step()


@pytest.mark.parametrize(("widths", "read", "expected"), [([3] * 9, 2, 4), ([3, 5, 4, 4, 4, 4], 6, 5)])
def test_numbers_per_example_are_those_of_batches_until_they_are_known(widths, read, expected):
    seen = []

    def loader():
        for width in widths:
            seen.append(width)
            yield torch.zeros(8, width), torch.zeros(8)

    attempt = begin(program(loader=loader))
    assert attempt.numbers_per_example() == expected
    assert len(seen) == read
