"""Training a pipeline: drive the loop, keep the one history, ask the hooks, save what must be kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, final

from kilter.engine.devices import choose_device
from kilter.engine.optimizers import make_optimizer
from kilter.engine.schedules import schedule_fault
from kilter.engine.seeding import fresh_model, restore
from kilter.training.clock import Clock
from kilter.training.events import Evaluated, Event, Finished, Hook, StepDone, Stop
from kilter.training.hooks import default_hooks
from kilter.training.interruption import interruptible
from kilter.training.itinerary import Itinerary
from kilter.training.keeping import FolderKeeper, Keeper, MemoryKeeper
from kilter.training.loop import Training, loop
from kilter.training.stopping import best_step
from kilter.values.errors import Interrupted, RecipeError
from kilter.values.finding import Finding, in_order
from kilter.values.history import History

if TYPE_CHECKING:
    from torch import nn

    from kilter.training.checkpoints import Checkpoint
    from kilter.values.pipeline import Pipeline


class Observer(Protocol):
    """Somebody who is told what happens, after it was recorded: a tracker, a progress bar. It decides nothing."""

    def see(self, event: Event, history: History) -> None:
        """An event, and the history that already holds it."""

    def flush(self) -> None:
        """What was seen must be on disk now: a checkpoint is about to be written."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A finished training.

    Attributes:
        model: with the best weights, in evaluation mode.
        history: every recorded curve.
        findings: what the hooks found, in order.
        reason: why it ended.
        failed: whether it ended because it could not go on (a loss that is not a number).
        step: the steps that were made.
        best_step: the step whose weights the model has.
        device: where the model is.
    """

    model: nn.Module
    history: History
    findings: tuple[Finding, ...]
    reason: str
    failed: bool
    step: int
    best_step: int
    device: str


def plan(pipeline: Pipeline) -> Itinerary:
    """The steps of a run, checked against its schedule.

    Raises:
        RecipeError: the schedule does not fit the length of the run.
    """
    itinerary = Itinerary(pipeline.splits["train"], pipeline.recipe)
    fault = schedule_fault(pipeline.recipe.schedule, total=itinerary.total, steps_per_epoch=itinerary.steps_per_epoch)
    if fault is not None:
        raise RecipeError(fault, legal="the schedule must fit the run", remedy="lengthen train.length or shorten it")
    return itinerary


def fit(
    pipeline: Pipeline,
    *,
    folder: Path | None = None,
    hooks: Sequence[Hook] | None = None,
    observers: Iterable[Observer] = (),
    start: Checkpoint | None = None,
    history: History | None = None,
) -> Fitted:
    """Train from the start, or go on from a checkpoint exactly as if nothing had happened.

    Args:
        pipeline: what is trained, and by which recipe.
        folder: where checkpoints go; None keeps the best weights in memory.
        hooks: what may stop the training or find something; None takes the default ones.
        observers: who is told.
        start: the checkpoint to go on from.
        history: what was recorded up to that checkpoint.

    Raises:
        RecipeError: options that cannot take effect.
        TrainingError: a checkpoint could not be written.
        Interrupted: somebody asked to stop; a checkpoint was written.
    """
    recipe = pipeline.recipe
    itinerary = plan(pipeline)
    training = begin(pipeline, start)
    keeper: Keeper = MemoryKeeper() if folder is None else FolderKeeper(folder, recipe.save)
    hooks = default_hooks(recipe) if hooks is None else hooks
    told = tuple(observers)
    history = history or History()
    best, kept = best_step(history, recipe.stop), training.steps if start else None
    clock = Clock(history.last("clock.seconds") or 0.0)
    findings: tuple[Finding, ...] = ()
    stop: Stop | None = None

    with interruptible() as request:
        for event in loop(pipeline, training, itinerary):
            history = record(event, history, clock.seconds())
            for observer in told:
                observer.see(event, history)
            stop, found = ask(hooks, event, history)
            if isinstance(event, Evaluated):
                findings, best = found, best_step(history, recipe.stop)
            if not (isinstance(event, StepDone) and event.evaluation_follows):
                stop = stop or request.stop() or clock.stop(recipe.train.length)
                if stop or best == training.steps or itinerary.falls_due(recipe.save.every, training.steps):
                    kept = _keep(keeper, training, best, told)
            if stop:
                break
        if kept != training.steps:
            _keep(keeper, training, best, told)

    end = stop or Stop("all steps done")
    for observer in told:
        observer.see(Finished(training.steps, end.reason), history)
        observer.flush()
    if request.signal is not None:
        raise _interrupted(training.steps, folder)
    chosen = training.steps if best is None else best
    training.model.load_state_dict(keeper.weights(chosen))
    return Fitted(
        model=training.model.eval(),
        history=history,
        findings=in_order(findings),
        reason=end.reason,
        failed=end.failed,
        step=training.steps,
        best_step=chosen,
        device=training.device,
    )


def begin(pipeline: Pipeline, start: Checkpoint | None = None) -> Training:
    """A training before its first step, or exactly where a checkpoint left it."""
    device = choose_device(pipeline.recipe.train.device)
    model = fresh_model(pipeline, pipeline.recipe.train.seed, device=device)
    training = Training(model=model, optimizer=make_optimizer(pipeline, model), device=device)
    if start is not None:
        model.load_state_dict(start.weights())
        start.load_optimizer(training.optimizer)
        restore(start.random_state())
        training.steps = start.step
    return training


def ask(hooks: Iterable[Hook], event: Event, history: History) -> tuple[Stop | None, tuple[Finding, ...]]:
    """What the hooks answer to an event: the first that wants to stop, and all that was found."""
    stop: Stop | None = None
    findings: list[Finding] = []
    for hook in hooks:
        answer = hook(event, history)
        if isinstance(answer, Finding):
            findings.append(answer)
        elif answer is not None and stop is None:
            stop = answer
    return stop, tuple(findings)


def _keep(keeper: Keeper, training: Training, best: int | None, told: Iterable[Observer]) -> int:
    """Have everything that was recorded on disk, then keep the training as it stands."""
    for observer in told:
        observer.flush()
    keeper.keep(training, best=best)
    return training.steps


def record(event: Event, history: History, seconds: float) -> History:
    """The history with an event in it; `seconds` is the time spent training so far."""
    if isinstance(event, StepDone):
        values = {
            "train.loss": event.loss,
            "train.gradient_norm": event.gradient_norm,
            "train.learning_rate": event.learning_rate,
            "train.epoch": event.epoch,
            "clock.seconds": seconds,
        }
        return history.append(event.step, values)
    if isinstance(event, Evaluated):
        scores = {f"{event.split}.{name}": value for name, value in event.scores.items()}
        return history.append(event.step, scores)
    return history


def _interrupted(step: int, folder: Path | None) -> Interrupted:
    if folder is None:
        return Interrupted(
            f"interrupted after step {step}", remedy="give `fit` a folder to be able to go on from there"
        )
    return Interrupted(
        f"interrupted after step {step}",
        legal=f"a checkpoint is in {folder}",
        remedy="go on with `kilter train --resume`",
    )
