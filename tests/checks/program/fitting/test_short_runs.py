"""A dozen steps with one thing changed."""

import math

import pytest

from kilter.checks.program.fitting.changes import scaled
from kilter.checks.program.fitting.short_runs import ShortRun, recorded_run, short_run
from kilter.checks.program.trials import AS_IT_IS

from .programs import adam, bench_of, plain_step, sgd


def test_the_recorded_steps_and_the_same_steps_again_end_alike():
    bench = bench_of(sgd(0.05))
    assert short_run(bench).end == pytest.approx(recorded_run(bench).end)
    assert recorded_run(bench).fall > 0


def test_scaled_updates_are_another_rate():
    slow, scaled_down = bench_of(sgd(0.005)), bench_of(sgd(0.05))
    assert short_run(scaled_down, scaled(0.1)).end != pytest.approx(short_run(scaled_down).end)
    assert recorded_run(slow).fall < recorded_run(scaled_down).fall


def test_an_error_of_the_person_ends_a_run():
    def step(model, optimizer, loss_fn, batch):
        loss = plain_step(model, optimizer, loss_fn, batch)
        if not math.isfinite(float(loss)) or float(loss) > 100:
            message = "the loss is too large"
            raise ValueError(message)
        return loss

    bench = bench_of(adam(1e-3), step=step)
    assert short_run(bench, scaled(1e9)).fall == -math.inf
    assert recorded_run(bench).fall > -1


def test_two_losses_by_turns_are_not_followed():
    def step(model, optimizer, loss_fn, batch):
        plain_step(model, optimizer, loss_fn, batch)
        return plain_step(model, optimizer, loss_fn, batch)

    assert recorded_run(bench_of(sgd(0.05), step=step)) is None


def test_runs_are_compared_step_by_step():
    def run(*losses, end=1.0):
        return ShortRun(change=AS_IT_IS, steps=len(losses), start=1.0, end=end, losses=losses)

    assert run(1.0, 1.2).rose
    assert not run(1.0, 1.05).rose
    assert run(1.0, 1.2).shakes(run(1.0, 1.0))
    assert not run(1.0, 1.2).shakes(run(1.0, 1.15))
    assert run(1.0, end=math.nan).fall == -math.inf
    assert run(1.0, end=0.25).fall == 0.75
