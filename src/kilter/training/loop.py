"""The training loop, in one sitting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from kilter.engine.instruments import Instruments
from kilter.engine.predicting import predict
from kilter.engine.schedules import rate
from kilter.engine.stepping import step
from kilter.training.events import Evaluated, Event, Measured, StepDone
from kilter.training.itinerary import Itinerary
from kilter.training.loading import load

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from kilter.values.pipeline import Pipeline


@final
@dataclass(slots=True, kw_only=True)
class Training:
    """What changes while training; everything else is a value.

    `steps` have been made; layers are measured in every `measure_every`-th, and in none where that is 0.
    """

    model: nn.Module
    optimizer: Optimizer
    device: str
    steps: int = 0
    measure_every: int = 0


def loop(pipeline: Pipeline, training: Training, itinerary: Itinerary) -> Iterator[Event]:
    """Train from where `training` stands; say what happens. Whoever reads the events records, decides and saves.

    The order of a step is fixed: update, (average), measure, evaluate; then, by the reader: record, decide, save.
    """
    recipe = pipeline.recipe
    base, clip, schedule = recipe.optimizer.learning_rate, recipe.train.clip_norm, recipe.schedule
    total, steps_per_epoch = itinerary.total, itinerary.steps_per_epoch
    model, optimizer, device = training.model, training.optimizer, training.device
    watched, workers = "valid" in pipeline.splits, recipe.batch.workers
    model.train()

    batches = load(pipeline.splits["train"], itinerary.legs(training.steps), seed=recipe.train.seed, workers=workers)
    with Instruments(model) as instruments:
        for leg, window in batches:
            done = leg.step + 1
            learning_rate = base * rate(schedule, step=leg.step, total=total, steps_per_epoch=steps_per_epoch)
            if device != "cpu":
                window = tuple(batch.to(device) for batch in window)  # noqa: PLW2901 - the same batches, elsewhere
            if training.measure_every and done % training.measure_every == 0:
                instruments.arm()
            loss, norm = step(
                pipeline, model, optimizer, window, learning_rate=learning_rate, clip_norm=clip, instruments=instruments
            )
            numbers = instruments.take()
            training.steps = done
            due = watched and (done == total or itinerary.falls_due(recipe.train.evaluate_every, done))
            yield StepDone(done, leg.epoch, loss, norm, learning_rate, due or bool(numbers))

            if numbers:
                yield Measured(done, leg.epoch, numbers, instruments.seconds, due)
            if due:
                yield evaluate(pipeline, training, leg.epoch)


def evaluate(pipeline: Pipeline, training: Training, epoch: int) -> Evaluated:
    """The validation split as the model sees it now; model and random state are left as they were."""
    predictions, loss = predict(pipeline, training.model, pipeline.splits["valid"], device=training.device)
    return Evaluated(training.steps, epoch, "valid", {"loss": loss, **pipeline.task.points(predictions)})
