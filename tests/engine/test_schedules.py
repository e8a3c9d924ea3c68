import math
from typing import get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.engine.schedules import curve, ends, lengths, rate, schedule_faults
from kilter.values.recipe import Recipe
from kilter.values.schedule import (
    AnySchedule,
    Constant,
    Cosine,
    Cyclical,
    InverseRoot,
    Linear,
    OneCycle,
    Plateau,
    Polynomial,
    WarmRestarts,
    WarmupConstantCooldown,
)

torch_rates = torch.optim.lr_scheduler

WARMED = (  # a warm-up, then never up again
    Constant(warmup="10%"),
    Linear(warmup="10%"),
    Polynomial(warmup="10%", power=3, floor=0.2),
    InverseRoot(warmup="10%"),
    Cosine(warmup="10%", floor=0.1),
    Plateau(warmup="4st"),
    WarmupConstantCooldown(warmup="3st", cooldown="30%"),
    WarmupConstantCooldown(warmup="3st", cooldown="30%", shape="one_minus_sqrt", floor=0.05),
)
OTHERS = (
    OneCycle(),
    Cyclical(period="10st", decay=0.5),
    WarmRestarts(warmup="2st", first="7st", growth=1.5),
)


def rates(schedule, total, *, steps_per_epoch=10):
    at = curve(schedule, total=total, steps_per_epoch=steps_per_epoch)
    return [at(step) for step in range(total)]


def scheduled(make, total):
    """The shares of the rate that a scheduler of torch makes."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, made = make(optimizer), []
    for _ in range(total):
        made.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return made


def faults(schedule, *, total, **others):
    return [
        str(fault) for fault in schedule_faults(Recipe(schedule=schedule, **others), total=total, steps_per_epoch=5)
    ]


def test_every_schedule_is_tried_here():
    assert {type(schedule) for schedule in (*WARMED, *OTHERS)} == set(get_args(AnySchedule))


@given(st.integers(20, 500), st.sampled_from((*WARMED, *OTHERS)))
def test_a_rate_is_a_share_of_the_highest(total, schedule):
    made = rates(schedule, total)
    assert all(0 <= value <= 1 for value in made)
    assert max(made) == pytest.approx(1.0)


@given(st.integers(20, 500), st.sampled_from(WARMED))
def test_a_warmup_climbs_in_equal_steps_and_what_follows_never_climbs(total, schedule):
    made = rates(schedule, total)
    warmup = schedule.warmup.steps(steps_per_epoch=10, total=total)
    assert made[:warmup] == pytest.approx([(step + 1) / warmup for step in range(warmup)])
    assert all(later <= earlier + 1e-12 for earlier, later in zip(made[warmup:], made[warmup + 1 :], strict=False))


@given(st.integers(20, 300), st.sampled_from((*WARMED, *OTHERS)), st.data())
def test_a_rate_of_one_step_is_that_of_the_curve(total, schedule, data):
    step = data.draw(st.integers(0, total - 1))
    assert rate(schedule, step=step, total=total, steps_per_epoch=10) == rates(schedule, total)[step]


@given(st.integers(1, 60), st.integers(1, 400))
def test_inverse_root_is_its_formula(warmup, number):
    """α(s) = C · min(1/√s, s/w^1.5), with C = √w, so that the optimizer's rate is the highest."""
    expected = math.sqrt(warmup) * min(1 / math.sqrt(number), number / warmup**1.5)
    schedule = InverseRoot(warmup=f"{warmup}st")
    assert rate(schedule, step=number - 1, total=1000, steps_per_epoch=10) == pytest.approx(expected, rel=1e-12)
    assert rate(schedule, step=warmup - 1, total=1000, steps_per_epoch=10) == 1.0


def test_a_cosine_against_torch():
    made = scheduled(lambda o: torch_rates.CosineAnnealingLR(o, 40, eta_min=0.2), 40)
    assert rates(Cosine(warmup="0st", floor=0.2), 40) == pytest.approx(made)


@pytest.mark.parametrize(("power", "schedule"), [(1, Linear(warmup="5st")), (2.5, Polynomial(warmup="5st", power=2.5))])
def test_a_way_down_against_torch_after_its_warmup(power, schedule):
    made = scheduled(lambda o: torch_rates.PolynomialLR(o, 35, power=power), 35)
    assert rates(schedule, 40)[5:] == pytest.approx(made)


def test_floors_against_their_formulas():
    for step in range(11):
        left = 1 - step / 10
        for schedule, height in (
            (Linear(warmup="0st", floor=0.3), left),
            (Polynomial(warmup="0st", floor=0.3), left**2),
        ):
            assert rate(schedule, step=step, total=10, steps_per_epoch=5) == pytest.approx(0.3 + 0.7 * height)


