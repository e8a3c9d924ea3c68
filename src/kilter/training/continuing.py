"""Recipes that go on where a run stood: annealed from one of its steps, or the same for longer.

Either is legal where the steps that were made are those that the new recipe would have made, to the last bit: the
order of data is a function of seed and epoch, the rate one of the step. What was told in percent of the old length is
told in its steps, so that it stays where it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kilter.engine.schedules import ENDING, lengths
from kilter.values.errors import UsageError
from kilter.values.recipe import ScheduleFreeAdamW
from kilter.values.schedule import Constant, WarmupConstantCooldown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kilter.training.itinerary import Itinerary
    from kilter.values.duration import Duration
    from kilter.values.recipe import Recipe

SHAPES: Final = ("one_minus_sqrt", "linear")
"""How a cooldown goes down: 1 - √(share of the way) (Hägele et al. 2024), or a straight line."""


def cooled(
    recipe: Recipe, itinerary: Itinerary, *, step: int, length: Duration, shape: str = "one_minus_sqrt"
) -> dict[str, object]:
    """What changes in a recipe whose rate goes down to nothing from a step on, by dotted paths.

    It is that of the whole run, `wsd`, whose cooldown begins there. It makes its whole length: neither patience nor a
    threshold ends it.

    Args:
        recipe: of the run that is annealed.
        itinerary: its steps.
        step: after which the rate goes down.
        length: of the cooldown: steps, epochs, or a share of the whole run that it ends.
        shape: of the way down.

    Raises:
        UsageError: the rate is not constant up to that step, or the length is none.
    """
    if shape not in SHAPES:
        raise UsageError(f"the shape {shape!r}", legal=f"it is {' or '.join(SHAPES)}")
    warmup = _warmup_before(recipe, itinerary, step)
    cooldown = _steps_of(length, step, itinerary)
    return {
        **_in_steps(recipe, itinerary),
        "schedule.name": "wsd",
        "schedule.warmup": f"{warmup}st",
        "schedule.cooldown": f"{cooldown}st",
        "schedule.shape": shape,
        "schedule.floor": 0.0,
        "train.length": f"{step + cooldown}st",
        "stop.patience": None,
        "stop.threshold": None,
    }


def lengthened(recipe: Recipe, itinerary: Itinerary, *, step: int, to: Duration) -> dict[str, object]:
    """What changes in a recipe that goes on after a step until another length, by dotted paths.

    Args:
        recipe: of the run that goes on.
        itinerary: its steps, as long as it was.
        step: that was made last.
        to: the new length of the whole run.

    Raises:
        UsageError: a rate of the steps that were made hangs on the old length, or the new one is none.
    """
    schedule, length = recipe.schedule, recipe.train.length
    if to.unit == "%" or to.amount <= 0:
        raise UsageError(
            f"--to {to}",
            legal="the length of the whole run: epochs ('20ep'), steps ('5000st') or minutes ('90min')",
            remedy="say how long it is to be in all",
        )
    if isinstance(schedule, WarmupConstantCooldown):
        begins = constant_until(recipe, itinerary)
        if step > begins:
            raise UsageError(
                f"the rate goes down from step {begins:,} on (schedule.name = 'wsd'), and {step:,} steps were made",
                legal="a run with a cooldown goes on from before it",
                remedy=f"anneal a checkpoint up to step {begins:,} for longer with `kilter cooldown`, if one is left",
            )
        return _in_steps(recipe, itinerary, but="cooldown") | {"train.length": str(to)}
    if isinstance(schedule, ENDING):
        raise UsageError(
            f"schedule.name = {schedule.name!r}: its rate hangs on the length of the run, and {step:,} steps were made "
            f"at rates for {length}",
            legal="what goes on has a rate that does not know where it ends: constant, or wsd before its cooldown",
            remedy=f"train again with train.length={to}; a run with `schedule: constant` goes on at any time, and "
            "`kilter cooldown` ends it from any of its checkpoints",
        )
    return _in_steps(recipe, itinerary) | {"train.length": str(to)}


def changed(recipe: Recipe, changes: Mapping[str, object]) -> Recipe:
    """A recipe with other values at dotted paths.

    Raises:
        RecipeError: one of them is not legal.
    """
    for path in sorted(changes, key=lambda path: not path.endswith(".name")):  # a name drops what stood beside it
        recipe = recipe.replace(path, changes[path])
    return recipe


def constant_until(recipe: Recipe, itinerary: Itinerary) -> int:
    """The steps after which the rate goes down to the end of the run; all of them where it has no cooldown."""
    schedule = recipe.schedule
    cooldown = _told(schedule.cooldown, itinerary) if isinstance(schedule, WarmupConstantCooldown) else 0
    return itinerary.total - cooldown


def _warmup_before(recipe: Recipe, itinerary: Itinerary, step: int) -> int:
    """The steps of the warm-up of a rate that is constant between it and a step."""
    schedule = recipe.schedule
    if isinstance(recipe.optimizer, ScheduleFreeAdamW):
        raise UsageError(
            f"optimizer.name = {recipe.optimizer.name!r}: its average takes the place of a cooldown",
            legal="a run that is annealed has an optimizer with a schedule",
            remedy="take its weights as they are; they are those of a finished run at every evaluation",
        )
    if not isinstance(schedule, Constant | WarmupConstantCooldown):
        raise UsageError(
            f"schedule.name = {schedule.name!r}: its rate is not constant, and a cooldown begins at the highest rate",
            legal="a run that is annealed has `schedule: constant`, or wsd and a step before its cooldown",
            remedy="train with `schedule: constant`, which `kilter train --extend` lengthens and a cooldown ends",
        )
    warmup, end = _told(schedule.warmup, itinerary), constant_until(recipe, itinerary)
    if not warmup <= step <= end:
        where = f"the warm-up ends at step {warmup:,}" if step < warmup else f"the rate goes down from step {end:,} on"
        raise UsageError(
            f"a cooldown from step {step:,}, and {where}",
            legal=f"it begins where the rate is constant, from step {warmup:,} on"
            + (f" up to step {end:,}" if isinstance(schedule, WarmupConstantCooldown) else ""),
            remedy="begin from another checkpoint",
        )
    return warmup


def _steps_of(length: Duration, step: int, itinerary: Itinerary) -> int:
    """The steps of a cooldown; a share is one of the run that it ends, so that 20 % after 4000 steps are 1000."""
    if length.is_clock or length.amount <= 0 or (length.unit == "%" and length.amount >= 100):
        raise UsageError(
            f"a cooldown for {length}",
            legal="a share of the run that it ends, less than all of it ('20%'), steps ('500st') or epochs ('2ep')",
            remedy="a fifth is usual: '20%'",
        )
    if length.unit == "%":
        share = length.amount / 100
        return max(1, round(step * share / (1 - share)))
    return max(1, length.steps(steps_per_epoch=itinerary.steps_per_epoch))


def _in_steps(recipe: Recipe, itinerary: Itinerary, *, but: str = "") -> dict[str, object]:
    """Lengths in percent of the run, told in steps of the run as long as it was; `but` one of the schedule's."""
    told = {f"schedule.{name}": length for name, length in lengths(recipe.schedule).items() if name != but}
    told |= {"train.evaluate_every": recipe.train.evaluate_every, "save.every": recipe.save.every}
    return {path: f"{max(1, _told(length, itinerary))}st" for path, length in told.items() if length.unit == "%"}


def _told(length: Duration, itinerary: Itinerary) -> int:
    return length.steps(steps_per_epoch=itinerary.steps_per_epoch, total=itinerary.total)
