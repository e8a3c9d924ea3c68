"""The weights as the best of many evaluations: what that choice adds to their score on the rows that chose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special

from kilter.metrics.optimism import flattery_of_best
from kilter.training.stopping import best_step, sign_of
from kilter.values.evaluation import Chosen

if TYPE_CHECKING:
    from kilter.values.evaluation import Evaluation
    from kilter.values.history import History
    from kilter.values.predictions import Predictions
    from kilter.values.recipe import Stop

BY: Final = "valid"
LOSS: Final = "loss"
FEWEST: Final = 2  # evaluations; of one nothing is chosen


def chosen_from(history: History, stop: Stop, evaluation: Evaluation, predictions: Predictions) -> Chosen | None:
    """What choosing the best of a training's evaluations added to what chose.

    Args:
        history: the curves of the training.
        stop: by which metric weights are kept.
        evaluation: of the weights that were kept, on the validation rows.
        predictions: on these rows.

    Returns:
        None where there was nothing to choose from, or nobody knows how much the metric errs on so many rows.
    """
    step = best_step(history, stop)
    error = _error(stop.metric.removeprefix(f"{BY}."), evaluation, predictions)
    if step is None or error is None:
        return None
    curve, sign = history[stop.metric], sign_of(stop.metric, stop.mode)
    known = np.isfinite(curve.values)
    if known.sum() < FEWEST:
        return None
    flattered = flattery_of_best(-sign * curve.values[known], error)
    return Chosen(
        metric=stop.metric,
        value=float(curve.values[curve.steps == step][0]),
        evaluations=int(known.sum()),
        close=flattered.close,
        optimism=flattered.optimism,
    )


def _error(name: str, evaluation: Evaluation, predictions: Predictions) -> float | None:
    """The standard error of a score on these rows, or of their mean loss; None where it is not known."""
    if name == LOSS:
        cost = predictions.cost
        if len(cost) < FEWEST or not np.isfinite(cost).all():
            return None
        return float(np.std(cost, ddof=1) / np.sqrt(len(cost)))
    score = next((score for score in evaluation.scores if score.name == name), None)
    if score is None or score.low is None or score.high is None:
        return None
    return (score.high - score.low) / (2 * float(special.ndtri((1 + score.confidence) / 2)))
