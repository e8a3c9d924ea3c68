import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.training.pacing import LEAST, POINTS, SHARE, every, interval
from kilter.values.history import History


def recorded(steps, *, seconds, before=None, costs=()):
    """A history of steps that take so long each, and of measurements at the first of them."""
    history = History()
    for step in range(1, steps + 1):
        history = history.append(step, {"clock.seconds": seconds * step})
        if step <= len(costs):
            history = history.append(step, {"clock.measuring": costs[step - 1], "layers.every": before or 1.0})
    return history if before is None or costs else history.append(steps, {"layers.every": float(before)})


def naive(*, seconds, cost, step, before, share):
    """The smallest power of two that keeps within the share and the number of points."""
    wide = 1
    while 2 * cost / wide > max(share * seconds, LEAST) or step / wide > POINTS:
        wide *= 2
    return max(before, min(wide, 8 * before))


@given(
    seconds=st.floats(1e-5, 10),
    cost=st.floats(1e-6, 10),
    step=st.integers(2, 10**7),
    before=st.sampled_from([1, 2, 8, 64, 1024]),
    share=st.sampled_from([0.001, 0.02, 0.5]),
)
def test_the_interval_keeps_within_the_share(seconds, cost, step, before, share):
    found = interval(recorded(9, seconds=seconds, before=before), step=step, cost=cost, share=share)
    wanted = naive(seconds=seconds, cost=cost, step=step, before=before, share=share)
    assert found == wanted or math.isclose(found / wanted, 2.0) or math.isclose(found / wanted, 0.5)
    assert found >= before
    assert found & (found - 1) == 0


@pytest.mark.parametrize(
    ("seconds", "cost", "wide"),
    [
        (1.0, 0.009, 1),
        (1.0, 0.011, 2),
        (0.1, 0.0075, 8),
        (0.0001, 0.000005, 1),  # a share of a short step is less than 10 µs
        (0.0001, 0.000035, 8),
        (0.0001, 1.0, 8),  # not more than eightfold at once
    ],
)
def test_examples(seconds, cost, wide):
    assert interval(recorded(9, seconds=seconds), step=9, cost=cost) == wide


def test_a_share_is_a_share():
    history = recorded(9, seconds=1.0)
    assert [interval(history, step=9, cost=0.1, share=share) for share in (SHARE, 0.1, 1.0)] == [8, 2, 1]


def test_a_busy_moment_widens_nothing():
    history = recorded(9, seconds=1.0, costs=(0.01, 0.01, 0.01))
    assert interval(history, step=9, cost=5.0) == 1
    clock = {"clock.seconds": 1e-3}  # a step that was over at once
    assert interval(recorded(9, seconds=1.0).append(10, clock), step=10, cost=0.01) == 1


def test_of_the_first_step_only_its_end_is_known():
    assert interval(History().append(1, {"clock.seconds": 0.5}), step=1, cost=0.004) == 1
    assert interval(History(), step=1, cost=0.01) == 8


def test_a_long_run_records_few_points():
    """Measurements that cost nothing: the interval grows with the run alone."""
    points, wide, at = 0, 1, 0
    while at < 1_000_000:
        at += wide
        points += 1
        wide = interval(recorded(3, seconds=1.0, before=wide), step=at, cost=1e-9)
    assert points < 2000


def test_the_interval_in_force():
    assert every(History()) == 1
    assert every(recorded(3, seconds=1.0, before=64)) == 64
