"""The outcome of a training on one split: what results are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from kilter.values.comparison import Comparison
from kilter.values.evaluation import Evaluation
from kilter.values.expectation import Judgement
from kilter.values.history import History
from kilter.values.predictions import Predictions


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A model's predictions and evaluation, and the simple models that it must beat on the same examples.

    Attributes:
        predictions: of the model.
        evaluation: of the model.
        baselines: of simple models, the simplest first.
        comparisons: left is the model, right a baseline.
        train: of the model on its training rows, where they were evaluated.
        consulted: how often these examples were looked at to judge, by all runs; None where nobody counted.
        history: the curves of its training, where they are at hand.
        judgements: of what was expected before the training.
        fresh: of the model on the examples whose inputs do not stand in training, where some others do.
    """

    predictions: Predictions
    evaluation: Evaluation
    baselines: tuple[Evaluation, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    train: Evaluation | None = None
    fresh: Evaluation | None = None
    history: History | None = None
    consulted: int | None = None
    judgements: tuple[Judgement, ...] = ()
