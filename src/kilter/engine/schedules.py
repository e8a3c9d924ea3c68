"""The learning rate as a pure function of the optimizer step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from kilter.values.duration import Duration
from kilter.values.errors import Fault
from kilter.values.recipe import Schedule, ScheduleFreeAdamW
from kilter.values.schedule import (
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

if TYPE_CHECKING:
    from kilter.values.recipe import Recipe

ENDING: Final = (Linear, Polynomial, Cosine, OneCycle, WarmupConstantCooldown)
"""Those whose rate depends on where the run ends."""


def rate(schedule: Schedule, *, step: int, total: int, steps_per_epoch: int) -> float:
    """What the optimizer's rate is multiplied with at a step: 1 at the highest point of the run.

    A plateau is lowered by what was recorded, and stands here before that: see `training/plateau.py`.

    Args:
        schedule: the schedule and its lengths.
        step: the step that is about to be made, counted from 0.
        total: the steps of the whole run.
        steps_per_epoch: for lengths that are given in epochs.

    >>> [round(rate(Cosine(warmup="2st"), step=step, total=6, steps_per_epoch=6), 3) for step in range(6)]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    return curve(schedule, total=total, steps_per_epoch=steps_per_epoch)(step)


def curve(schedule: Schedule, *, total: int, steps_per_epoch: int) -> Callable[[int], float]:
    """`rate` as a function of the step alone, whose lengths were told in steps once."""
    steps = {name: each.steps(steps_per_epoch=steps_per_epoch, total=total) for name, each in lengths(schedule).items()}
    match schedule:
        case OneCycle():
            return partial(_one_cycle, start=schedule.start, floor=schedule.floor, rise=steps["rise"], total=total)
        case Cyclical():
            return partial(_triangles, decay=schedule.decay, floor=schedule.floor, period=steps["period"])
        case _:
            warmup = steps["warmup"]
            # The floor of a plateau bounds what its factors come to.
            floor = 0.0 if isinstance(schedule, Constant | InverseRoot | Plateau) else schedule.floor
    match schedule:
        case Constant() | Plateau():
            height: Callable[[int], float] = _highest
        case InverseRoot():
            height = partial(_inverse_root, warmup=warmup)
        case Linear() | Polynomial():
            power = 1.0 if isinstance(schedule, Linear) else schedule.power
            height = partial(_power, power=power, start=warmup, end=total)
        case Cosine():
            height = partial(_half_cosine, start=warmup, end=total)
        case WarmRestarts():
            height = partial(_restarted, start=warmup, first=steps["first"], growth=schedule.growth)
        case WarmupConstantCooldown(shape="linear"):
            height = partial(_power, power=1.0, start=total - steps["cooldown"], end=total)
        case WarmupConstantCooldown():
            height = partial(_one_minus_root, start=total - steps["cooldown"], end=total)
    return partial(_warmed, warmup=warmup, floor=floor, height=height)


def _warmed(step: int, *, warmup: int, floor: float, height: Callable[[int], float]) -> float:
    """Up in equal steps, then between a floor and 1."""
    return (step + 1) / warmup if step < warmup else floor + (1 - floor) * height(step)


def _share(step: int, start: int, end: int) -> float:
    return min(1.0, max(0, step - start) / max(1, end - start))


def _highest(_step: int) -> float:
    return 1.0


def _inverse_root(step: int, *, warmup: int) -> float:
    return math.sqrt(warmup / (step + 1))


def _power(step: int, *, power: float, start: int, end: int) -> float:
    return math.pow(1 - _share(step, start, end), power)


def _half_cosine(step: int, *, start: int, end: int) -> float:
    return 0.5 * (1 + math.cos(math.pi * _share(step, start, end)))


def _one_minus_root(step: int, *, start: int, end: int) -> float:
    return 1 - math.sqrt(_share(step, start, end))


def _restarted(step: int, *, start: int, first: int, growth: float) -> float:
    """The n-th cosine takes first · growth^n, in whole steps."""
    if growth == 1:
        return _half_cosine((step - start) % first, start=0, end=first)
    restarts, length = 0, first
    while step >= start + length:
        start, restarts = start + length, restarts + 1
        length = round(first * math.pow(growth, restarts))
    return _half_cosine(step, start=start, end=start + length)


def _one_cycle(step: int, *, start: float, floor: float, rise: int, total: int) -> float:
    """Highest in step number `rise`, counted from 1, and lowest in the last one."""
    if step < rise - 1:
        return start + (1 - start) * (1 - _half_cosine(step, start=0, end=rise - 1))
    return floor + (1 - floor) * _half_cosine(step, start=rise - 1, end=total - 1)


def _triangles(step: int, *, decay: float, floor: float, period: int) -> float:
    cycles, at = divmod(step, period)
    return floor + (1 - floor) * math.pow(decay, cycles) * (1 - abs(2 * at / period - 1))


def ends(schedule: Schedule) -> bool:
    """Whether a rate depends on the length of the run, which a run that the clock ends does not know.

    >>> ends(Constant()), ends(Constant(warmup="5%")), ends(Cosine(warmup="0st"))
    (False, True, True)
    """
    return isinstance(schedule, ENDING) or any(length.unit == "%" for length in lengths(schedule).values())


def lengths(schedule: Schedule) -> dict[str, Duration]:
    """The lengths that a schedule is made of, by their fields."""
    fields = {name: getattr(schedule, name) for name in type(schedule).model_fields}
    return {name: value for name, value in fields.items() if isinstance(value, Duration)}


def schedule_faults(recipe: Recipe, *, total: int, steps_per_epoch: int) -> Iterator[Fault]:
    """Why the schedule of a recipe cannot take effect in a run of that many steps; nothing where it can."""
    schedule = recipe.schedule
    if isinstance(recipe.optimizer, ScheduleFreeAdamW) and not isinstance(schedule, Constant):
        yield Fault(
            met=f"schedule.name = {schedule.name!r} with optimizer.name = {recipe.optimizer.name!r}",
            legal="an optimizer that averages its steps takes the place of a schedule, which may only warm it up",
            remedy="use `schedule: constant`, with a `warmup` if wanted",
        )
        return
    steps = {name: each.steps(steps_per_epoch=steps_per_epoch, total=total) for name, each in lengths(schedule).items()}
    if sum(steps.values()) > total:
        said = " and ".join(
            f"schedule.{name} takes {count:,} step{'s' * (count != 1)}" for name, count in steps.items()
        )
        yield Fault(
            met=f"{said}; the whole run has {total:,}",
            legal="a schedule fits its run",
            remedy=f"shorten {'it' if len(steps) == 1 else 'them'}, or lengthen train.length = {recipe.train.length}",
        )
    if isinstance(schedule, Cyclical) and steps["period"] < 2:
        yield Fault(
            met=f"schedule.period = {schedule.period}: 1 step",
            legal="a rate that goes up and down takes 2 steps or more",
            remedy="lengthen it, or use `schedule: constant`",
        )
