"""From predictions to an evaluation: scores with their intervals, and the most costly mistakes."""

from __future__ import annotations

from dataclasses import replace

from kilter.evaluation.calibrating import calibrate
from kilter.evaluation.mistakes import find_mistakes
from kilter.evaluation.thresholds import PRECISION, Costs, choose_thresholds
from kilter.evaluation.tradeoffs import trade_off
from kilter.values.errors import UsageError
from kilter.values.evaluation import Evaluation
from kilter.values.predictions import Predictions
from kilter.values.source import Source
from kilter.values.task import Task


def evaluate(
    predictions: Predictions,
    task: Task,
    *,
    model: str,
    split: str,
    source: Source | None = None,
    mistakes: int = 20,
    mistakes_each_pair: int = 3,
) -> Evaluation:
    """What a model's predictions on a split are worth.

    Args:
        predictions: one row an example.
        task: what was learnt; it knows the scores.
        model: whose predictions these are.
        split: on which split they were made.
        source: the split itself, from which the inputs of mistakes are read; without it they stay empty.
        mistakes: how many of the most costly mistakes are kept.
        mistakes_each_pair: where classes are decided, how many are kept of each confused pair.

    Raises:
        UsageError: there is nothing to evaluate, or the source does not hold the examples.
    """
    if not len(predictions):
        raise UsageError(
            f"no predictions of {model!r} on the split {split!r}",
            legal="an evaluation needs one example or more",
            remedy="evaluate a split that has rows",
        )
    return Evaluation(
        model=model,
        split=split,
        measures=task.measure(predictions),
        mistakes=find_mistakes(predictions, task, source=source, most=mistakes, each_pair=mistakes_each_pair),
    )


def with_probabilities(
    evaluation: Evaluation,
    predictions: Predictions,
    task: Task,
    *,
    validation: Predictions | None = None,
    precision: float = PRECISION,
    costs: Costs | None = None,
) -> Evaluation:
    """The evaluation with the calibration and curves of its probabilities, and thresholds where there is another split.

    Args:
        evaluation: of these predictions.
        predictions: those that are judged.
        task: what was learnt; it knows the labels.
        validation: the same model's predictions on the validation split, on which a temperature and thresholds are
            chosen; None where that is the split that is judged, or there is none.
        precision: that the threshold with the largest recall is to have.
        costs: what a decision between two classes costs, by the true one and the decided one.

    Raises:
        UsageError: costs of other classes, or a precision that is no share.
    """
    thresholds = (
        ()
        if validation is None
        else choose_thresholds(validation, predictions, task.labels, precision=precision, costs=costs)
    )
    return replace(
        evaluation,
        calibration=calibrate(predictions, validation=validation),
        thresholds=thresholds,
        tradeoffs=trade_off(predictions, task.labels, thresholds=thresholds),
    )
