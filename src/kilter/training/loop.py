"""The training loop, in one sitting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

from kilter.engine.averaging import judged
from kilter.engine.instruments import Instruments
from kilter.engine.predicting import predict
from kilter.engine.schedules import curve
from kilter.engine.stepping import step
from kilter.training.account import Account
from kilter.training.events import Evaluated, Event, Measured, StepDone
from kilter.training.itinerary import Itinerary
from kilter.training.loading import load
from kilter.training.samples import shown

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from kilter.values.pipeline import Pipeline


@final
@dataclass(slots=True, kw_only=True)
class Training:
    """What changes while training; everything else is a value.

    Attributes:
        model: in training mode, between evaluations.
        optimizer: over its parameters.
        device: where both are.
        steps: that have been made.
        measure_every: layers are measured in every so-manieth step, and in none where that is 0.
        scale: what the schedule's rate is multiplied with.
        look: asks for an evaluation that no interval asks for: of the model as it was made, or after the next step.
        account: what is spent beside the steps.
    """

    model: nn.Module
    optimizer: Optimizer
    device: str
    steps: int = 0
    measure_every: int = 0
    scale: float = 1.0
    look: bool = True
    account: Account = field(default_factory=Account)


def loop(pipeline: Pipeline, training: Training, itinerary: Itinerary) -> Iterator[Event]:
    """Train from where `training` stands; say what happens. Whoever reads the events records, decides and saves.

    The order of a step is fixed: update, (average), measure, evaluate; then, by the reader: record, decide, save.
    """
    recipe, train = pipeline.recipe, pipeline.recipe.train
    height = curve(recipe.schedule, total=itinerary.total, steps_per_epoch=itinerary.steps_per_epoch)
    model, optimizer, device = training.model, training.optimizer, training.device
    buffers, watched = tuple(model.buffers()), "valid" in pipeline.splits
    if watched and training.look and training.steps == 0:
        training.look = False
        yield evaluate(pipeline, training, 0)
    model.train()

    legs = itinerary.legs(training.steps)
    batches = load(pipeline.splits["train"], legs, seed=train.seed, workers=recipe.batch.workers)
    with Instruments(model) as instruments:
        for leg, window in training.account.heard(batches):
            done = leg.step + 1
            learning_rate = recipe.optimizer.learning_rate * height(leg.step) * training.scale
            if device != "cpu":
                window = tuple(batch.to(device) for batch in window)  # noqa: PLW2901 - the same batches, elsewhere
            if training.measure_every and done % training.measure_every == 0:
                instruments.arm()
            loss, norm, empty = step(
                pipeline,
                model,
                optimizer,
                window,
                learning_rate=learning_rate,
                clip_norm=train.clip_norm,
                clip_value=train.clip_value,
                instruments=instruments,
                buffers=buffers,
            )
            numbers = instruments.take()
            training.steps = done
            asked = training.look or done == itinerary.total or itinerary.falls_due(train.evaluate_every, done)
            due, training.look = watched and asked, False
            yield StepDone(done, leg.epoch, loss, norm, learning_rate, due or bool(numbers), empty)

            if numbers:
                yield Measured(done, leg.epoch, numbers, instruments.seconds, due)
            if due:
                yield evaluate(pipeline, training, leg.epoch)


def evaluate(pipeline: Pipeline, training: Training, epoch: int) -> Evaluated:
    """The validation split as the weights to be judged see it; model and random state are left as they were."""
    source, task = pipeline.splits["valid"], pipeline.task
    with training.account.evaluating(), judged(training.optimizer):
        predictions, loss = predict(pipeline, training.model, source, device=training.device)
        scores = {"loss": loss, **task.points(predictions)}
        samples = shown(predictions, task, source, most=pipeline.recipe.train.show)
    return Evaluated(training.steps, epoch, "valid", scores, samples)
