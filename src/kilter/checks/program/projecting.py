"""A pipeline as a program, so that one doctor examines both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias, final

import torch

from kilter.checks.program.predicted import main_output, quality
from kilter.engine.devices import choose_device
from kilter.engine.forwarding import forward
from kilter.engine.optimizers import make_optimizer
from kilter.engine.predicting import evaluating
from kilter.engine.schedules import rate
from kilter.engine.seeding import fresh_model
from kilter.engine.stepping import gradient_norm
from kilter.values.batch import Batch
from kilter.values.program import Kind, Program
from kilter.values.task import Form

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from kilter.values.pipeline import Pipeline
    from kilter.values.source import Source

Parts: TypeAlias = "tuple[Mapping[str, Tensor], Mapping[str, Tensor]]"
"""A batch as a program has it: inputs by name; target and weight."""


def program_of(pipeline: Pipeline) -> Program:
    """The program that `fit` would train: its model, its optimizer with clipping and schedule, its rows in their order.

    The batches of one accumulation window come as one. The loss is that which is reported: sum over weight.
    """
    recipe, source = pipeline.recipe, pipeline.splits["train"]
    device = choose_device(recipe.train.device)
    steps = math.ceil(len(source.plan(seed=recipe.train.seed, epoch=0)) / recipe.batch.accumulate)
    length = recipe.train.length
    total = steps if length.is_clock else length.steps(steps_per_epoch=steps)

    def make(seed: int) -> tuple[nn.Module, Optimizer, Any, Loader, Loader | None]:
        model = fresh_model(pipeline, seed, device=device)
        optimizer = make_optimizer(pipeline, model)
        _steered(optimizer, pipeline, total=total, steps=steps)
        valid = pipeline.splits.get("valid")
        loader = Loader(source=source, seed=recipe.train.seed, window=recipe.batch.accumulate, device=device)
        held = None if valid is None else Loader(source=valid, seed=0, window=1, device=device, plain=True)
        return model, optimizer, loss_of_parts, loader, held

    def loss_of_parts(outputs: Any, answers: Mapping[str, Tensor]) -> Tensor:
        loss, weight, _ = pipeline.task.loss(outputs, _batch({}, answers))
        return loss / weight

    def called(model: nn.Module, parts: Parts) -> Any:
        return forward(pipeline, model, _batch(*parts))

    said = str(pipeline.task.name)
    program = Program(
        make=make,
        task=Kind(said) if said in set(Kind) else Kind.OTHER,
        classes=len(pipeline.task.labels) or None,
        epochs=max(1, math.ceil(total / steps)),
        inputs=0,
        targets=lambda parts: parts[1]["target"],
        forward=called,
        causal=True if pipeline.task.form is Form.NEXT else None,
        accumulate=1,
        frozen=True,  # what a model's factory freezes is meant; what the optimizer forgets, preflight says
    )

    def validate(model: nn.Module, _loss_fn: Any, loader: Any) -> tuple[float, float]:
        """The loss as it is reported, and how good the answers are; minus the loss where nothing says that."""
        loss_sum = weight_sum = 0.0
        given, targets = [], []
        with evaluating(model):
            for parts in loader:
                outputs = called(model, parts)
                loss, weight, _ = pipeline.task.loss(outputs, _batch({}, parts[1]))
                loss_sum, weight_sum = loss_sum + float(loss), weight_sum + float(weight)
                main = main_output(outputs)
                if main is not None:
                    given.append(main.flatten(0, -2) if main.ndim > 2 else main)
                    targets.append(parts[1]["target"].flatten() if main.ndim > 2 else parts[1]["target"])
        mean = loss_sum / weight_sum if weight_sum else math.nan
        worth = quality(program, torch.cat(given), torch.cat(targets)) if given else None
        return mean, -mean if worth is None else worth

    return replace(program, validate=validate) if "valid" in pipeline.splits else program


@final
@dataclass(slots=True, kw_only=True)
class Loader:
    """The rows of a split in the order of a run, an epoch each time it is gone through.

    Attributes:
        source: the split.
        seed: of the order.
        window: batches that make one step.
        device: where tensors are wanted.
        plain: whether the rows come as they are, in the order of evaluation.
        epoch: the next one.
    """

    source: Source
    seed: int
    window: int
    device: str
    plain: bool = False
    epoch: int = 0

    def __len__(self) -> int:
        plan = self.source.sweep() if self.plain else self.source.plan(seed=self.seed, epoch=0)
        return math.ceil(len(plan) / self.window)

    def __iter__(self) -> Iterator[Parts]:
        epoch, self.epoch = self.epoch, self.epoch + 1
        plan = self.source.sweep() if self.plain else self.source.plan(seed=self.seed, epoch=epoch)
        for at in range(0, len(plan), self.window):
            rows = list(chain.from_iterable(plan[at : at + self.window]))
            batch = self.source.plain(rows) if self.plain else self.source.batch(rows, seed=self.seed, epoch=epoch)
            batch = batch if self.device == "cpu" else batch.to(self.device)
            answers = {"weight": batch.weight} if batch.target is None else {"target": batch.target}
            yield dict(batch.inputs), {**answers, "weight": batch.weight}


def _batch(inputs: Mapping[str, Tensor], answers: Mapping[str, Tensor]) -> Batch:
    weight = answers["weight"]
    names = tuple(map(str, range(len(weight))))
    return Batch(inputs=inputs, target=answers.get("target"), weight=weight, ids=names)


def _steered(optimizer: Optimizer, pipeline: Pipeline, *, total: int, steps: int) -> None:
    """Before each update: the gradient clipped, the rate of the step set, no update where the gradient is no number."""
    recipe, done = pipeline.recipe, 0

    def steer(own: Optimizer, _arguments: Any, _keywords: Any) -> None:
        nonlocal done
        for group in own.param_groups:
            factor = rate(recipe.schedule, step=min(done, total - 1), total=total, steps_per_epoch=steps)
            group["lr"] = recipe.optimizer.learning_rate * factor
        done += 1
        parameters = [parameter for group in own.param_groups for parameter in group["params"]]
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        norm, most = gradient_norm(gradients), recipe.train.clip_norm
        if not math.isfinite(norm):
            for parameter in parameters:
                parameter.grad = None
        elif most is not None and norm > most:
            with torch.no_grad():
                for gradient in gradients:
                    gradient.mul_(most / norm)

    optimizer.register_step_pre_hook(steer)
