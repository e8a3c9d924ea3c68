"""A pipeline's training, begun for a finder."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, final

import numpy as np

from kilter.engine.averaging import judged
from kilter.engine.devices import choose_device
from kilter.engine.forwarding import forward
from kilter.engine.optimizers import make_optimizer
from kilter.engine.predicting import evaluating
from kilter.engine.schedules import curve
from kilter.engine.seeding import fresh_model
from kilter.engine.stepping import loss_and_gradients, step
from kilter.engine.stopped_step import as_vector
from kilter.engine.widths import LOOKED_AT, SMALLEST, numbers_in, spread
from kilter.values.batch import Batch
from kilter.values.recipe import BatchSize

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from kilter.values.pipeline import Pipeline
    from kilter.values.source import Source


@final
class PipelineAttempt:
    """See `kilter.engine.attempt.Attempt`; a batch of an accumulation window is a batch here."""

    def __init__(
        self, pipeline: Pipeline, *, seed: int, batch: int | None, rate: float | None, steps: int | None
    ) -> None:
        recipe = pipeline.recipe
        if batch is not None:
            resized: BatchSize = recipe.batch.model_copy(update={"size": batch, "tokens": None})
            pipeline = pipeline.with_recipe(recipe.model_copy(update={"batch": resized}))
        self._pipeline, self._seed = pipeline, seed
        self.device = choose_device(recipe.train.device)
        self.model = fresh_model(pipeline, seed, device=self.device)
        self._optimizer = make_optimizer(pipeline, self.model)
        self.optimizers: tuple[Optimizer, ...] = (self._optimizer,)
        self._buffers = tuple(self.model.buffers())
        self.rate = recipe.optimizer.learning_rate if rate is None else rate
        windows = _windows(pipeline, seed, 0)
        per_epoch = len(windows)
        self.examples_a_step = sum(len(rows) for window in windows for rows in window) / per_epoch
        length = recipe.train.length
        self.total = None if length.is_clock else max(1, length.steps(steps_per_epoch=per_epoch))
        whole = self.total or steps or per_epoch
        self._height = curve(recipe.schedule, total=whole, steps_per_epoch=per_epoch)
        self._stretch = 1.0 if steps is None else whole / steps
        self._made = 0
        self._coming = _in_order(pipeline, seed)
        self.model.train()

    def step(self) -> float:
        """One optimizer step on the window that comes next; its loss."""
        return self._update(next(self._coming))

    def step_on(self, batch: Batch, *more: Batch) -> float:
        """One optimizer step on a batch, or on several as one window."""
        return self._update((batch, *more))

    def widest(self) -> tuple[Batch, ...]:
        """The batch with the most numbers, and the one with the most rows where that is another."""
        source = self._pipeline.splits["train"]
        plan = source.sweep()
        wide = max(spread(plan, LOOKED_AT), key=lambda rows: numbers_in(source.plain(rows)))
        long = max(plan, key=len)
        chosen = (wide,) if len(wide) == len(long) else (wide, long)
        return tuple(source.batch(rows, seed=self._seed, epoch=0) for rows in chosen)

    def typical(self, count: int) -> tuple[Batch, ...]:
        """So many training batches, from wide to narrow ones."""
        source = self._pipeline.splits["train"]
        plan = source.sweep()
        places = {(2 * place + 1) * len(plan) // (2 * count) for place in range(count)}
        return tuple(source.batch(plan[place], seed=self._seed, epoch=0) for place in sorted(places))

    def drawn(self, count: int) -> tuple[Batch, ...]:
        """So many training batches of one size, of examples that were drawn at random."""
        source = self._pipeline.splits["train"]
        plan = source.plan(seed=self._seed, epoch=0)
        rows = np.random.default_rng(self._seed).permutation([row for batch in plan for row in batch])
        size = min(max(len(batch) for batch in plan), max(SMALLEST, len(rows) // count))
        parts = [rows[at : at + size].tolist() for at in range(0, len(rows) - size + 1, size)]
        return tuple(source.batch(part, seed=self._seed, epoch=0) for part in parts[:count])

    def numbers_per_example(self) -> float:
        """How many numbers an example has in a training batch, padding included."""
        source = self._pipeline.splits["train"]
        looked_at = spread(source.sweep(), LOOKED_AT)
        return sum(numbers_in(source.plain(rows)) for rows in looked_at) / sum(len(rows) for rows in looked_at)

    def gradient(self, batch: Batch) -> Tensor:
        """The gradient of a batch's loss, as one vector over the trainable parameters."""
        _, gradients = loss_and_gradients(self._pipeline, self.model, self._placed(batch))
        return as_vector(self.model, list(gradients.values()))

    def evaluate(self, most: int | None = None) -> float:
        """The mean validation loss."""
        source = self._pipeline.splits.get("valid")
        return math.nan if source is None else self._mean_loss(source, most)

    def _mean_loss(self, source: Source, most: int | None) -> float:
        losses = weights = 0.0
        with judged(self._optimizer), evaluating(self.model):
            for rows in spread(source.sweep(), most):
                batch = self._placed(source.plain(rows))
                total, weight, _ = self._pipeline.task.loss(forward(self._pipeline, self.model, batch), batch)
                losses += total.item()
                weights += weight.item()
        return losses / weights if weights else math.nan

    def _update(self, window: Sequence[Batch]) -> float:
        train, place = self._pipeline.recipe.train, int((self._made + 0.5) * self._stretch)
        self._made += 1
        return step(
            self._pipeline,
            self.model,
            self._optimizer,
            tuple(self._placed(batch) for batch in window),
            learning_rate=self.rate * self._height(place),
            clip_norm=train.clip_norm,
            clip_value=train.clip_value,
            buffers=self._buffers,
        ).loss

    def _placed(self, batch: Batch) -> Batch:
        return batch if self.device == "cpu" else batch.to(self.device)


def _in_order(pipeline: Pipeline, seed: int) -> Iterator[tuple[Batch, ...]]:
    source, epoch = pipeline.splits["train"], 0
    while True:
        for window in _windows(pipeline, seed, epoch):
            yield tuple(source.batch(rows, seed=seed, epoch=epoch) for rows in window)
        epoch += 1


def _windows(pipeline: Pipeline, seed: int, epoch: int) -> list[Sequence[Sequence[int]]]:
    plan, size = pipeline.splits["train"].plan(seed=seed, epoch=epoch), pipeline.recipe.batch.accumulate
    return [plan[at : at + size] for at in range(0, len(plan), size)]
