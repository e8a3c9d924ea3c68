"""Training a pipeline: drive the loop, keep the one history, ask the hooks, save what must be kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

import torch

from kilter.engine.devices import choose_device
from kilter.engine.optimizers import make_optimizer
from kilter.engine.schedules import schedule_faults
from kilter.engine.seeding import fresh_model, restore, same_bits
from kilter.training.batch_names import named
from kilter.training.costing import cost_of
from kilter.training.events import Hook, settled
from kilter.training.foreign_weights import weights_faults
from kilter.training.hooks import default_hooks
from kilter.training.interruption import interruptible
from kilter.training.itinerary import Itinerary
from kilter.training.keeping import make_keeper
from kilter.training.loading import workers_answered_for
from kilter.training.loop import Training, loop
from kilter.training.pacing import SHARE
from kilter.training.plateau import patience_faults, plateau_faults
from kilter.training.sitting import Observer, Sitting, refuse
from kilter.training.stopping import stop_faults
from kilter.training.unmade import policy_faults
from kilter.values.errors import DataError, Interrupted
from kilter.values.finding import Finding, in_order
from kilter.values.history import History
from kilter.values.sample import Sampled

if TYPE_CHECKING:
    from torch import nn

    from kilter.training.checkpoints import Checkpoint
    from kilter.values.cost import Cost
    from kilter.values.pipeline import Pipeline


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
        cost: what it took, over all sittings.
        samples: what was said of the same few validation examples, evaluation by evaluation.
    """

    model: nn.Module
    history: History
    findings: tuple[Finding, ...]
    reason: str
    failed: bool
    step: int
    best_step: int
    device: str
    cost: Cost
    samples: tuple[Sampled, ...]


def itinerary_of(pipeline: Pipeline) -> Itinerary:
    """The steps of a run, and whether everything that its recipe asks for can take effect.

    Raises:
        RecipeError: the schedule does not fit the length of the run, or something cannot take effect.
    """
    recipe = pipeline.recipe
    itinerary = Itinerary(pipeline.splits["train"], recipe)
    for span in (recipe.train.evaluate_every, recipe.save.every):
        itinerary.falls_due(span, 1)  # says now what it would say after the first step
    faults = [
        *stop_faults(recipe.stop, evaluated="valid" in pipeline.splits),
        *policy_faults(recipe.train),
        *weights_faults(pipeline),
        *plateau_faults(recipe.schedule, evaluated="valid" in pipeline.splits),
        *patience_faults(recipe.schedule, recipe.stop),
        *schedule_faults(recipe, total=itinerary.total, steps_per_epoch=itinerary.steps_per_epoch),
    ]
    refuse(faults)
    return itinerary


def fit(
    pipeline: Pipeline,
    *,
    folder: Path | None = None,
    hooks: Sequence[Hook] | None = None,
    observers: Iterable[Observer] = (),
    start: Checkpoint | None = None,
    history: History | None = None,
    samples: tuple[Sampled, ...] = (),
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
        samples: what was shown up to there.
        measuring: share of the steps' time in which layers may be measured, 10 µs a step at least; 0 measures none.

    Raises:
        RecipeError: options that cannot take effect.
        UsageError: the folder holds another training, or that of another model.
        DataError: what was recorded does not end where the training begins.
        TrainingError: a checkpoint could not be written, or a process that prepares batches died.
        Interrupted: somebody asked to stop; a checkpoint was written.
    """
    recipe = pipeline.recipe
    itinerary = itinerary_of(pipeline)
    training = begin(pipeline, start)
    sitting = Sitting(
        recipe=recipe,
        itinerary=itinerary,
        training=training,
        keeper=make_keeper(folder, recipe.save, start, training),
        hooks=default_hooks(recipe) if hooks is None else tuple(hooks),
        observers=tuple(observers),
        measuring=measuring,
        history=_reaching(history or History(), training.steps),
        samples=samples,
        kept=start.step if start else None,
    )
    with interruptible() as request, workers_answered_for(), same_bits(wanted=recipe.train.deterministic):
        for event in () if sitting.stop else loop(pipeline, training, itinerary):
            sitting.take(event)
            if settled(event):  # a step is not settled before its measurement and its evaluation
                sitting.settle(request.stop())
                if sitting.stop:
                    break
        if sitting.kept != training.steps:
            sitting.keep()
    if start is None or training.steps > start.step:
        sitting.count()
    end, findings = sitting.finish()

    best = training.steps if sitting.best is None else sitting.best
    weights = sitting.keeper.choose(best)
    if request.signal is not None:
        raise _interrupted(training.steps, folder, full=recipe.save.content == "full")
    cost = cost_of(pipeline, training, sitting.history)
    training.model.load_state_dict(weights)
    return Fitted(
        model=training.model.eval(),
        history=sitting.history,
        findings=in_order(named(found, itinerary.ids) for found in findings),
        reason=end.reason,
        failed=end.failed,
        step=training.steps,
        best_step=best,
        device=training.device,
        cost=cost,
        samples=sitting.samples,
    )


def begin(pipeline: Pipeline, start: Checkpoint | None = None) -> Training:
    """A training before its first step, or exactly where a checkpoint left it, with as many threads."""
    device = choose_device(pipeline.recipe.train.device)
    model = fresh_model(pipeline, pipeline.recipe.train.seed, device=device)
    training = Training(model=model, optimizer=make_optimizer(pipeline, model), device=device)
    if start is not None:
        start.load_model(model)
        start.load_optimizer(training.optimizer)
        restore(start.random_state())
        torch.set_num_threads(start.threads)
        training.steps, training.look = start.step, False
    return training


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


def _interrupted(step: int, folder: Path | None, *, full: bool) -> Interrupted:
    met = f"interrupted after step {step:,}"
    if folder is None:
        return Interrupted(met, remedy="give `fit` a folder to be able to go on from there")
    if not full:
        return Interrupted(
            met,
            legal=f"weights are in {folder}, and no training goes on from weights alone (save.content)",
            remedy="train again",
        )
    return Interrupted(met, legal=f"a checkpoint is in {folder}", remedy="go on with `kilter train --resume`")
