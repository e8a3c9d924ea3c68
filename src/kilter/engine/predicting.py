"""What a model says of every row of a split, in evaluation mode, leaving it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from kilter.engine.forwarding import forward

if TYPE_CHECKING:
    from torch import nn

    from kilter.values.batch import Batch
    from kilter.values.pipeline import Pipeline
    from kilter.values.predictions import Predictions
    from kilter.values.source import Source


class Prediction(NamedTuple):
    """Predictions of a split, and the loss over it: sum over weight, as in training."""

    predictions: Predictions
    loss: float


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """The model in evaluation mode and without gradients; afterwards each module is in its own mode again."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


def predict(pipeline: Pipeline, model: nn.Module, source: Source, *, device: str = "cpu") -> Prediction:
    """The model's answers for every row of a source, in the source's order."""
    answers: list[object] = [None] * len(source)
    weights = np.ones(len(source))
    loss_sum = weight_sum = 0.0
    with evaluating(model):
        for rows in source.sweep():
            batch = source.plain(rows).to(device) if device != "cpu" else source.plain(rows)
            outputs = forward(pipeline, model, batch)
            if batch.target is not None:
                total, weight, _ = pipeline.task.loss(outputs, batch)
                loss_sum += total.item()
                weight_sum += weight.item()
            weights[list(rows)] = batch.weight.cpu().numpy()
            for row, answer in zip(rows, pipeline.task.decode(outputs, batch), strict=True):
                answers[row] = answer
    predictions = pipeline.task.tabulate(source.ids, source.targets, answers, weights)
    return Prediction(predictions, loss_sum / weight_sum if weight_sum else float("nan"))


def answers_of(pipeline: Pipeline, model: nn.Module, batch: Batch) -> list[object]:
    """One answer an example of a batch, in evaluation mode."""
    with evaluating(model):
        return list(pipeline.task.decode(forward(pipeline, model, batch), batch))
