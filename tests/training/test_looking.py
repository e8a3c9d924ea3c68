"""When curves are looked at."""

import math
import sys

import numpy as np

from kilter.training.looking import AFTER, SAME, Attention


def fed(losses, rate=0.1):
    """An attention that has seen these losses."""
    attention = Attention()
    for step, loss in enumerate(losses, 1):
        attention.step(step, loss, rate)
    return attention


def calm(count=100):
    return (1 + 0.1 * np.random.default_rng(0).normal(size=count)).tolist()


def test_noise_and_falls_are_calm():
    assert fed(calm(1000)).due == sys.maxsize
    assert fed(2 * np.exp(-np.arange(500) / 80)).due == sys.maxsize


def test_a_loss_that_stands_out_and_one_that_is_none_are_looked_at_several_times():
    for loss in (9.0, math.nan, math.inf):
        attention = fed(calm())
        assert attention.step(101, loss, 0.1)
        assert attention.due == 101
        attention.looked(102, found=True)
        assert attention.due == 101 + AFTER[1]
        assert not attention.step(103, loss, 0.1)  # it is being looked at


def test_a_look_in_vain_ends_them_and_raises_what_counts_as_odd():
    attention = fed(calm())
    attention.step(101, 2.5, 0.1)
    attention.looked(102, found=False)
    assert attention.due == sys.maxsize
    for step, loss in enumerate(calm(30), 103):
        attention.step(step, loss, 0.1)
    assert not attention.step(133, 2.0, 0.1)


def test_a_rate_that_rises_is_looked_at_whatever_is_found_at_first():
    attention = fed(calm())
    attention.step(101, 1.0, 0.5)
    attention.looked(101, found=False)
    assert attention.due == 101 + AFTER[1]


def test_batches_that_come_again_and_looks_that_are_asked_for():
    attention = fed(calm())
    for step in range(101, 101 + SAME[0]):
        assert attention.due == sys.maxsize
        attention.batch(step, 7.0)
    assert attention.due == 100 + SAME[0]
    attention.looked(120, found=True)
    attention.later(150)
    assert attention.due == 150
