"""The learning rate as a pure function of the optimizer step."""

from __future__ import annotations

import math

from kilter.values.recipe import Schedule
from kilter.values.schedule import Constant, Cosine, WarmupConstantCooldown


def rate(schedule: Schedule, *, step: int, total: int, steps_per_epoch: int) -> float:
    """What the base rate is multiplied with at an optimizer step.

    Args:
        schedule: the schedule and its lengths.
        step: the step that is about to be made, counted from 0.
        total: the steps of the whole run.
        steps_per_epoch: for lengths that are given in epochs.

    >>> [round(rate(Cosine(warmup="2st"), step=step, total=6, steps_per_epoch=6), 3) for step in range(6)]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    warmup = schedule.warmup.steps(steps_per_epoch=steps_per_epoch, total=total)
    if step < warmup:
        return (step + 1) / warmup
    match schedule:
        case Constant():
            return 1.0
        case Cosine(floor=floor):
            share = min(1.0, (step - warmup) / max(1, total - warmup))
            return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * share))
        case WarmupConstantCooldown(floor=floor):
            cooldown = schedule.cooldown.steps(steps_per_epoch=steps_per_epoch, total=total)
            left = min(1.0, max(0, total - step) / max(1, cooldown))
            return floor + (1 - floor) * left


def schedule_fault(schedule: Schedule, *, total: int, steps_per_epoch: int) -> str | None:
    """Why a schedule does not fit a run of that many steps; None where it does."""
    lengths = {"warmup": schedule.warmup.steps(steps_per_epoch=steps_per_epoch, total=total)}
    if isinstance(schedule, WarmupConstantCooldown):
        lengths["cooldown"] = schedule.cooldown.steps(steps_per_epoch=steps_per_epoch, total=total)
    if sum(lengths.values()) <= total:
        return None
    said = " and ".join(f"schedule.{name} takes {steps} steps" for name, steps in lengths.items())
    return f"{said}, and the whole run has {total}"
