"""A pipeline on the bench: models made afresh, batches at hand, every call of a person's code guarded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, NamedTuple, final

import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.preflight.places import longest
from kilter.engine.devices import choose_device
from kilter.engine.forwarding import forward
from kilter.engine.optimizers import make_optimizer
from kilter.engine.predicting import evaluating
from kilter.engine.seeding import fresh_model
from kilter.engine.stepping import StepResult, loss_and_gradients, step
from kilter.values.batch import Batch
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from kilter.values.task import Loss, Outputs


PLACES: Final = 2048
"""Places of sequences in a probe's batch, padding included: with long ones it has fewer rows, and costs no more."""

FEWEST: Final = 4  # rows, however long


class Made(NamedTuple):
    """A fresh model and its optimizer."""

    model: nn.Module
    optimizer: Optimizer


@final
@dataclass(frozen=True, slots=True)
class Bench:
    """What probes do with a pipeline. Nothing here changes the pipeline; errors name what was being done."""

    pipeline: Pipeline

    @property
    def device(self) -> str:
        """Where the training will compute."""
        return choose_device(self.pipeline.recipe.train.device)

    @property
    def seed(self) -> int:
        """The seed of the run."""
        return self.pipeline.recipe.train.seed

    def model(self, seed: int | None = None) -> nn.Module:
        """A fresh model in training mode, by default the one that the run will start with."""
        with persons_code("Making the model"):
            model = fresh_model(self.pipeline, self.seed if seed is None else seed, device=self.device)
            return model.train()

    def optimizer(self, model: nn.Module) -> Optimizer:
        """The optimizer of a model."""
        with persons_code("Making the optimizer"):
            return make_optimizer(self.pipeline, model)

    def made(self, seed: int | None = None) -> Made:
        """A fresh model with its optimizer."""
        model = self.model(seed)
        return Made(model, self.optimizer(model))

    def trained(self, batches: Sequence[Batch]) -> nn.Module:
        """A model after one step on each of these batches, so that nothing that starts at zero hides.

        If such a step breaks the weights, the model is a fresh one.
        """
        model, optimizer = self.made()
        for batch in batches:
            self.step(model, optimizer, batch)
        finite = all(bool(torch.isfinite(parameter).all()) for parameter in model.parameters())
        return model if finite else self.model()

    def batches(self, count: int, most: int) -> list[Batch]:
        """The first batches that the run will train on, as they are, of at most so many rows and `PLACES` each."""
        source = self.pipeline.splits["train"]
        with persons_code("Making a training batch"):
            plan = source.plan(seed=self.seed, epoch=0)
            chosen = [plan[at][:most] for at in range(min(count, len(plan)))]
            return [self._placed(fitting(source.plain(rows))) for rows in chosen]

    def sample(self, most: int) -> Batch:
        """The first so many rows that the run will train on, as one batch, as they are; at most `PLACES`."""
        source = self.pipeline.splits["train"]
        with persons_code("Making a training batch"):
            rows = list(islice(chain.from_iterable(source.plan(seed=self.seed, epoch=0)), most))
        return fitting(self.batch(rows))

    def batch(self, rows: Sequence[int]) -> Batch:
        """These training rows, as they are."""
        with persons_code("Making a training batch"):
            return self._placed(self.pipeline.splits["train"].plain(rows))

    def outputs(self, model: nn.Module, batch: Batch) -> Outputs:
        """The model's outputs, in whatever mode it is, without gradients."""
        with torch.no_grad(), persons_code("The model's forward pass"):
            return forward(self.pipeline, model, batch)

    def evaluated(self, model: nn.Module, batch: Batch) -> Outputs:
        """The model's outputs in evaluation mode."""
        with evaluating(model):
            return self.outputs(model, batch)

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """The task's loss of outputs, without gradients."""
        with torch.no_grad(), persons_code("The task's loss"):
            return self.pipeline.task.loss(outputs, batch)

    def mean_loss(self, outputs: Outputs, batch: Batch) -> float:
        """The loss that is reported: sum over weight."""
        total, weight, _ = self.loss(outputs, batch)
        return float(total / weight) if float(weight) else math.nan

    def tracked(self, model: nn.Module, batch: Batch) -> Tensor:
        """The summed loss with its graph, for those who follow it back."""
        with persons_code("The model's forward pass and loss"):
            return self.pipeline.task.loss(forward(self.pipeline, model, batch), batch).total

    def gradients(self, model: nn.Module, batch: Batch) -> dict[str, Tensor | None]:
        """The gradient of each trainable parameter; None where none arrives."""
        with persons_code("The model's forward and backward pass"):
            return loss_and_gradients(self.pipeline, model, batch)[1]

    def step(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        batch: Batch,
        *,
        rate: float | None = None,
        clip_norm: float | None = math.nan,
    ) -> StepResult:
        """One training step; by default at the recipe's full rate and with its clipping (marked by not-a-number)."""
        recipe = self.pipeline.recipe
        clip = recipe.train.clip_norm if clip_norm is not None and math.isnan(clip_norm) else clip_norm
        with persons_code("A training step"):
            return step(
                self.pipeline,
                model,
                optimizer,
                [batch],
                learning_rate=recipe.optimizer.learning_rate if rate is None else rate,
                clip_norm=clip,
            )

    def prior_loss(self, batch: Batch) -> float | None:
        """The loss of the best constant answer on the rows of a batch."""
        return self._of_targets(batch, prior=True)

    def chance_loss(self, batch: Batch) -> float | None:
        """The loss of a model that knows nothing, on the rows of a batch."""
        return self._of_targets(batch, prior=False)

    def _of_targets(self, batch: Batch, *, prior: bool) -> float | None:
        source = self.pipeline.splits["train"]
        places = {name: row for row, name in enumerate(source.ids)}
        targets = source.targets[[places[name] for name in batch.ids]]
        task = self.pipeline.task
        with persons_code("The task's reference loss"):
            return task.prior_loss(targets) if prior else task.chance_loss(targets)

    def _placed(self, batch: Batch) -> Batch:
        return batch if self.device == "cpu" else batch.to(self.device)


def chosen(batch: Batch, rows: Sequence[int]) -> Batch:
    """Rows of a batch as a batch, padded as they were."""
    index = torch.as_tensor(list(rows), device=batch.weight.device)
    return replace(
        batch,
        inputs={name: tensor[index] for name, tensor in batch.inputs.items()},
        target=None if batch.target is None else batch.target[index],
        weight=batch.weight[index],
        ids=tuple(batch.ids[row] for row in rows),
    )


def fitting(batch: Batch) -> Batch:
    """The first rows of a batch, so many that they hold at most `PLACES`, but `FEWEST` at least."""
    most = max(FEWEST, PLACES // longest(batch))
    return batch if len(batch) <= most else chosen(batch, range(most))


def with_inputs(batch: Batch, **tensors: Tensor) -> Batch:
    """A batch with other tensors in place of some inputs."""
    return replace(batch, inputs={**batch.inputs, **tensors})
