"""Trainings with one thing changed, from the same seed."""

import pytest
import torch

from kilter.checks.program.trials import AS_IT_IS, Change, run_trial, updating

from .fitting.programs import adam, bench_of, sgd


def test_the_same_training_twice_is_the_same():
    bench = bench_of(adam(5e-3), epochs=2)
    first, second = (run_trial(bench.program, bench.made(), bench.roles, AS_IT_IS) for _ in range(2))
    assert first.losses == second.losses
    assert first.epochs == 2
    assert len(first.reported) == 2
    assert first.valid > 0.8


def test_a_share_is_that_of_the_epochs():
    bench = bench_of(adam(5e-3), epochs=4)
    assert len(bench.trial(share=0.5).losses) == 2 * 15
    assert len(bench.trial(share=0.1).losses) == 6
    assert bench.trial(share=0.1).reported == ()


def test_scaled_updates_are_those_of_another_rate():
    scaled = bench_of(sgd(0.05, momentum=0.0), epochs=1).trial(Change(name="a tenth", scale=0.1))
    other = bench_of(sgd(0.005, momentum=0.0), epochs=1).trial()
    assert scaled.losses == pytest.approx(other.losses, rel=1e-4)


def test_a_scale_may_depend_on_the_updates_before():
    still = bench_of(sgd(0.05), epochs=1).trial(Change(name="none", scale=lambda _done: 0.0))
    fresh = bench_of(sgd(0.05)).made().model
    assert all(torch.equal(a, b) for a, b in zip(still.made.model.parameters(), fresh.parameters(), strict=True))


def test_a_step_that_calls_that_of_its_parent_is_scaled_once():
    class Child(torch.optim.SGD):
        def step(self, closure=None):
            return super().step(closure)

    child = bench_of(lambda m: Child(m.parameters(), lr=0.05), epochs=1).trial(Change(name="half", scale=0.5))
    parent = bench_of(sgd(0.025, momentum=0.0), epochs=1).trial()
    assert child.losses == pytest.approx(parent.losses, rel=1e-4)


def test_updates_are_the_authors_own_again_afterwards():
    made = bench_of(sgd(0.1, momentum=0.0)).made()
    parameter = next(made.model.parameters())
    parameter.grad = torch.ones_like(parameter)
    before = parameter.detach().clone()
    with updating(made, Change(name="none", scale=0.0)):
        made.optimizer.step()
    assert torch.equal(parameter, before)
    made.optimizer.step()
    assert torch.allclose(parameter, before - 0.1)


def test_a_training_that_breaks_is_not_finite():
    assert not bench_of(sgd(1e30)).trial().finite
