"""Training a pipeline: drive the loop, keep the one history, ask the hooks, save what must be kept."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, final

import torch

from kilter.engine.devices import choose_device
from kilter.engine.optimizers import make_optimizer
from kilter.engine.schedules import schedule_fault
from kilter.engine.seeding import fresh_model, restore, same_bits
from kilter.training.batch_names import named
from kilter.training.clock import Clock
from kilter.training.events import Evaluated, Event, Finished, Hook, Measured, Stop, settled
from kilter.training.hooks import default_hooks
from kilter.training.interruption import interruptible
from kilter.training.itinerary import Itinerary
from kilter.training.keeping import Keeper, make_keeper
from kilter.training.loading import workers_answered_for
from kilter.training.loop import Training, loop
from kilter.training.pacing import SHARE, every
from kilter.training.rows import record, retell
from kilter.training.stopping import best_step, stop_faults
from kilter.values.errors import DataError, Fault, Interrupted, RecipeError, UsageError
from kilter.values.finding import Finding, Severity, in_order
from kilter.values.history import History

if TYPE_CHECKING:
    from torch import nn

    from kilter.training.checkpoints import Checkpoint
    from kilter.values.pipeline import Pipeline


_LOG: Final = logging.getLogger("kilter")


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
    """The steps of a run, and whether everything that its recipe asks for can take effect.

    Raises:
        RecipeError: the schedule does not fit the length of the run, or something cannot take effect.
    """
    recipe = pipeline.recipe
    itinerary = Itinerary(pipeline.splits["train"], recipe)
    for span in (recipe.train.evaluate_every, recipe.save.every):
        itinerary.falls_due(span, 1)  # says now what it would say after the first step
    faults = [*stop_faults(recipe.stop, evaluated="valid" in pipeline.splits)]
    misfit = schedule_fault(recipe.schedule, total=itinerary.total, steps_per_epoch=itinerary.steps_per_epoch)
    if misfit is not None:
        faults.append(Fault(met=misfit, legal="a schedule fits its run", remedy="lengthen train.length or shorten it"))
    if faults:
        raise RecipeError(f"{len(faults)} fault{'s' * (len(faults) != 1)} in the recipe", faults=faults)
    return itinerary


def fit(
    pipeline: Pipeline,
    *,
    folder: Path | None = None,
    hooks: Sequence[Hook] | None = None,
    observers: Iterable[Observer] = (),
    start: Checkpoint | None = None,
    history: History | None = None,
    measuring: float = SHARE,
) -> Fitted:
    """Train from the start, or go on from a checkpoint exactly as if nothing had happened.

    Args:
        pipeline: what is trained, and by which recipe.
        folder: where checkpoints go, a new one or that of `start`; None keeps the best weights in memory.
        hooks: what may stop the training or find something; None takes the default ones.
        observers: who is told.
        start: the checkpoint to go on from.
        history: what was recorded up to that checkpoint.
        measuring: share of the steps' time in which layers may be measured, 10 µs a step at least; 0 measures none.

    Raises:
        RecipeError: options that cannot take effect.
        UsageError: the folder holds another training, or that of another model.
        DataError: what was recorded does not end where the training begins.
        TrainingError: a checkpoint could not be written, or a process that prepares batches died.
        Interrupted: somebody asked to stop; a checkpoint was written.
    """
    recipe = pipeline.recipe
    itinerary = plan(pipeline)
    keeper = make_keeper(folder, recipe.save, start)
    training = begin(pipeline, start)
    history = _reaching(history or History(), training.steps)
    hooks = default_hooks(recipe) if hooks is None else hooks
    told = tuple(observers)
    best, kept = best_step(history, recipe.stop), training.steps if start else None
    clock = Clock(history.last("clock.seconds") or 0.0)
    stop, findings = ask_again(hooks, history)
    told_of = frozenset(finding.code for finding in findings)
    training.measure_every = every(history) if measuring else 0

    with interruptible() as request, workers_answered_for(), same_bits(wanted=recipe.train.deterministic):
        for event in () if stop else loop(pipeline, training, itinerary):
            history = record(event, history, clock.seconds(), share=measuring)
            for observer in told:
                observer.see(event, history)
            asked, found = ask(hooks, event, history)
            stop = stop or asked
            if isinstance(event, Evaluated):
                findings, best = found, best_step(history, recipe.stop)
                told_of = _tell(found, told_of, event.step)
            _pace(training, event, history)
            if not settled(event):
                continue  # the step is not settled before its measurement and its evaluation
            stop = stop or request.stop() or clock.stop(recipe.train.length)
            if stop or best == training.steps or itinerary.falls_due(recipe.save.every, training.steps):
                kept = _keep(keeper, training, best, told)
            if stop:
                break
        if kept != training.steps:
            _keep(keeper, training, best, told)

    end = stop or Stop("all steps done")
    finished = Finished(training.steps, end.reason)
    for observer in told:
        observer.see(finished, history)
        observer.flush()
    chosen = training.steps if best is None else best
    weights = keeper.choose(chosen)
    if request.signal is not None:
        raise _interrupted(training.steps, folder)
    training.model.load_state_dict(weights)
    return Fitted(
        model=training.model.eval(),
        history=history,
        findings=in_order(named(found, itinerary.ids) for found in latest(findings, ask(hooks, finished, history)[1])),
        reason=end.reason,
        failed=end.failed,
        step=training.steps,
        best_step=chosen,
        device=training.device,
    )


def begin(pipeline: Pipeline, start: Checkpoint | None = None) -> Training:
    """A training before its first step, or exactly where a checkpoint left it, with as many threads."""
    device = choose_device(pipeline.recipe.train.device)
    model = fresh_model(pipeline, pipeline.recipe.train.seed, device=device)
    training = Training(model=model, optimizer=make_optimizer(pipeline, model), device=device)
    if start is not None:
        load_weights(model, start)
        start.load_optimizer(training.optimizer)
        restore(start.random_state())
        torch.set_num_threads(start.threads)
        training.steps = start.step
    return training


def load_weights(model: nn.Module, checkpoint: Checkpoint) -> None:
    """Give a model the weights of a checkpoint.

    Raises:
        UsageError: the model is another than the one that was saved.
    """
    try:
        model.load_state_dict(checkpoint.weights())
    except RuntimeError as error:
        raise UsageError(
            f"the weights of step {checkpoint.step} are those of another model: {' '.join(str(error).split())}",
            legal="a checkpoint goes with the model that it was saved from",
            remedy="bring back the code and the settings of that model, or train again",
        ) from error


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


def ask_again(hooks: Sequence[Hook], history: History) -> tuple[Stop | None, tuple[Finding, ...]]:
    """What the hooks answer at the last recorded step: a training that had decided to stop there does so again."""
    stop: Stop | None = None
    findings: tuple[Finding, ...] = ()
    for event, then in retell(history):
        asked, found = ask(hooks, event, then)
        stop = stop or asked
        if isinstance(event, Evaluated):
            findings = found
    return stop, findings


def latest(earlier: Iterable[Finding], later: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by code, the later one where there are two."""
    return tuple({finding.code: finding for finding in (*earlier, *later)}.values())