@pytest.mark.parametrize("total", [10, 47, 200])
def test_one_cycle_against_torch(total):
    rise = round(0.3 * total)
    made = scheduled(
        lambda o: torch_rates.OneCycleLR(o, 1.0, total_steps=total, pct_start=rise / total, cycle_momentum=False),
        total - 1,
    )
    assert rates(OneCycle(rise=f"{rise}st"), total)[:-1] == pytest.approx(made)
    assert rates(OneCycle(rise=f"{rise}st"), total)[-1] == pytest.approx(4e-6)


@pytest.mark.parametrize(("mode", "decay"), [("triangular", 1.0), ("triangular2", 0.5)])
@pytest.mark.parametrize("period", [2, 9, 20])
def test_triangles_against_torch(mode, decay, period):
    made = scheduled(
        lambda o: torch_rates.CyclicLR(o, 0.1, 1.0, step_size_up=period / 2, mode=mode, cycle_momentum=False), 60
    )
    assert rates(Cyclical(period=f"{period}st", floor=0.1, decay=decay), 60) == pytest.approx(made)


@pytest.mark.parametrize(("first", "growth"), [(7, 1), (5, 2), (3, 3)])
def test_restarts_against_torch(first, growth):
    made = scheduled(lambda o: torch_rates.CosineAnnealingWarmRestarts(o, first, T_mult=growth, eta_min=0.05), 150)
    schedule = WarmRestarts(first=f"{first}st", growth=growth, floor=0.05)
    assert rates(schedule, 150) == pytest.approx(made)


def test_every_restart_begins_at_the_highest_rate_where_lengths_are_rounded():
    made = rates(WarmRestarts(first="3st", growth=1.5), 40)
    assert [step for step, value in enumerate(made) if value == 1.0] == [0, 3, 3 + 4, 3 + 4 + 7, 3 + 4 + 7 + 10, 39]


def test_a_cooldown_goes_to_its_floor_straight_or_by_the_root():
    straight = WarmupConstantCooldown(warmup="0st", cooldown="4st")
    root = WarmupConstantCooldown(warmup="0st", cooldown="4st", shape="one_minus_sqrt")
    made = [
        [rate(schedule, step=step, total=10, steps_per_epoch=10) for step in range(11)] for schedule in (straight, root)
    ]
    assert made[0] == pytest.approx([1, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0])
    assert made[1] == pytest.approx([1, 1, 1, 1, 1, 1, 1, 0.5, 1 - 0.5**0.5, 1 - 0.75**0.5, 0])


def test_a_constant_rate_is_that_of_a_cooldown_before_it_begins():
    trunk = rates(Constant(warmup="5st"), 30)
    child = rates(WarmupConstantCooldown(warmup="5st", cooldown="8st"), 30)
    assert child[:23] == trunk[:23]
    assert child[23:] < trunk[23:]


def test_what_does_not_fit_the_run_is_said():
    assert faults(Cosine(warmup="10st"), total=10) == []
    assert "schedule.warmup takes 12 steps; the whole run has 10" in faults(Cosine(warmup="12st"), total=10)[0]
    both = WarmupConstantCooldown(warmup="1ep", cooldown="6st")
    assert "schedule.warmup takes 5 steps and schedule.cooldown takes 6 steps" in faults(both, total=10)[0]
    for schedule, field in (
        (OneCycle(rise="11st"), "rise"),
        (Cyclical(period="11st"), "period"),
        (WarmRestarts(first="11st"), "first"),
        (InverseRoot(warmup="110%"), "warmup"),
    ):
        (said,) = faults(schedule, total=10)
        assert f"schedule.{field} takes 11 steps" in said


def test_a_period_of_one_step_never_leaves_its_floor_and_is_said():
    assert "2 steps or more" in faults(Cyclical(period="1st"), total=10)[0]


def test_an_optimizer_that_averages_takes_no_schedule_but_a_warmup():
    optimizer = Recipe().replace("optimizer.name", "schedule_free_adamw").optimizer
    assert faults(Constant(warmup="2st"), total=10, optimizer=optimizer) == []
    assert "may only warm it up" in faults(Cosine(), total=10, optimizer=optimizer)[0]


@pytest.mark.parametrize(
    "schedule",
    [Constant(warmup="1ep"), InverseRoot(warmup="9st"), Cyclical(), WarmRestarts(), Plateau()],
    ids=lambda schedule: schedule.name,
)
def test_what_does_not_end_goes_on_the_same_whatever_the_length(schedule):
    assert not ends(schedule)
    assert rates(schedule, 60) == rates(schedule, 10**4)[:60]


@pytest.mark.parametrize(
    "schedule",
    [Linear(), Polynomial(), Cosine(), OneCycle(), WarmupConstantCooldown(), InverseRoot(), Constant(warmup="5%")],
    ids=lambda schedule: schedule.name,
)
def test_what_ends_or_has_a_share_of_the_run_depends_on_its_length(schedule):
    assert ends(schedule)
    assert rates(schedule, 60) != rates(schedule, 120)[:60]


def test_lengths_go_by_their_fields():
    assert {name: str(length) for name, length in lengths(WarmRestarts()).items()} == {"warmup": "0st", "first": "2ep"}
