"""How good a training came out."""

import math

import pytest

from kilter.checks.program.fitting.changes import scaled
from kilter.checks.program.fitting.judging import (
    Reach,
    attempt,
    fall,
    learns_badly,
    learns_far_better,
    margin,
    reach,
    still_falling,
)

from .programs import adam, bench_of, plain_step, sgd


def test_a_constant_answer_has_no_skill_and_perfection_all():
    reached = Reach(train=1.0, valid=1.0, constant=0.25)
    assert (reached.skill(0.25), reached.skill(1.0)) == (0.0, 1.0)


def test_chance_shrinks_with_rows():
    assert margin(100) == pytest.approx(0.1)
    assert margin(10_000) < margin(100) < margin(10)


def test_a_good_training_is_not_bad_and_a_still_one_is():
    good, still = bench_of(adam(5e-3)), bench_of(sgd(0.0))
    assert reach(good).valid > 0.9
    assert not learns_badly(good, good.trial())
    assert learns_badly(still, still.trial())
    assert fall(still, still.trial().train_loss) == pytest.approx(0.0, abs=0.05)


def test_longer_updates_are_far_better_where_there_are_next_to_none():
    bench = bench_of(sgd(1e-6))
    assert learns_far_better(bench, bench.trial(scaled(1e4)), bench.trial())
    assert not learns_far_better(bench, bench.trial(scaled(0.1)), bench.trial())
    assert not learns_far_better(bench, None, bench.trial())


def test_an_error_of_a_changed_training_is_no_error_of_the_program():
    def step(model, optimizer, loss_fn, batch):
        loss = plain_step(model, optimizer, loss_fn, batch)
        if not math.isfinite(float(loss)) or float(loss) > 50:
            message = "the loss is too large"
            raise ValueError(message)
        return loss

    bench = bench_of(adam(5e-3), step=step)
    assert attempt(bench, scaled(1e9)) is None
    assert attempt(bench) is not None


def test_a_short_training_counts_as_falling_and_a_settled_one_does_not():
    assert not still_falling(bench_of(adam(5e-3), epochs=20).trial())
    assert still_falling(bench_of(adam(5e-3), epochs=1, batch_size=160).trial())
