"""The way of a run, known before its first step: which rows make up which optimizer step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, final

from kilter.engine.schedules import ENDING, ends, lengths
from kilter.values.errors import RecipeError, UsageError

if TYPE_CHECKING:
    from kilter.values.duration import Duration
    from kilter.values.recipe import Recipe
    from kilter.values.source import Source

ENDLESS = 10**9
"""Steps of a run that only the clock ends."""


class Leg(NamedTuple):
    """One optimizer step to come: its number from 0, its epoch from 0, the rows of each batch of its window."""

    step: int
    epoch: int
    window: Sequence[Sequence[int]]


@final
class Itinerary:
    """Every step of a run from the recipe and the seed; any leg can be looked up without going there.

    Raises:
        RecipeError: the clock ends the run and the schedule needs to know its length.
        UsageError: there is nothing to train on.
    """

    def __init__(self, source: Source, recipe: Recipe) -> None:
        if len(source) == 0:
            raise UsageError("the training split is empty", remedy="give it rows, or look at how the data were split")
        self._source = source
        self._seed = recipe.train.seed
        self._accumulate = recipe.batch.accumulate
        self.steps_per_epoch = len(self._windows(0))
        length = recipe.train.length
        if length.is_clock and ends(recipe.schedule):
            raise _unended(recipe)
        self._ends: list[int] = []  # the step at which each epoch ends, as far as it was needed
        self.total = ENDLESS if length.is_clock else self._steps(length.amount, length.unit)

    def _steps(self, amount: float, unit: str) -> int:
        if unit == "st":
            return max(1, round(amount))
        whole = int(amount)
        part = amount - whole
        extra = round(part * self._length(whole)) if part else 0
        return max(1, self._end(whole) + extra)

    def _length(self, epoch: int) -> int:
        return len(self._windows(epoch))

    def _end(self, epochs: int) -> int:
        while len(self._ends) < epochs:
            so_far = self._ends[-1] if self._ends else 0
            self._ends.append(so_far + self._length(len(self._ends)))
        return self._ends[epochs - 1] if epochs else 0

    def _windows(self, epoch: int) -> list[Sequence[Sequence[int]]]:
        plan = self._source.plan(seed=self._seed, epoch=epoch)
        return [plan[at : at + self._accumulate] for at in range(0, len(plan), self._accumulate)]

    def epoch_of(self, step: int) -> int:
        """The epoch, from 0, to which a step belongs."""
        while not self._ends or self._ends[-1] <= step:
            self._end(len(self._ends) + 1)
        return bisect_right(self._ends, step)

    def falls_due(self, every: Duration, step: int) -> bool:
        """Whether something that happens so often happens after `step` steps, epoch by epoch or step by step.

        An interval by the clock never does: what the clock says is recorded first (see `clock.passed`).

        Raises:
            RecipeError: a share of a run whose length nobody knows.
        """
        if every.is_clock:
            return False
        if every.unit == "%":
            interval = self._share(every)
        elif every.unit == "ep" and every.amount == int(every.amount):
            epoch = self.epoch_of(step - 1)
            return self._ends[epoch] == step and (epoch + 1) % int(every.amount) == 0
        else:
            interval = every.steps(steps_per_epoch=self.steps_per_epoch)
        return step % max(1, interval) == 0

    def _share(self, every: Duration) -> int:
        if self.total == ENDLESS:
            raise RecipeError(
                f"an interval of {every} in a run that the clock ends",
                legal="a share is one of a known number of steps",
                remedy="use epochs ('1ep'), steps ('200st') or minutes ('10min')",
            )
        return every.steps(steps_per_epoch=self.steps_per_epoch, total=self.total)

    def legs(self, start: int = 0) -> Iterator[Leg]:
        """The steps from `start` to the end."""
        step = start
        while step < self.total:
            epoch = self.epoch_of(step)
            first = self._end(epoch)
            for window in self._windows(epoch)[step - first :]:
                if step >= self.total:
                    return
                yield Leg(step, epoch, window)
                step += 1

    def ids(self, step: int) -> tuple[str, ...]:
        """The names of the rows that a step was made of, counted from 1; none beyond the run."""
        leg = next(self.legs(step - 1), None) if step > 0 else None
        return () if leg is None else tuple(self._source.ids[row] for rows in leg.window for row in rows)

    def describe(self) -> dict[str, int]:
        """The arithmetic of the run, for people."""
        return {"rows": len(self._source), "steps_per_epoch": self.steps_per_epoch, "steps": self.total}


def _unended(recipe: Recipe) -> RecipeError:
    length, name = recipe.train.length, recipe.schedule.name
    shares = [f"schedule.{field} = {each}" for field, each in lengths(recipe.schedule).items() if each.unit == "%"]
    if shares and not isinstance(recipe.schedule, ENDING):
        return RecipeError(
            f"train.length = {length} and {', '.join(shares)} of schedule.name = {name!r}",
            legal="a share is one of a known number of steps, which a run by the clock has not",
            remedy="say it in steps ('200st') or epochs ('1ep')",
        )
    return RecipeError(
        f"train.length = {length} and schedule.name = {name!r}",
        legal="a schedule that ends needs a run in epochs or steps",
        remedy="use `schedule: constant`, or a train.length such as '10ep'",
    )
