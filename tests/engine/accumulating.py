"""Rows of every kind of task cut into windows at random, and the gradient of a step over them, in double precision."""

import copy
import random
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch

from kilter.engine.seeding import fresh_model
from kilter.engine.stepping import StepResult, step
from kilter.testing.healthy import pipelines, sequence_pipelines, target_pipelines
from kilter.values.batch import Batch
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import LossChoice

ROWS = 8
MAKERS = {
    "classes": pipelines.over_numbers,
    "weighed and smoothed classes": lambda: target_pipelines.of_classes(
        LossChoice(class_weights=target_pipelines.WEIGHTS, smoothing=0.1),
        weights=tuple(target_pipelines.WEIGHTS.values()),
    ),
    "focal": lambda: target_pipelines.of_classes(LossChoice(name="focal")),
    "shares": lambda: target_pipelines.of_shares(LossChoice()),
    "texts": pipelines.over_tokens,
    "texts by attention": partial(pipelines.over_tokens, partial(pipelines.Attention, pipelines.VOCABULARY, 3)),
    "frozen": lambda: pipelines.over_numbers(partial(pipelines.Transfer, 6, 3)),
    "amounts": lambda: target_pipelines.of_amounts_by(LossChoice()),
    "amounts by huber": lambda: target_pipelines.of_amounts_by(LossChoice(name="huber", delta=0.5)),
    "several amounts with gaps": target_pipelines.of_several_amounts,
    "labels with gaps": partial(sequence_pipelines.of_labels, unknown=0.3),
    "tags": sequence_pipelines.of_tokens,
    "next words": sequence_pipelines.of_next,
    "written texts": sequence_pipelines.of_text,
    "several tasks with gaps": sequence_pipelines.of_several,
    "tasks of rows apart": lambda: target_pipelines.of_several_tasks(apart=True),
}


class Outcome(NamedTuple):
    """What a step said, its gradients by name and its weights afterwards."""

    said: StepResult
    gradients: dict[str, torch.Tensor | None]
    weights: dict[str, torch.Tensor]


def make(kind: str) -> tuple[Pipeline, torch.nn.Module]:
    """A pipeline and its model, which draws nothing: in evaluation mode, so that rows do not meet in it either."""
    pipeline = MAKERS[kind]()
    return pipeline, fresh_model(pipeline, 3).double().eval()


def batch_of(pipeline: Pipeline, rows: list[int], weights: list[float]) -> Batch:
    """These rows, padded to their longest, with other weights."""
    batch = pipeline.splits["train"].plain(rows)
    inputs = {name: each.double() if each.is_floating_point() else each for name, each in batch.inputs.items()}
    weight = torch.tensor([weights[row % ROWS] for row in rows], dtype=torch.float64)
    target = batch.target.double() if batch.target.is_floating_point() else batch.target
    return replace(batch, inputs=inputs, target=target, weight=weight)


def stepped(pipeline: Pipeline, model: torch.nn.Module, window: list[Batch], **options: Any) -> Outcome:
    """A step of a copy of the model."""
    model = copy.deepcopy(model)
    optimizer = torch.optim.SGD([parameter for parameter in model.parameters() if parameter.requires_grad], lr=0.1)
    said = step(pipeline, model, optimizer, window, learning_rate=0.1, clip_norm=None, **options)
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    return Outcome(said, gradients, dict(model.state_dict()))


def agree(one: Outcome, other: Outcome) -> None:
    """Both steps were the same, but for the last digits."""
    assert one.said.empty == other.said.empty
    torch.testing.assert_close(one.weights, other.weights)
    if one.said.empty:
        return
    np.testing.assert_allclose(one.said[:2], other.said[:2], rtol=1e-7)
    for name, gradient in one.gradients.items():
        wanted = other.gradients[name]
        if gradient is None or wanted is None:  # a part that only rows without weight have met
            assert not any(each is not None and each.any() for each in (gradient, wanted)), name
        else:
            torch.testing.assert_close(gradient, wanted, rtol=1e-7, atol=1e-9, msg=lambda said, n=name: f"{n}: {said}")


def cut(rows: list[int], parts: int, draw: random.Random) -> list[list[int]]:
    """The rows in so many parts, as they come; parts may be empty."""
    ends = sorted(draw.randint(0, len(rows)) for _ in range(parts - 1))
    return [rows[start:end] for start, end in zip([0, *ends], [*ends, len(rows)], strict=True)]
