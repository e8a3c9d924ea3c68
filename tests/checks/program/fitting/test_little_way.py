"""A run that goes next to nowhere: by its rate, or by its number of updates."""

import pytest
import torch

from kilter.checks.program.fitting.little_way import LittleWay
from kilter.values.finding import Skipped

from .programs import adam, bench_of, sgd


@pytest.mark.parametrize("optimizer", [sgd(1e-6), adam(1e-7)], ids=["sgd", "adam"])
def test_a_rate_that_is_too_low_is_named(optimizer):
    found = list(LittleWay().examine(bench_of(optimizer)))
    assert [finding.causes[0] for finding in found] == ["lr_too_low"]
    assert found[0].evidence["travel"] < 0.01


def test_too_few_updates_of_a_usual_length_are_too_few_epochs():
    found = list(LittleWay().examine(bench_of(adam(3e-4), epochs=1, batch_size=96)))
    assert [finding.causes[0] for finding in found] == ["too_few_epochs"]


def test_too_few_updates_of_one_batch_an_epoch_are_large_batches():
    found = list(LittleWay().examine(bench_of(adam(3e-4), epochs=6, batch_size=480)))
    assert [finding.causes[0] for finding in found] == ["batch_too_large"]


def test_it_is_silent_where_the_program_learns(healthy):
    assert list(LittleWay().examine(healthy)) == []


def test_a_warm_up_is_no_low_rate():
    def growing(model):
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        optimizer.growth = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda done: min(1.0, (done + 1) / 3000))
        return optimizer

    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        optimizer.growth.step()
        return loss

    assert list(LittleWay().examine(bench_of(growing, step=step, epochs=200))) == []


def test_nothing_that_moves_is_another_fault():
    def still(model, _optimizer, loss_fn, batch):
        return loss_fn(model(batch[0]), batch[1])

    assert [type(each) for each in LittleWay().examine(bench_of(sgd(0.1), step=still))] == [Skipped]
