"""How far a run is meant to go."""

import math

import pytest
import torch

from kilter.checks.program.fitting.plan import first_length, gradient_norms, ordinary_norm, planned

from .programs import adam, bench_of, plain_step, sgd


def test_updates_are_batches_times_epochs():
    assert planned(bench_of(adam(1e-3), epochs=6)).updates == 15 * 6


def test_travel_grows_with_the_rate_and_the_epochs():
    near, far, longer = (
        planned(bench_of(sgd(r, momentum=0.0), epochs=e)) for r, e in ((1e-4, 2), (1e-3, 2), (1e-4, 4))
    )
    assert far.travel == pytest.approx(10 * near.travel, rel=0.1)
    assert longer.travel == pytest.approx(2 * near.travel)


def test_a_warm_up_is_followed_to_its_end():
    def growing(model):
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        optimizer.growth = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda done: min(1.0, (done + 1) / 50))
        return optimizer

    def step(model, optimizer, loss_fn, batch):
        loss = plain_step(model, optimizer, loss_fn, batch)
        optimizer.growth.step()
        return loss

    assert planned(bench_of(growing, step=step, epochs=20)).boost > 5


def test_rates_that_rise_by_hand_cannot_be_foreseen():
    def step(model, optimizer, loss_fn, batch):
        optimizer.param_groups[0]["lr"] *= 1.1
        return plain_step(model, optimizer, loss_fn, batch)

    assert planned(bench_of(adam(1e-4), step=step)).boost == math.inf


def test_momentum_that_gathers_is_counted():
    assert planned(bench_of(sgd(1e-3, momentum=0.99))).boost > planned(bench_of(sgd(1e-3, momentum=0.9))).boost > 1


def test_lengths_and_norms_are_those_of_a_naive_sum():
    bench = bench_of(sgd(0.1, momentum=0.0))
    update = bench.recording.updates[0]
    names = [name for name in update.before if update.before[name].ndim > 1]
    met = {name: update.gradients[name] != 0 for name in names}
    way = torch.cat([(update.after[name] - update.before[name])[met[name]] for name in names]).norm()
    size = torch.cat([update.before[name][met[name]] for name in names]).norm()
    assert size < torch.cat([update.before[name].flatten() for name in names]).norm()  # some units were silent
    assert first_length(bench) == pytest.approx(float(way / size), rel=1e-4)
    whole = torch.cat([g.flatten() for g in update.gradients.values()]).norm()
    assert gradient_norms(bench)[0] == pytest.approx(float(whole), rel=1e-4)
    assert ordinary_norm(bench) == sorted(gradient_norms(bench)[:3])[1]
