"""The plan of a training: its arithmetic and the curve of its learning rate, before the first step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kilter.engine.schedules import curve, lengths
from kilter.training.itinerary import ENDLESS
from kilter.values.plan import Mark, Plan
from kilter.values.schedule import WarmupConstantCooldown

if TYPE_CHECKING:
    from kilter.training.itinerary import Itinerary
    from kilter.values.duration import Duration
    from kilter.values.pipeline import Pipeline
    from kilter.values.recipe import Schedule

MOST_POINTS: Final = 600  # of a curve; more than a figure is wide in pixels, and no more than a file wants
ENDLESS_EPOCHS: Final = 5  # that are told of a run that the clock ends

_TURNS: Final = {  # what happens at the end of a length that stands at the start of a run
    "warmup": "warm-up ends",
    "rise": "highest",
    "period": "first period ends",
}


def lay_out(pipeline: Pipeline, itinerary: Itinerary) -> Plan:
    """What a pipeline's training will do on its way."""
    recipe = pipeline.recipe
    batches = [len(rows) for rows in pipeline.splits["train"].plan(seed=recipe.train.seed, epoch=0)]
    known = itinerary.total < ENDLESS
    each = itinerary.steps_per_epoch
    marks = [*_marks(recipe.schedule, total=itinerary.total, steps_per_epoch=each)]
    last = itinerary.total if known else max(ENDLESS_EPOCHS * each, *(2 * mark.step for mark in marks), 2)
    height = curve(recipe.schedule, total=itinerary.total, steps_per_epoch=each)
    at = _spread(last, {mark.step for mark in marks})
    return Plan(
        rows=len(pipeline.splits["train"]),
        rows_an_epoch=sum(batches),
        batches=len(batches),
        smallest=min(batches),
        largest=max(batches),
        tokens=recipe.batch.tokens,
        accumulate=recipe.batch.accumulate,
        steps_per_epoch=each,
        steps=itinerary.total if known else None,
        epochs=_epochs(recipe.train.length, itinerary) if known else None,
        length=str(recipe.train.length),
        schedule=recipe.schedule.name,
        at=at,
        rates=tuple(recipe.optimizer.learning_rate * height(step - 1) for step in at),
        marks=(*marks, Mark(step=last, text="end")) if known else tuple(marks),
    )


def _epochs(length: Duration, itinerary: Itinerary) -> float:
    return length.amount if length.unit == "ep" else itinerary.total / itinerary.steps_per_epoch


def _marks(schedule: Schedule, *, total: int, steps_per_epoch: int) -> Iterator[Mark]:
    """Where a rate turns, the end of the run apart."""
    steps = {name: each.steps(steps_per_epoch=steps_per_epoch, total=total) for name, each in lengths(schedule).items()}
    for name, text in _TURNS.items():
        if steps.get(name, 0) > 1:  # a warm-up of one step is none
            yield Mark(step=steps[name], text=text)
    if "first" in steps and steps["warmup"] + steps["first"] < total:
        yield Mark(step=steps["warmup"] + steps["first"] + 1, text="first restart")
    if isinstance(schedule, WarmupConstantCooldown):
        yield Mark(step=total - steps["cooldown"] + 1, text="cooldown begins")


def _spread(last: int, wanted: set[int]) -> tuple[int, ...]:
    """At most `MOST_POINTS` steps from 1 to `last`, evenly spread, and those that are wanted with their neighbours."""
    count = min(last, MOST_POINTS)
    even = {1 + round(place * (last - 1) / max(1, count - 1)) for place in range(count)}
    beside = {step + offset for step in wanted for offset in (-1, 0, 1)}
    return tuple(sorted(step for step in even | beside if 1 <= step <= last))
