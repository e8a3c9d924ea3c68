import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.engine.schedules import rate, schedule_fault
from kilter.values.recipe import Recipe
from kilter.values.schedule import Constant, Cosine, WarmupConstantCooldown

SCHEDULES = (
    Constant(warmup="10%"),
    Cosine(warmup="10%", floor=0.1),
    WarmupConstantCooldown(warmup="3st", cooldown="30%"),
)


@given(st.integers(20, 500), st.sampled_from(SCHEDULES))
def test_a_rate_is_a_share_of_the_base(total, schedule):
    rates = [rate(schedule, step=step, total=total, steps_per_epoch=10) for step in range(total)]
    assert all(0 < value <= 1 for value in rates)
    assert max(rates) == pytest.approx(1.0)


@given(st.integers(20, 500), st.sampled_from(SCHEDULES))
def test_a_warmup_climbs_in_equal_steps_and_what_follows_never_climbs(total, schedule):
    rates = [rate(schedule, step=step, total=total, steps_per_epoch=10) for step in range(total)]
    warmup = schedule.warmup.steps(steps_per_epoch=10, total=total)
    assert rates[:warmup] == pytest.approx([(step + 1) / warmup for step in range(warmup)])
    assert all(later <= earlier + 1e-12 for earlier, later in zip(rates[warmup:], rates[warmup + 1 :], strict=False))


def test_a_cosine_against_its_formula():
    schedule = Cosine(warmup="0st", floor=0.2)
    for step in range(11):
        expected = 0.2 + 0.8 * 0.5 * (1 + math.cos(math.pi * step / 10))
        assert rate(schedule, step=step, total=10, steps_per_epoch=5) == pytest.approx(expected)


def test_a_cooldown_goes_straight_to_its_floor():
    schedule = WarmupConstantCooldown(warmup="0st", cooldown="4st")
    rates = [rate(schedule, step=step, total=10, steps_per_epoch=10) for step in range(11)]
    assert rates == pytest.approx([1, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0])


def test_a_schedule_longer_than_the_run_is_said():
    assert "12 steps" in str(schedule_fault(Cosine(warmup="12st"), total=10, steps_per_epoch=5))
    assert schedule_fault(Cosine(warmup="10st"), total=10, steps_per_epoch=5) is None


def test_every_schedule_of_a_recipe_has_a_rate():
    for name in ("constant", "cosine", "wsd"):
        schedule = Recipe().replace("schedule.name", name).schedule
        assert rate(schedule, step=50, total=100, steps_per_epoch=10) == pytest.approx(1.0, abs=0.6)
