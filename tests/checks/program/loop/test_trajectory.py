"""Rates over a run, without training."""

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, OneCycleLR, ReduceLROnPlateau, SequentialLR

from kilter.checks.program.loop.trajectory import follow


def scheduled(make):
    """(prepare, step, epoch_end) by a schedule that is stepped each batch, or each epoch."""

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

    return prepare, step, epoch_end


def rates(bench_of, make, *, each_batch):
    """The rates as a real run has them."""
    prepare, step, epoch_end = scheduled(make)
    options = {"step": step} if each_batch else {"epoch_end": epoch_end}
    return follow(bench_of(prepare=prepare, **options))


def test_the_rates_are_those_of_the_run(bench_of):
    def make(optimizer):
        warm = LambdaLR(optimizer, lambda at: (at + 1) / 8)
        return SequentialLR(optimizer, [warm, CosineAnnealingLR(optimizer, 24)], milestones=[8])

    way = rates(bench_of, make, each_batch=True)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    plan = make(optimizer)
    really = []
    for _ in range(32):
        really.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        plan.step()
    assert way.rates == pytest.approx(really)
    assert (way.calls, way.ends, way.unstepped) == (1, 0, 0)
    assert (way.epochs, way.batches) == (8, 4)


def test_steps_at_the_end_of_an_epoch(bench_of):
    way = rates(bench_of, lambda optimizer: CosineAnnealingLR(optimizer, 8), each_batch=False)
    assert (way.calls, way.ends) == (0, 1)
    assert way.rates[:4] == (0.1,) * 4
    assert way.rates[4] < 0.1
    assert way.horizon == 8


def test_a_schedule_that_ends_before_the_run_says_so(bench_of):
    way = rates(bench_of, lambda optimizer: OneCycleLR(optimizer, 0.1, total_steps=20), each_batch=True)
    assert way.error is not None
    assert len(way.rates) < 32


def test_what_cannot_be_followed(bench_of):
    assert follow(bench_of()) is None
    prepare, step, _ = scheduled(ReduceLROnPlateau)
    assert follow(bench_of(prepare=prepare)) is None
    prepare, step, _ = scheduled(lambda optimizer: CosineAnnealingLR(optimizer, 8))
    assert follow(bench_of(prepare=prepare, step=step, epochs=None)) is None
