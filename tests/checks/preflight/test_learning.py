"""Learning one batch by heart."""

import math
from functools import partial

import numpy as np
import pytest
import torch

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.learning import Bar, Learning, constant_targets, decided_rightly, learn, rows_to_learn
from kilter.testing.healthy.pipelines import classify, labels, numbers, of_amounts, over_numbers
from kilter.testing.networks import Perceptron

BAR = Bar(learnt=0.1, seconds=600)


def learning(losses, **options):
    given = {"norms": (1.0,) * len(losses), "evaluated": math.nan, "right": False, "learnt": False, **options}
    return Learning(losses=tuple(losses), **given)


def test_a_batch_is_learnt_and_the_try_ends_there():
    bench = Bench(over_numbers(optimizer={"learning_rate": 0.02}))
    done = learn(bench, bench.batch(rows_to_learn(bench, 12)), BAR, steps=300)
    assert done.learnt
    assert len(done.losses) < 300
    assert done.right
    assert len(done.norms) == len(done.losses)


def test_what_is_not_learnt_uses_up_its_steps():
    bench = Bench(over_numbers(optimizer={"learning_rate": 1e-7}))
    done = learn(bench, bench.batch(rows_to_learn(bench, 12)), BAR, steps=20)
    assert not done.learnt
    assert len(done.losses) == 20
    assert not done.out_of_time


def test_the_clock_ends_a_try_and_says_so():
    bench = Bench(over_numbers(optimizer={"learning_rate": 1e-7}))
    done = learn(bench, bench.batch([0, 1, 2]), Bar(learnt=0.1, seconds=-1.0), steps=20)
    assert done.out_of_time
    assert len(done.losses) == 1


def test_a_rate_of_ones_own_is_taken():
    bench = Bench(over_numbers(optimizer={"learning_rate": 1e-7}))
    assert learn(bench, bench.batch(rows_to_learn(bench, 12)), BAR, steps=300, rate=0.02).learnt


def test_a_loss_that_is_no_number_ends_the_try():
    targets = labels()
    given = numbers(targets)
    given[:, 0] = math.nan
    bench = Bench(classify(partial(Perceptron, 6, 3), {"numbers": given}, targets))
    done = learn(bench, bench.batch([0, 1, 2]), BAR, steps=50)
    assert len(done.losses) == 10
    assert math.isnan(done.lowest)
    assert done.rose


def test_a_loss_that_falls_is_told_from_one_that_does_not():
    draw = np.random.default_rng(0)
    assert learning(np.linspace(1, 0.5, 60)).still_falling(1.0)
    assert not learning(np.linspace(1, 0.99, 60)).still_falling(1.0)
    assert not learning(0.7 + 0.3 * draw.normal(size=60)).still_falling(1.0)
    assert not learning([1.0, 0.5]).still_falling(1.0)


def test_the_end_is_the_better_of_the_two_modes_and_a_rise_is_seen():
    assert learning([1.0] * 9 + [0.5] * 5, evaluated=0.4).end == 0.4
    assert learning([1.0] * 9 + [0.5] * 5, evaluated=0.9).end == 0.5
    assert learning([1.0] * 5).end == 1.0
    assert learning([1.0, 3.0]).rose
    assert not learning([1.0, 1.2]).rose
    assert learning([1.0, 1.0], norms=(2.0, 4.0)).usual_norm == 3.0


def test_rows_to_learn_differ_in_their_inputs_and_take_targets_in_turns():
    targets = labels(shares=(0.9, 0.05, 0.05))
    given = numbers(targets)
    given[10:60] = given[10]
    bench = Bench(classify(partial(Perceptron, 6, 3), {"numbers": given}, targets))
    rows = rows_to_learn(bench, 9)
    assert len(rows) == 9
    assert len({tuple(given[row].tolist()) for row in rows}) == 9
    counts = np.bincount(targets[rows], minlength=3)
    assert counts.min() >= 2  # of nine rows at random, eight would be of one class
    assert not constant_targets(bench, rows)
    assert constant_targets(bench, [row for row in range(96) if targets[row] == 0])


def test_decisions_are_compared_with_targets_row_by_row():
    bench = Bench(over_numbers())
    batch = bench.batch([4, 2, 9])
    right = torch.nn.functional.one_hot(batch.target, 3).float()
    assert decided_rightly(bench, right, batch)
    assert not decided_rightly(bench, right.roll(1, dims=1), batch)
    amounts = Bench(of_amounts())
    assert not decided_rightly(amounts, torch.zeros(3, 1), amounts.batch([4, 2, 9]))


@pytest.mark.parametrize("mode", [True, False])
def test_evaluation_mode_trains_without_dropout(mode):
    bench = Bench(over_numbers(partial(Perceptron, 6, 3, width=64, dropout=0.95), optimizer={"learning_rate": 0.02}))
    batch = bench.batch(rows_to_learn(bench, 12))
    done = learn(bench, batch, Bar(learnt=0.02, seconds=600), steps=60, evaluation_mode=mode, look_every=60)
    assert (done.losses[-1] < 0.2) == mode
