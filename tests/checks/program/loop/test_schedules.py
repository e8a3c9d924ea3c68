"""Schedules that do not fit the run."""

import pytest
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    StepLR,
)

from kilter.checks.program.loop.schedules import Schedules

BATCHES = 20 * 4
"""20 epochs of 4 batches."""


def scheduled(make, *, each_batch):
    def prepare(model, optimizer):
        optimizer.plan = make(optimizer)

    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        optimizer.plan.step()
        return loss

    def epoch_end(model, optimizer, epoch):
        optimizer.plan.step()

    return {"prepare": prepare, "epochs": 20} | ({"step": step} if each_batch else {"epoch_end": epoch_end})


@pytest.mark.parametrize(
    ("make", "each_batch", "cause"),
    [
        (lambda o: StepLR(o, 5, 0.1), True, "scheduler_per_batch"),
        (lambda o: ExponentialLR(o, 0.8), True, "scheduler_per_batch"),
        (lambda o: MultiStepLR(o, [10, 15]), True, "scheduler_per_batch"),
        (lambda o: CosineAnnealingLR(o, 20), True, "scheduler_per_batch"),
        (lambda o: OneCycleLR(o, 0.1, total_steps=20), True, "scheduler_per_batch"),
        (lambda o: OneCycleLR(o, 0.1, total_steps=BATCHES), False, "scheduler_per_epoch"),
        (lambda o: LambdaLR(o, lambda at: min(1, (at + 1) / 40)), False, "scheduler_per_epoch"),
        (lambda o: CosineAnnealingLR(o, BATCHES), False, "scheduler_per_epoch"),
        (lambda o: LinearLR(o, 1.0, 0.0, total_iters=BATCHES // 2), True, "schedule_length_mismatch"),
        (lambda o: OneCycleLR(o, 0.1, total_steps=60), True, "schedule_length_mismatch"),
        (lambda o: LambdaLR(o, lambda at: min(1, (at + 1) / 1000)), True, "warmup_longer_than_run"),
        (lambda o: LinearLR(o, 0.01, total_iters=200), False, "warmup_longer_than_run"),
        (lambda o: StepLR(o, 1, 0.1), False, "lr_decayed_too_early"),
        (lambda o: ExponentialLR(o, 0.5), False, "lr_decayed_too_early"),
    ],
)
def test_schedules_that_do_not_fit(alarms, make, each_batch, cause):
    (finding,) = alarms(Schedules(), **scheduled(make, each_batch=each_batch))
    assert finding.causes[0] == cause


@pytest.mark.parametrize(
    ("make", "each_batch"),
    [
        (lambda o: LambdaLR(o, lambda at: min(1, (at + 1) / 20)), True),
        (lambda o: CosineAnnealingLR(o, BATCHES), True),
        (lambda o: CosineAnnealingLR(o, 20), False),
        (lambda o: CosineAnnealingWarmRestarts(o, 5), False),
        (lambda o: CyclicLR(o, 0.01, 0.1, step_size_up=10), True),
        (lambda o: OneCycleLR(o, 0.1, total_steps=BATCHES), True),
        (lambda o: LinearLR(o, 1.0, 0.0, total_iters=BATCHES), True),
        (lambda o: StepLR(o, 7, 0.1), False),
        (lambda o: ExponentialLR(o, 0.9), False),
        (lambda o: MultiStepLR(o, [10, 15]), False),
        (lambda o: LinearLR(o, 0.1, total_iters=4), False),
        (lambda o: LambdaLR(o, lambda at: min((at + 1) / 8, ((at + 1) / 8) ** -0.5)), True),
    ],
)
def test_schedules_that_fit(alarms, make, each_batch):
    assert alarms(Schedules(), **scheduled(make, each_batch=each_batch)) == []


def test_a_schedule_that_waits_for_a_score(alarms):
    def epoch_end(model, optimizer, epoch):
        optimizer.plan.step(1.0)

    def prepare(model, optimizer):
        optimizer.plan = ReduceLROnPlateau(optimizer, patience=0)

    assert alarms(Schedules(), prepare=prepare, epoch_end=epoch_end, epochs=20) == []


def test_a_warm_up_that_nobody_steps(alarms):
    def prepare(model, optimizer):
        optimizer.plan = LinearLR(optimizer, 0.01, total_iters=10)

    (finding,) = alarms(Schedules(), prepare=prepare, epochs=20)
    assert "never stepped" in finding.seen or "no scheduler" in finding.seen


def test_a_schedule_over_gathered_batches(alarms, gathering):
    gathered = gathering(4, 4)

    def step(model, optimizer, loss_fn, batch):
        before = next(model.parameters()).detach().clone()
        loss = gathered(model, optimizer, loss_fn, batch)
        if not bool((before == next(model.parameters())).all()):
            optimizer.plan.step()
        return loss

    def prepare(model, optimizer):
        optimizer.plan = CosineAnnealingLR(optimizer, 20)

    assert alarms(Schedules(), prepare=prepare, step=step, epochs=20) == []
