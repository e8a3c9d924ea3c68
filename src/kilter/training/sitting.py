"""One sitting of a training: each event is recorded, told and judged; each settled step is decided on and saved."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, final

from kilter.training.account import Account
from kilter.training.asking import ask, ask_again, latest
from kilter.training.batch_names import named
from kilter.training.clock import Clock, last_step, over, passed
from kilter.training.events import Counted, Evaluated, Event, Finished, Hook, Measured, StepDone, Stop
from kilter.training.pacing import every
from kilter.training.plateau import plateau_scale
from kilter.training.rows import record
from kilter.training.stopping import best_step, metric_faults
from kilter.training.unmade import back_off_scale
from kilter.values.curve_names import SECONDS
from kilter.values.errors import RecipeError
from kilter.values.finding import Finding, Severity, in_order
from kilter.values.history import History
from kilter.values.sample import Sampled

if TYPE_CHECKING:
    from kilter.training.itinerary import Itinerary
    from kilter.training.keeping import Keeper
    from kilter.training.loop import Training
    from kilter.values.errors import Fault
    from kilter.values.recipe import Recipe, Train


_LOG: Final = logging.getLogger("kilter")

NAMED: Final = 8
"""Examples of a step without an update that are named at most."""


class Observer(Protocol):
    """Somebody who is told what happens, after it was recorded: a tracker, a progress bar. It decides nothing."""

    def see(self, event: Event, history: History) -> None:
        """An event, and the history that already holds it."""

    def flush(self) -> None:
        """What was seen must be on disk now: a checkpoint is about to be written."""


@final
@dataclass(slots=True, kw_only=True)
class Sitting:
    """What changes in one go at a training, from its start or from a checkpoint; `history` alone decides.

    Attributes:
        recipe: every number that decides.
        itinerary: the steps to come.
        training: model, optimizer, and what the next step is to be.
        keeper: where weights go.
        hooks: what may stop the training or find something.
        observers: who is told.
        measuring: share of the steps' time in which layers may be measured.
        history: all that was recorded.
        samples: what was said of a few examples.
        kept: the last step that was saved; None before the first.
        stop: the wish to end, where there is one.
        findings: of the last evaluation.
        best: the step of the best evaluation; None before the first.
        told_of: codes of the findings that were said.
        clock: counts on from earlier sittings.
    """

    recipe: Recipe
    itinerary: Itinerary
    training: Training
    keeper: Keeper
    hooks: tuple[Hook, ...]
    observers: tuple[Observer, ...]
    measuring: float
    history: History
    samples: tuple[Sampled, ...]
    kept: int | None
    stop: Stop | None = field(init=False)
    findings: tuple[Finding, ...] = field(init=False)
    best: int | None = field(init=False)
    told_of: frozenset[str] = field(init=False)
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        """Take up what was decided before."""
        history, training, train = self.history, self.training, self.recipe.train
        stop, self.findings = ask_again(self.hooks, history)
        self.stop = stop or over(history, train.length)
        self.best = best_step(history, self.recipe.stop)
        self.told_of = frozenset(finding.code for finding in self.findings)
        training.measure_every = every(history) if self.measuring else 0
        training.account = Account(history)
        training.scale = scale(history, self.recipe)
        training.look = self.kept is None or looks(history, train)
        self.clock = Clock(history.last(SECONDS) or 0.0)

    def take(self, event: Event) -> None:
        """Record an event, tell it, ask the hooks; what was recorded decides on the next step."""
        self._record(event)
        asked, found = ask(self.hooks, event, self.history)
        self.stop = self.stop or asked
        if isinstance(event, Evaluated):
            self._take_evaluation(event, found)
        self._steer(event)

    def settle(self, asked: Stop | None) -> None:
        """After all that belongs to a step: decide whether it is the last one, and save what must be kept.

        Args:
            asked: the wish to stop of somebody outside.
        """
        step, recipe = self.training.steps, self.recipe
        self.stop = self.stop or asked or over(self.history, recipe.train.length)
        saves = passed(self.history, recipe.save.every) or self.itinerary.falls_due(recipe.save.every, step)
        if self.stop or self.best == step or (saves and step):
            self.keep()

    def keep(self) -> None:
        """Have everything that was recorded on disk, then keep the training as it stands."""
        self.count()
        for observer in self.observers:
            observer.flush()
        with self.training.account.saving():
            self.keeper.keep(self.training, best=self.best)
        self.kept = self.training.steps

    def count(self) -> None:
        """Record what it has cost so far."""
        training = self.training
        costs = training.account.costs(self.clock.seconds(), training.device)
        self._record(Counted(training.steps, costs))

    def finish(self) -> tuple[Stop, tuple[Finding, ...]]:
        """Say that it is over; why, and all that was found."""
        end = self.stop or Stop("all steps done")
        finished = Finished(self.training.steps, end.reason)
        for observer in self.observers:
            observer.see(finished, self.history)
            observer.flush()
        return end, latest(self.findings, ask(self.hooks, finished, self.history)[1])

    def _record(self, event: Event) -> None:
        self.history = record(event, self.history, self.clock.seconds(), share=self.measuring)
        for observer in self.observers:
            observer.see(event, self.history)

    def _take_evaluation(self, event: Evaluated, found: tuple[Finding, ...]) -> None:
        if event.step == 0:
            refuse(metric_faults(self.recipe, self.history))
        if event.samples:
            self.samples += (Sampled(step=event.step, samples=event.samples),)
        self.findings, self.best = found, best_step(self.history, self.recipe.stop)
        self.told_of = _tell((named(each, self.itinerary.ids) for each in found), self.told_of, event.step)

    def _steer(self, event: Event) -> None:
        training, history = self.training, self.history
        if isinstance(event, StepDone):
            training.look = looks(history, self.recipe.train)
            if not event.finite:
                training.scale = scale(history, self.recipe)
                self._tell_unmade(event)
        if isinstance(event, Evaluated):
            training.scale = scale(history, self.recipe)
        if isinstance(event, Measured):
            before, training.measure_every = training.measure_every, every(history)
            if training.measure_every > before:
                _LOG.info(
                    "layers are measured every %d steps from step %d on: a measurement takes %.2g ms",
                    training.measure_every,
                    event.step,
                    1e3 * event.seconds,
                )

    def _tell_unmade(self, event: StepDone) -> None:
        """Say that a step made no update, and of which examples it was."""
        why = "nothing in it has a weight" if event.empty else f"its loss is {event.loss:g}, the gradient's norm"
        why += "" if event.empty else f" {event.gradient_norm:g}"
        ids = self.itinerary.ids(event.step)
        names = ", ".join(ids[:NAMED]) + (", …" if len(ids) > NAMED else "")
        _LOG.warning("step %d made no update: %s; its examples: %s", event.step, why, names)


def scale(history: History, recipe: Recipe) -> float:
    """What the schedule's rate is multiplied with from the next step on, by what was recorded."""
    return plateau_scale(history, recipe.schedule) * back_off_scale(history, recipe.train)


def looks(history: History, train: Train) -> bool:
    """Whether the clock asks for an evaluation after the next step."""
    return passed(history, train.evaluate_every) or last_step(history, train.length)


def refuse(faults: Iterable[Fault]) -> None:
    """Raise what is wrong with a recipe, all at once, if anything is.

    Raises:
        RecipeError: something is.
    """
    faults = tuple(faults)
    if faults:
        raise RecipeError(f"{len(faults)} fault{'s' * (len(faults) != 1)} in the recipe", faults=faults)


def _tell(found: Iterable[Finding], told_of: frozenset[str], step: int) -> frozenset[str]:
    """Say what may spoil the training as soon as it is found, once; the codes of all that was said."""
    new = [each for each in in_order(found) if each.severity >= Severity.WARNING and each.code not in told_of]
    for finding in new:
        _LOG.warning("step %d: %s", step, finding)
    return told_of | {finding.code for finding in new}