def _reaching(history: History, step: int) -> History:
    """The history, if it ends where the training begins.

    Raises:
        DataError: it ends elsewhere; curves and decisions would be those of no training.
    """
    if history.step != step:
        raise DataError(
            f"what was recorded ends at step {history.step}, and the training goes on from step {step}",
            legal="the record of a training reaches the checkpoint from which it goes on, and ends there",
            remedy="bring back a copy of the record, or train again in another folder",
        )
    return history


def _keep(keeper: Keeper, training: Training, best: int | None, told: Iterable[Observer]) -> int:
    """Have everything that was recorded on disk, then keep the training as it stands."""
    for observer in told:
        observer.flush()
    keeper.keep(training, best=best)
    return training.steps


def _pace(training: Training, event: Event, history: History) -> None:
    """After a measurement, have the next one come as late as was recorded with it; say where that is later."""
    if not isinstance(event, Measured):
        return
    before, training.measure_every = training.measure_every, every(history)
    if training.measure_every > before:
        _LOG.info(
            "layers are measured every %d steps from step %d on: a measurement takes %.2g ms",
            training.measure_every,
            event.step,
            1e3 * event.seconds,
        )


def _tell(found: Iterable[Finding], told_of: frozenset[str], step: int) -> frozenset[str]:
    """Say what may spoil the training as soon as it is found, once; the codes of all that was said."""
    new = [each for each in in_order(found) if each.severity >= Severity.WARNING and each.code not in told_of]
    for finding in new:
        _LOG.warning("step %d: %s", step, finding)
    return told_of | {finding.code for finding in new}


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
