"""The rate of a program is read, scaled as its author would have, and its course told."""

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler as plans

from kilter.engine.programs import batches, make, train_step
from kilter.engine.rate_of_program import (
    course,
    groups_of,
    highest_rate,
    highest_rates,
    length_of,
    set_highest_rate,
)
from kilter.values.errors import UsageError
from kilter.values.program import Program

EPOCHS, EACH = 3, 6
TOTAL = EPOCHS * EACH


def program(plan=None, *, rate=0.1, by_step=True, accumulate=1, epochs=EPOCHS, **more):
    """Two groups, the second at a tenth of the rate; what `plan` makes of the optimizer is stepped."""
    made = {}

    def make_it(seed):
        model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
        groups = [{"params": model[0].parameters()}, {"params": model[1].parameters(), "lr": rate / 10}]
        optimizer = torch.optim.SGD(groups, lr=rate)
        made["plan"] = None if plan is None else plan(optimizer, rate)
        made["seen"] = 0
        return model, optimizer, nn.MSELoss(), [(torch.ones(2, 3), torch.ones(2, 1))] * EACH, None

    def step(model, optimizer, loss_fn, batch):
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        made["seen"] += 1
        if made["seen"] % accumulate == 0:
            optimizer.step()
            optimizer.zero_grad()
            if made["plan"] is not None and by_step:
                made["plan"].step()
        return loss

    def epoch_end(_model, _optimizer, _epoch):
        if made["plan"] is not None and not by_step:
            made["plan"].step()

    return Program(make=make_it, step=step, epoch_end=epoch_end, epochs=epochs, **more)


def rates(given, made):
    """The rate of each group at each batch of a whole training."""
    seen = []
    for _, batch in batches(given, made, TOTAL):
        seen.append([group["lr"] for group in made.optimizer.param_groups])
        train_step(given, made, batch)
    return torch.tensor(seen, dtype=torch.float64)


def cosine(optimizer, rate):
    return plans.CosineAnnealingLR(optimizer, TOTAL, eta_min=rate / 50)


def one_cycle(optimizer, rate):
    return plans.OneCycleLR(optimizer, [rate, rate / 10], total_steps=TOTAL)


def warmed(optimizer, rate):
    up = plans.LinearLR(optimizer, 0.1, total_iters=4)
    return plans.SequentialLR(optimizer, [up, plans.CosineAnnealingLR(optimizer, TOTAL - 4)], [4])


def cyclical(optimizer, rate):
    return plans.CyclicLR(optimizer, [rate / 4, rate / 40], [rate, rate / 10], step_size_up=3, cycle_momentum=False)


def by_function(optimizer, rate):
    return plans.LambdaLR(optimizer, lambda step: (step + 1) / TOTAL)


def stairs(optimizer, rate):
    return plans.StepLR(optimizer, 2, 0.5)


PLANS = [cosine, one_cycle, warmed, cyclical, by_function, stairs]


@pytest.mark.parametrize("plan", [None, *PLANS])
@pytest.mark.filterwarnings("ignore:.*epoch parameter.*:UserWarning")
def test_another_rate_is_as_if_the_author_had_written_it(plan):
    """The program at three times the rate, against the program written with three times the rate."""
    written, given = program(plan, rate=0.3), program(plan, rate=0.1)
    by_author, made = make(written), make(given)
    set_highest_rate(given, made, 0.3)
    assert highest_rate(made) == pytest.approx(0.3)
    assert highest_rates(made) == pytest.approx([0.3, 0.03])
    assert torch.allclose(rates(given, made), rates(written, by_author))


def test_a_plateau_keeps_its_floor_in_proportion():
    def plateau(optimizer, rate):
        return plans.ReduceLROnPlateau(optimizer, min_lr=[rate / 5, rate / 50])

    given = program(plateau)
    made = make(given)
    set_highest_rate(given, made, 0.2)
    assert made.schedulers[0].min_lrs == pytest.approx([0.04, 0.004])


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("accumulate", [1, 3])
@pytest.mark.filterwarnings("ignore:.*epoch parameter.*:UserWarning")
def test_the_course_is_that_of_a_whole_training(plan, accumulate):
    given = program(plan, accumulate=accumulate)
    made = make(given)
    highest = highest_rate(made)
    expected = rates(given, made)[:, 0] / highest
    assert course(given, seed=0, total=TOTAL, per_epoch=EACH) == pytest.approx(expected.tolist())


def test_a_scheduler_that_waits_for_epochs_stands_within_them():
    told = course(program(stairs, by_step=False), seed=0, total=TOTAL, per_epoch=EACH)
    assert told == (1.0,) * 2 * EACH + (0.5,) * EACH


def test_without_a_scheduler_or_with_one_that_listens_there_is_no_course():
    assert course(program(), seed=0, total=TOTAL, per_epoch=EACH) is None
    listening = program(lambda optimizer, _: plans.ReduceLROnPlateau(optimizer), by_step=False)
    assert course(listening, seed=0, total=TOTAL, per_epoch=EACH) is None


def test_a_program_that_takes_its_rate_itself_is_asked():
    def set_rate(optimizer, rate):
        optimizer.param_groups[1]["lr"] = rate

    given = program(set_rate=set_rate)
    made = make(given)
    set_highest_rate(given, made, 7.0)
    assert [group["lr"] for group in groups_of(made)] == [0.1, 7.0]


def test_the_length_is_epochs_times_batches_where_both_are_known():
    given = program()
    assert length_of(given, make(given)) == TOTAL
    assert length_of(program(epochs=None), make(program())) is None
    flow = Program(make=lambda _: (nn.Linear(1, 1), None, None, (batch for batch in ()), None), epochs=2)
    assert length_of(flow, make(flow)) is None


def test_a_rate_that_cannot_be_seen_is_said():
    given = Program(make=lambda _: (nn.Linear(1, 1), "mine", None, [], None))
    with pytest.raises(UsageError, match="str as its optimizer") as raised:
        highest_rate(make(given))
    assert "set_rate" in str(raised.value)
